import { type NewFile, type StartedFile, startFile } from '../../../api/files';

/** Files up to this size are sent as a whole: what a break loses is little, and their checksum is computed before. */
const WHOLE_BYTES = 8 * 1024 * 1024;
const MOST_NAME_BYTES = 255;
const TYPE = /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/i;

/**
 * Announces a file to the API. The SHA-256 of a small file is computed first, which needs all of it in memory; the bucket makes the
 * checksum of one in parts.
 */
export async function announce(file: File, key: string, signal: AbortSignal): Promise<StartedFile> {
  const type = mediaTypeOf(file.type);
  const sum = file.size <= WHOLE_BYTES ? await sha256(file) : null;
  const request = {
    name: fittedName(file.name),
    size: file.size,
    ...(type === null ? {} : { content_type: type }),
    ...(file.size > WHOLE_BYTES ? { in_parts: true } : {}),
    ...(sum === null ? {} : { sha256: sum }),
  };
  return startFile(request as NewFile, key, signal);
}

/** `text/html; charset=utf-8` -> `text/html`; `null` if the browser knows none. */
export function mediaTypeOf(told: string): string | null {
  const type = (told.split(';')[0] ?? '').trim().toLowerCase();
  return TYPE.test(type) ? type : null;
}

/** Shortens a name to the bytes that the API takes, and keeps what stands behind its last dot. */
export function fittedName(name: string): string {
  const bytesOf = (text: string) => new TextEncoder().encode(text).length;
  if (bytesOf(name) <= MOST_NAME_BYTES) return name;
  const dot = name.lastIndexOf('.');
  const ending = dot > 0 && bytesOf(name.slice(dot)) <= 20 ? name.slice(dot) : '';
  // By characters, so that none is cut in two.
  const letters = [...name.slice(0, name.length - ending.length)];
  while (bytesOf(letters.join('')) + bytesOf(ending) > MOST_NAME_BYTES) letters.pop();
  return letters.join('') + ending;
}

/** As 64 hexadecimal digits; `null` where the browser computes none: on pages without TLS. */
async function sha256(file: File): Promise<string | null> {
  if (crypto.subtle === undefined) return null;
  const sum = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  return [...new Uint8Array(sum)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
