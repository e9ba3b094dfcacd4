/** The uploads of this tab, as the screen shows them. They go on while other screens are shown. */

/**
 * `asks`: the page was loaded again, and the browser needs the file once more. `offline`: it waits for a connection. All others say
 * themselves what they are.
 */
export type UploadState = 'waiting' | 'starting' | 'sending' | 'offline' | 'paused' | 'finishing' | 'done' | 'failed' | 'asks';

export interface Upload {
  number: number;
  /** Whose it is: who signs in afterwards in the same tab does not see it. */
  owner: string;
  /** The file's id in the stack; `null` until it is announced. */
  id: string | null;
  name: string;
  size: number;
  sent: number;
  /** Bytes a second, of late. */
  speed: number;
  /** Seconds until all is sent; `null` if that is not known. */
  left: number | null;
  state: UploadState;
  /** Whether something failed and is tried again. */
  trying: boolean;
  /** Whether the browser can read the file again if one allows it. */
  hasHandle: boolean;
  error: unknown;
}

/** States in which bytes travel, or would. */
const ACTIVE: ReadonlySet<UploadState> = new Set(['waiting', 'starting', 'sending', 'offline', 'finishing']);
export const isActive = ({ state }: Upload): boolean => ACTIVE.has(state);

let uploads: readonly Upload[] = [];
const listeners = new Set<() => void>();
let next = 1;

export const currentUploads = (): readonly Upload[] => uploads;
export const findUpload = (number: number): Upload | undefined => uploads.find((one) => one.number === number);

export function subscribeToUploads(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function replace(all: readonly Upload[]): void {
  uploads = all;
  for (const listener of listeners) listener();
}

export function addUpload(fields: Pick<Upload, 'owner' | 'name' | 'size' | 'state'> & Partial<Upload>): number {
  const number = next++;
  const upload = { id: null, sent: 0, speed: 0, left: null, trying: false, hasHandle: false, error: null, ...fields, number };
  replace([...uploads, upload]);
  return number;
}

export function changeUpload(number: number, fields: Partial<Upload>): void {
  replace(uploads.map((upload) => (upload.number === number ? { ...upload, ...fields } : upload)));
}

export function removeUpload(number: number): void {
  replace(uploads.filter((upload) => upload.number !== number));
}

// Leaving stops what travels. What was sent in parts stays in the bucket, but somebody has to come back.
globalThis.addEventListener?.('beforeunload', (event) => {
  if (uploads.some(isActive)) event.preventDefault();
});
