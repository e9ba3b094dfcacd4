import { cache } from '../../../api/cache';
import { readFile, type StoredFile } from '../../../api/files';
import { Problem } from '../../../api/problem';
import { addUpload, changeUpload, currentUploads, findUpload, removeUpload } from './list';
import { isClaimed, whenFree } from './locks';
import { forget, isSame, type Remembered, remembered } from './remembered';
import { lastWord, remove, send } from './send';
import { newTask, type Task } from './task';

/** Files that are sent at the same time; the others wait. */
const FILES_AT_ONCE = 2;
/** A file that somebody has chosen, with what reads it again after a reload if the browser gives that. */
export interface Chosen {
  file: File;
  handle?: FileSystemFileHandle | undefined;
}

const tasks = new Map<number, Task>();
let running = 0;
let whenDone: (file: StoredFile) => void = () => {};

/** Sets what happens when a file is uploaded. */
export function onceUploaded(action: (file: StoredFile) => void): void {
  whenDone = action;
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
