import { api, body } from './client';
import type { components } from './schema';

type Schemas = components['schemas'];

/** What the API says of a file. */
export type StoredFile = Schemas['File'];
/** A signed request that sends bytes to the bucket. */
export type SignedUpload = Schemas['Upload'];
export type FilePart = Schemas['FilePart'];
/** What the API says of a collection of files. */
export type Collection = Schemas['Collection'];
export type NewFile = Schemas['NewFile'];
export interface StartedFile {
  file: StoredFile;
  /** How to send the file as a whole; `null` if it is sent in parts. */
  upload: SignedUpload | null;
}
interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

export async function listFiles(query: { limit?: number; cursor?: string }, signal?: AbortSignal): Promise<Page<StoredFile>> {
  const { items, next_cursor = null } = await body(api.GET('/v1/files', { params: { query }, ...(signal ? { signal } : {}) }));
  return { items, next_cursor };
}

/** Reads a file, with a URL of it that works for some minutes. */
export async function readFile(id: string, signal?: AbortSignal): Promise<StoredFile> {
  return body(api.GET('/v1/files/{id}', { params: { path: { id } }, ...(signal ? { signal } : {}) }));
}

export async function readCollection(id: string, signal?: AbortSignal): Promise<Collection> {
  return body(api.GET('/v1/collections/{id}', { params: { path: { id } }, ...(signal ? { signal } : {}) }));
}

/** Announces a file. The same key and file give the same answer. */
export async function startFile(file: NewFile, key: string, signal: AbortSignal): Promise<StartedFile> {
  const { upload, ...started } = await body(api.POST('/v1/files', { params: { header: { 'Idempotency-Key': key } }, body: file, signal }));
  return { file: started, upload: upload ?? null };
}

export function listParts(id: string, query: { limit: number; cursor?: string }, signal: AbortSignal): Promise<Page<FilePart>> {
  return body(api.GET('/v1/files/{id}/parts', { params: { path: { id }, query }, signal }));
}

export async function completeFile(id: string, signal: AbortSignal): Promise<StoredFile> {
  const params = { path: { id }, header: { 'Idempotency-Key': crypto.randomUUID() } };
  return body(api.POST('/v1/files/{id}/completion', { params, signal }));
}

export async function deleteFile(id: string): Promise<void> {
  await body(api.DELETE('/v1/files/{id}', { params: { path: { id } } }));
}
