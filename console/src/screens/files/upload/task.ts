import type { StartedFile } from '../../../api/files';
import { changeUpload } from './list';
import type { Claim } from './locks';
import { Pace, secondsLeft } from './pace';
import { type Fingerprint, remember } from './remembered';

/** How often progress is told. */
const TOLD_MILLISECONDS = 200;

/** An upload as it is worked on. */
export interface Task {
  fingerprint: Fingerprint;
  owner: string;
  began: number;
  /** `null` after a reload, until somebody chooses it again. */
  file: File | null;
  handle: FileSystemFileHandle | undefined;
  /** Of the announcement, so that it counts once however often it is sent. */
  key: string;
  started: StartedFile | null;
  stop: AbortController;
  /** Whether it is being sent, or was until a moment ago. */
  isRunning: boolean;
  cancelled: boolean;
  pace: Pace;
  told: number;
  kept: number;
  claim: Claim | null;
}

export function newTask(owner: string, fingerprint: Fingerprint, fields: Partial<Task>): Task {
  return {
    fingerprint,
    owner,
    began: Date.now(),
    file: null,
    handle: undefined,
    key: crypto.randomUUID(),
    started: null,
    stop: new AbortController(),
    isRunning: false,
    cancelled: false,
    pace: new Pace(),
    told: 0,
    kept: 0,
    claim: null,
    ...fields,
  };
}

/** Remembers how far an upload is, for after a reload. */
export async function keep(task: Task, id: string, kept: number): Promise<void> {
  task.kept = kept;
  const { owner, began, fingerprint, handle } = task;
  await remember({ id, owner, began, kept, ...fingerprint, ...(handle === undefined ? {} : { handle }) });
}

/** Tells how many bytes were sent, not too often. */
export function progress(number: number, task: Task, sent: number, signal: AbortSignal): void {
  const now = performance.now();
  if (signal.aborted) return;
  task.pace.note(now, sent);
  if (now - task.told < TOLD_MILLISECONDS) return;
  task.told = now;
  const { speed } = task.pace;
  changeUpload(number, { sent, speed, left: secondsLeft(task.fingerprint.size, sent, speed) });
}
