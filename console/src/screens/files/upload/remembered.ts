/**
 * Uploads that a reload of the page must not lose: which file of the stack belongs to which file of this machine. They are kept in this
 * browser until the upload ends, for a day at most, since the bucket keeps the parts no longer.
 */

/** How one knows a file again, without reading it. */
export type Fingerprint = Pick<File, 'name' | 'size' | 'lastModified'>;

export interface Remembered extends Fingerprint {
  /** The file's id in the stack. */
  id: string;
  /** Whose upload it is: nobody else sees it who signs in with this browser. */
  owner: string;
  /** When it began, in milliseconds. */
  began: number;
  /** How many bytes the bucket had when this was written. */
  kept: number;
  /** With it the browser can read the file again, after it has asked. Not all browsers give one. */
  handle?: FileSystemFileHandle;
}

const MOST_MILLISECONDS = 24 * 3_600_000;
const DATABASE = 'waypost';
const STORE = 'uploads';

export const isSame = (one: Fingerprint, other: Fingerprint): boolean =>
  one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;

/** The uploads of somebody that can go on, the oldest first. Forgets those that cannot. */
export async function remembered(owner: string, now: number): Promise<Remembered[]> {
  const all = await inStore<Remembered[]>('readonly', (store) => store.getAll()).catch(() => []);
  const [old, fresh] = [all.filter((one) => !isFresh(one, now)), all.filter((one) => isFresh(one, now))];
  await Promise.all(old.map(({ id }) => forget(id)));
  return fresh.filter((one) => one.owner === owner).sort((a, b) => a.began - b.began);
}

const isFresh = ({ began }: Remembered, now: number): boolean => now >= began && now - began < MOST_MILLISECONDS;

/** Remembers an upload. Where the browser keeps nothing, the upload works all the same; a reload ends it. */
export async function remember(upload: Remembered): Promise<void> {
  await inStore('readwrite', (store) => store.put(upload)).catch(() => {});
}

export async function forget(id: string): Promise<void> {
  await inStore('readwrite', (store) => store.delete(id)).catch(() => {});
}

async function inStore<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result as T);
      transaction.onabort = () => reject(transaction.error);
      transaction.onerror = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('another tab has an older database open'));
  });
}
