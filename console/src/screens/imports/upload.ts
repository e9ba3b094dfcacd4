import { api, body } from '../../api/client';
import { Problem } from '../../api/problem';
import type { Import, NewImport } from '../../api/types';

export type Options = Omit<NewImport, 'content_length' | 'filename'>;

/** A file on its way. */
export interface Upload {
  number: number;
  name: string;
  size: number;
  sent: number;
  /** Bytes a second, over the whole upload. */
  speed: number;
  state: 'starting' | 'sending' | 'sent' | 'failed' | 'cancelled';
  importId: string | null;
  error: unknown;
}

let uploads: readonly Upload[] = [];
const running = new Map<number, XMLHttpRequest>();
const listeners = new Set<() => void>();
let next = 1;

export const currentUploads = (): readonly Upload[] => uploads;

export function subscribeToUploads(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function change(number: number, fields: Partial<Upload>): void {
  uploads = uploads.map((upload) => (upload.number === number ? { ...upload, ...fields } : upload));
  for (const listener of listeners) listener();
}

/** Starts an import of a file and sends the file. It goes on while other screens are shown. */
export async function upload(file: File, options: Options): Promise<string | null> {
  const number = next++;
  uploads = [{ number, name: file.name, size: file.size, sent: 0, speed: 0, state: 'starting', importId: null, error: null }, ...uploads];
  change(number, {});
  try {
    const started = await body(
      api.POST('/v1/imports', {
        params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
        body: { ...options, content_length: file.size, filename: file.name },
      }),
    );
    if (uploads.find((one) => one.number === number)?.state === 'cancelled') {
      await cancelImport(started.id);
      return null;
    }
    change(number, { state: 'sending', importId: started.id });
    await send(number, file, started.upload);
    change(number, { state: 'sent', sent: file.size });
    return started.id;
  } catch (error) {
    if (uploads.find((one) => one.number === number)?.state !== 'cancelled') change(number, { state: 'failed', error });
    return null;
  } finally {
    running.delete(number);
  }
}

/** Sends the body as the presigned request asks. `fetch` tells no progress of what is sent. */
function send(number: number, file: File, to: { method: string; url: string; headers: Record<string, string> }): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    running.set(number, request);
    const began = performance.now();
    request.open(to.method, to.url);
    for (const [name, value] of Object.entries(to.headers)) {
      // The browser sets the length itself, to the size of the file.
      if (name.toLowerCase() !== 'content-length') request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => {
      const seconds = (performance.now() - began) / 1000;
      change(number, { sent: event.loaded, speed: seconds > 0 ? event.loaded / seconds : 0 });
    };
    request.onload = () =>
      request.status < 300
        ? resolve()
        : reject(new Problem({ status: request.status, title: request.statusText, detail: storageError(request) }));
    request.onerror = () => reject(new Problem({ status: 0, detail: '' }));
    request.onabort = () => reject(new DOMException('cancelled', 'AbortError'));
    request.send(file);
  });
}

/** What S3 says in its XML. */
function storageError(request: XMLHttpRequest): string {
  const message = new DOMParser().parseFromString(request.responseText, 'text/xml').querySelector('Message');
  return message?.textContent ?? '';
}

export async function cancelUpload(number: number): Promise<void> {
  const importId = uploads.find((one) => one.number === number)?.importId ?? null;
  change(number, { state: 'cancelled' });
  running.get(number)?.abort();
  if (importId !== null) await cancelImport(importId);
}

export function forgetUpload(number: number): void {
  uploads = uploads.filter((upload) => upload.number !== number);
  for (const listener of listeners) listener();
}

export async function cancelImport(id: string): Promise<Import> {
  return body(api.POST('/v1/imports/{id}/cancel', { params: { path: { id }, header: { 'Idempotency-Key': crypto.randomUUID() } } }));
}
