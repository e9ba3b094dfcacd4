import { completeFile, deleteFile, listParts, readFile, type StartedFile, type StoredFile } from '../../../api/files';
import { Problem } from '../../../api/problem';
import { announce } from './announce';
import { changeUpload, findUpload, type UploadState } from './list';
import { claim } from './locks';
import { sendParts } from './parts';
import { online, type Patience, persist, wait } from './persist';
import { FileChanged, put } from './put';
import { forget } from './remembered';
import { keep, progress, type Task } from './task';

/** Parts of which the API is asked at once: their signatures end while others are sent. */
const PARTS_LISTED = 20;
/** Sends what the bucket lacks of a file, and completes it. */
export async function send(number: number, task: Task, file: File, signal: AbortSignal): Promise<StoredFile> {
  let phase: UploadState = 'starting';
  const enter = (next: UploadState) => {
    phase = next;
    changeUpload(number, { state: phase });
  };
  const patience: Patience = {
    signal,
    isOnline: () => navigator.onLine,
    online,
    wait,
    tell: (how) => {
      // What ends after a pause says nothing of it.
      if (signal.aborted) return;
      if (how === 'offline') changeUpload(number, { state: 'offline', speed: 0, left: null });
      else if (how === 'trying') changeUpload(number, { state: phase, trying: true });
      else if (findUpload(number)?.trying || findUpload(number)?.state !== phase) changeUpload(number, { state: phase, trying: false });
    },
  };
  enter('starting');
  for (let isNew = false; ; isNew = true) {
    const { file: stored, upload } = await started(number, task, file, patience);
    enter('sending');
    if (stored.parts) {
      await keep(task, stored.id, task.kept);
      await inParts(number, task, file, stored.id, patience);
    } else if (upload === null || !(await asWhole(number, task, file, upload, patience))) {
      // The signature has ended, and there is one for each announcement.
      if (isNew) throw new Problem({ status: 403, detail: '' });
      await anew(number, task, stored.id);
      continue;
    }
    enter('finishing');
    return persist(() => completeFile(stored.id, signal), patience);
  }
}

/** Announces the file, unless that has been done; after a reload, reads what the stack knows of it. */
async function started(number: number, task: Task, file: File, patience: Patience): Promise<StartedFile> {
  const known = findUpload(number)?.id ?? null;
  if (task.started === null && known !== null) {
    task.started = { file: await persist(() => readFile(known, patience.signal), patience), upload: null };
  }
  // The announcement is not aborted: one that arrived unheard would count for ever.
  task.started ??= await persist(() => announce(file, task.key, new AbortController().signal), patience);
  const { id } = task.started.file;
  // Even if it was paused meanwhile: to cancel it, one must know what to delete.
  changeUpload(number, { id });
  if (task.cancelled) await remove(id);
  patience.signal.throwIfAborted();
  task.claim ??= claim(id);
  return task.started;
}

async function inParts(number: number, task: Task, file: File, id: string, patience: Patience): Promise<void> {
  await sendParts({
    signal: patience.signal,
    now: Date.now,
    list: (cursor, signal) =>
      persist(() => listParts(id, { limit: PARTS_LISTED, ...(cursor === null ? {} : { cursor }) }, signal), { ...patience, signal }),
    send: ({ offset, size }, to, onSent, signal) =>
      persist(() => put(file.slice(offset, offset + size), to, onSent, signal), { ...patience, signal }),
    tell: (kept, flying) => {
      progress(number, task, kept + flying, patience.signal);
      if (kept > task.kept) void keep(task, id, kept);
    },
  });
}

/** Sends a file with one request. Returns false if its signature has ended. */
async function asWhole(
  number: number,
  task: Task,
  file: File,
  to: NonNullable<StartedFile['upload']>,
  patience: Patience,
): Promise<boolean> {
  try {
    const { signal } = patience;
    await persist(() => put(file, to, (sent) => progress(number, task, sent, signal), signal), patience);
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // 412: an earlier try arrived, although its answer was lost.
    if (error.status === 412) return true;
    if (error.status === 403) return false;
    throw error;
  }
}

/** Forgets an announcement that leads nowhere, so that the next try makes another. */
async function anew(number: number, task: Task, id: string): Promise<void> {
  await forget(id);
  await remove(id);
  task.claim?.release();
  Object.assign(task, { started: null, claim: null, key: crypto.randomUUID(), kept: 0, began: Date.now() } satisfies Partial<Task>);
  changeUpload(number, { id: null, sent: 0 });
}

/** Why an upload has failed. One that the stack does not know any more begins anew with the next try. */
export async function lastWord(number: number, task: Task, error: unknown): Promise<unknown> {
  if (error instanceof DOMException && (error.name === 'NotReadableError' || error.name === 'NotFoundError')) return new FileChanged();
  const isOver = error instanceof Problem && (error.status === 404 || error.status === 409);
  const id = findUpload(number)?.id ?? null;
  if (!isOver || id === null) return error;
  const stored = await readFile(id).catch((failure: unknown) => failure);
  const isGone = stored instanceof Problem && stored.status === 404;
  // Never delete a file that was completed elsewhere.
  if (isGone || (!(stored instanceof Error) && (stored as StoredFile).status === 'uploading')) await anew(number, task, id);
  return error;
}

/** Deletes a file that nobody will complete. If that fails, the list of files still has it. */
export async function remove(id: string): Promise<void> {
  await deleteFile(id).catch(() => {});
}
