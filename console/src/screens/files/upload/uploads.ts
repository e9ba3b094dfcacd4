import { cache } from '../../../api/cache';
import { completeFile, deleteFile, listParts, readFile, type StartedFile, type StoredFile } from '../../../api/files';
import { Problem } from '../../../api/problem';
import { announce } from './announce';
import { addUpload, changeUpload, currentUploads, findUpload, removeUpload, type UploadState } from './list';
import { type Claim, claim, isClaimed, whenFree } from './locks';
import { Pace, secondsLeft } from './pace';
import { sendParts } from './parts';
import { online, type Patience, persist, wait } from './persist';
import { FileChanged, put } from './put';
import { type Fingerprint, forget, isSame, type Remembered, remember, remembered } from './remembered';

/** Files that are sent at the same time; the others wait. */
const FILES_AT_ONCE = 2;
/** Parts of which the API is asked at once: their signatures end while others are sent. */
const PARTS_LISTED = 20;
/** How often progress is told. */
const TOLD_MILLISECONDS = 200;

/** A file that somebody has chosen, with what reads it again after a reload if the browser gives that. */
export interface Chosen {
  file: File;
  handle?: FileSystemFileHandle | undefined;
}

interface Task {
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

const tasks = new Map<number, Task>();
let running = 0;
let whenDone: (file: StoredFile) => void = () => {};

/** Sets what happens when a file is uploaded. */
export function onceUploaded(action: (file: StoredFile) => void): void {
  whenDone = action;
}

function newTask(owner: string, fingerprint: Fingerprint, fields: Partial<Task>): Task {
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

/** Uploads files. One that an interrupted upload asks for goes on there. */
export function upload(owner: string, chosen: Iterable<Chosen>): void {
  for (const one of chosen) {
    const asking = currentUploads().find(
      ({ number, state, owner: whose }) => state === 'asks' && whose === owner && isFileOf(number, one.file),
    );
    if (asking !== undefined) {
      goOn(asking.number, one);
      continue;
    }
    const { name, size, lastModified } = one.file;
    const number = addUpload({ owner, name, size, state: 'waiting' });
    tasks.set(number, newTask(owner, { name, size, lastModified }, { file: one.file, handle: one.handle }));
  }
  startWaiting();
}

function isFileOf(number: number, file: File): boolean {
  const task = tasks.get(number);
  return task !== undefined && isSame(task.fingerprint, file);
}

/** Goes on with an interrupted upload. Returns false if this is not the file that it began with. */
export function goOn(number: number, chosen: Chosen): boolean {
  const task = tasks.get(number);
  if (task === undefined || !isSame(task.fingerprint, chosen.file)) return false;
  task.file = chosen.file;
  task.handle = chosen.handle ?? task.handle;
  start(number);
  return true;
}

/** Reads the file of an interrupted upload again; the browser asks the reader. Returns false if it cannot or may not. */
export async function allow(number: number): Promise<boolean> {
  const handle = tasks.get(number)?.handle as AskingHandle | undefined;
  if (handle === undefined) return false;
  try {
    const may = (await handle.requestPermission?.({ mode: 'read' })) ?? 'granted';
    return may === 'granted' && (await readAgain(number, handle));
  } catch {
    return false;
  }
}

/** Goes on with what a handle reads; the browser has allowed it. Returns false if the file is gone or another one by now. */
async function readAgain(number: number, handle: FileSystemFileHandle): Promise<boolean> {
  const file = await handle.getFile().catch(() => null);
  return file !== null && goOn(number, { file, handle });
}

/** What browsers add to the standard's handles. */
type AskingHandle = FileSystemFileHandle & {
  queryPermission?: (wanted: { mode: 'read' }) => Promise<PermissionState>;
  requestPermission?: (wanted: { mode: 'read' }) => Promise<PermissionState>;
};

/** Starts an upload, or goes on with one that was paused or has failed. */
export function start(number: number): void {
  changeUpload(number, { state: 'waiting', error: null, trying: false });
  startWaiting();
}

export function pause(number: number): void {
  changeUpload(number, { state: 'paused', speed: 0, left: null, trying: false });
  tasks.get(number)?.stop.abort();
}

/** Ends an upload and deletes what was sent of it. */
export async function cancel(number: number): Promise<void> {
  const task = tasks.get(number);
  const id = findUpload(number)?.id ?? null;
  drop(number);
  if (task === undefined) return;
  task.cancelled = true;
  task.stop.abort();
  if (id === null) return;
  await forget(id);
  await remove(id);
  cache.invalidateQueries({ queryKey: ['files'] });
}

/** Takes an upload off the list. */
export function drop(number: number): void {
  tasks.get(number)?.claim?.release();
  tasks.delete(number);
  removeUpload(number);
}

/** Shows uploads that a reload has interrupted. Those that another tab goes on with appear once it has stopped. */
export async function restore(owner: string): Promise<void> {
  for (const one of await remembered(owner, Date.now())) {
    if (isShown(one.id)) continue;
    if (await isClaimed(one.id)) {
      whenFree(one.id).then(() => restore(owner));
      continue;
    }
    const stored = await readFile(one.id).catch((error: unknown) => error);
    const isGone = stored instanceof Problem && stored.status === 404;
    if (isGone || (!(stored instanceof Error) && (stored as StoredFile).status !== 'uploading')) await forget(one.id);
    else if (!isShown(one.id)) await show(one, stored instanceof Error ? null : (stored as StoredFile));
  }
}

const isShown = (id: string): boolean => currentUploads().some((upload) => upload.id === id);

async function show(one: Remembered, stored: StoredFile | null): Promise<void> {
  const { id, owner, name, size, lastModified, began, kept } = one;
  const handle = one.handle as AskingHandle | undefined;
  const number = addUpload({ owner, id, name, size, sent: kept, state: 'asks', hasHandle: handle !== undefined });
  const started = stored === null ? null : { file: stored, upload: null };
  tasks.set(number, newTask(owner, { name, size, lastModified }, { began, handle, kept, started }));
  const mayRead = await handle?.queryPermission?.({ mode: 'read' }).catch(() => 'denied');
  if (handle !== undefined && mayRead === 'granted') await readAgain(number, handle);
}

function startWaiting(): void {
  for (const { number, state } of currentUploads()) {
    if (running >= FILES_AT_ONCE) return;
    if (state === 'waiting') void run(number);
  }
}

async function run(number: number): Promise<void> {
  const task = tasks.get(number);
  // One that was paused a moment ago starts again when the rest of it has ended.
  if (task === undefined || task.file === null || task.isRunning) return;
  task.isRunning = true;
  running++;
  task.stop = new AbortController();
  task.pace.clear();
  const { signal } = task.stop;
  try {
    const done = await send(number, task, task.file, signal);
    await forget(done.id);
    task.claim?.release();
    changeUpload(number, { state: 'done', sent: done.size, trying: false });
    cache.invalidateQueries({ queryKey: ['files'] });
    whenDone(done);
  } catch (error) {
    // Paused or cancelled by hand: the list says so already.
    if (!signal.aborted) changeUpload(number, { state: 'failed', speed: 0, left: null, error: await lastWord(number, task, error) });
  } finally {
    task.isRunning = false;
    running--;
    startWaiting();
  }
}

/** Sends what the bucket lacks of a file, and completes it. */
async function send(number: number, task: Task, file: File, signal: AbortSignal): Promise<StoredFile> {
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
  if (task.cancelled) await remove(id);
  patience.signal.throwIfAborted();
  task.claim ??= claim(id);
  changeUpload(number, { id });
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
async function lastWord(number: number, task: Task, error: unknown): Promise<unknown> {
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
async function remove(id: string): Promise<void> {
  await deleteFile(id).catch(() => {});
}

async function keep(task: Task, id: string, kept: number): Promise<void> {
  task.kept = kept;
  const { owner, began, fingerprint, handle } = task;
  await remember({ id, owner, began, kept, ...fingerprint, ...(handle === undefined ? {} : { handle }) });
}

function progress(number: number, task: Task, sent: number, signal: AbortSignal): void {
  const now = performance.now();
  if (signal.aborted) return;
  task.pace.note(now, sent);
  if (now - task.told < TOLD_MILLISECONDS) return;
  task.told = now;
  const { speed } = task.pace;
  changeUpload(number, { sent, speed, left: secondsLeft(task.fingerprint.size, sent, speed) });
}
