import type { LoggedRequest } from './log';

/** Writes a request as a curl command for a POSIX shell, with the key in `$WAYPOST_KEY`. */
export function curlOf(request: Pick<LoggedRequest, 'method' | 'url' | 'contentType' | 'ifMatch' | 'accept' | 'body'>): string {
  const parts = ['curl'];
  if (request.method !== 'GET') parts.push(`-X ${request.method}`);
  parts.push(quoted(request.url));
  const lines = [parts.join(' '), '-H "Authorization: Bearer $WAYPOST_KEY"'];
  if (request.accept !== null && request.accept !== '*/*') lines.push(`-H ${quoted(`Accept: ${request.accept}`)}`);
  if (request.contentType !== null && request.body) lines.push(`-H ${quoted(`Content-Type: ${request.contentType}`)}`);
  if (request.ifMatch !== null) lines.push(`-H ${quoted(`If-Match: ${request.ifMatch}`)}`);
  if (request.body) lines.push(`-d ${quoted(request.body)}`);
  return lines.join(' \\\n  ');
}

/** Quotes a text so that a shell takes every character of it as it is. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
