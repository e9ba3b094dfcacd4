import { api, body } from './client';
import type { components } from './schema';

type Schemas = components['schemas'];

/** What the API says of a file. Stacks differ in how much they say: what is optional here may be absent. */
export type StoredFile = Omit<Schemas['File'], 'status'> & {
  status: 'uploading' | 'inspecting' | 'ready' | 'blocked';
  /** Why nobody gets the file. */
  blocked_reason?: string | null;
  expires_at?: string | null;
  /** Whether visitors get a page about the file before the file. */
  landing?: boolean;
  /** What the file is, whatever its owner called it. */
  detected?: { content_type: string; width?: number | null; height?: number | null } | null;
};
/** A signed request that sends bytes to the bucket. */
export type SignedUpload = Schemas['Upload'];
export type FilePart = Schemas['FilePart'];
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

/** The one place that knows of fields which the document of this stack may lack. */
const fileOf = (told: Schemas['File']): StoredFile => told as StoredFile;

export async function listFiles(query: { limit?: number; cursor?: string }, signal?: AbortSignal): Promise<Page<StoredFile>> {
  const { items, next_cursor = null } = await body(api.GET('/v1/files', { params: { query }, ...(signal ? { signal } : {}) }));
  return { items: items.map(fileOf), next_cursor };
}

/** Reads a file, with a URL of it that works for some minutes. */
export async function readFile(id: string, signal?: AbortSignal): Promise<StoredFile> {
  return fileOf(await body(api.GET('/v1/files/{id}', { params: { path: { id } }, ...(signal ? { signal } : {}) })));
}

/** Announces a file. The same key and file give the same answer. */
export async function startFile(file: NewFile, key: string, signal: AbortSignal): Promise<StartedFile> {
  const { upload, ...started } = await body(api.POST('/v1/files', { params: { header: { 'Idempotency-Key': key } }, body: file, signal }));
  return { file: fileOf(started), upload: upload ?? null };
}

export function listParts(id: string, query: { limit: number; cursor?: string }, signal: AbortSignal): Promise<Page<FilePart>> {
  return body(api.GET('/v1/files/{id}/parts', { params: { path: { id }, query }, signal }));
}

export async function completeFile(id: string, signal: AbortSignal): Promise<StoredFile> {
  const params = { path: { id }, header: { 'Idempotency-Key': crypto.randomUUID() } };
  return fileOf(await body(api.POST('/v1/files/{id}/completion', { params, signal })));
}

export async function deleteFile(id: string): Promise<void> {
  await body(api.DELETE('/v1/files/{id}', { params: { path: { id } } }));
}
