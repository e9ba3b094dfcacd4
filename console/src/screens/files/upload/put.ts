import type { SignedUpload } from '../../../api/files';
import { Problem } from '../../../api/problem';

/** The file is not what it was when it was chosen, or cannot be read any more. */
export class FileChanged extends Error {}

/** Sends bytes with a signed request. `fetch` tells no progress of what is sent. Throws a `Problem` for anything but success. */
export function put(piece: Blob, to: SignedUpload, onSent: (bytes: number) => void, signal: AbortSignal): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    const end = (act: () => void) => {
      signal.removeEventListener('abort', abort);
      act();
    };
    request.open(to.method, to.url);
    for (const [name, value] of Object.entries(to.headers)) {
      // The browser sets the length itself, to that of the piece.
      if (name.toLowerCase() !== 'content-length') request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => onSent(event.loaded);
    request.onload = () => end(() => (request.status >= 200 && request.status < 300 ? resolve() : reject(problemOf(request))));
    request.onerror = () => end(() => reject(new Problem({ status: 0, detail: '' })));
    request.onabort = () => end(() => reject(new DOMException('aborted', 'AbortError')));
    signal.throwIfAborted();
    signal.addEventListener('abort', abort);
    request.send(piece);
  }).catch(async (error: unknown) => {
    // A browser reports a file that has changed as a connection that failed.
    if (error instanceof Problem && error.status === 0) await requireReadable(piece);
    throw error;
  });
}

async function requireReadable(piece: Blob): Promise<void> {
  try {
    await piece.slice(0, 1).arrayBuffer();
  } catch {
    throw new FileChanged();
  }
}

/** What S3 says in its XML: the code as the title. */
function problemOf(request: XMLHttpRequest): Problem {
  const told = new DOMParser().parseFromString(request.responseText, 'text/xml');
  const textOf = (name: string) => told.querySelector(name)?.textContent ?? '';
  return new Problem({ status: request.status, title: textOf('Code') || request.statusText, detail: textOf('Message') });
}
