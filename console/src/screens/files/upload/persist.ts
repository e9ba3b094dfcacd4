import { Problem } from '../../../api/problem';

/** The most tries of one request that fails, as long as there is a connection. */
export const TRIES = 7;
const FIRST_WAIT_MILLISECONDS = 400;
const LONGEST_WAIT_MILLISECONDS = 20_000;

/** How an upload waits, and what it tells meanwhile. */
export interface Patience {
  signal: AbortSignal;
  isOnline: () => boolean;
  /** Resolves when there is a connection again; rejects when the signal aborts. */
  online: (signal: AbortSignal) => Promise<void>;
  wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** `fine` after a request that went well. */
  tell: (how: 'fine' | 'trying' | 'offline') => void;
}

/** Whether the same request may succeed later: an answer that says so, or none. S3 calls a connection that stalls 400 RequestTimeout. */
export function isTemporary(error: unknown): boolean {
  return error instanceof Problem && (error.isTemporary || error.status === 408 || error.title === 'RequestTimeout');
}

/** Milliseconds until the next try: growing, and by chance (0 to 1), so that many parts do not come back at the same moment. */
export function waitAfter(failures: number, error: unknown, chance: number): number {
  const asked = error instanceof Problem && error.retryAfter !== null ? error.retryAfter * 1000 : 0;
  const grown = Math.min(FIRST_WAIT_MILLISECONDS * 2 ** failures, LONGEST_WAIT_MILLISECONDS);
  return Math.max(Math.min(asked, LONGEST_WAIT_MILLISECONDS), grown * (0.5 + chance / 2));
}

/** Sends a request until it succeeds, within bounds. Without a connection it waits for one, and that counts as no try. */
export async function persist<T>(request: () => Promise<T>, patience: Patience): Promise<T> {
  const { signal, isOnline, online, wait, tell } = patience;
  for (let failures = 0; ; ) {
    signal.throwIfAborted();
    try {
      const answer = await request();
      tell('fine');
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      if (!isTemporary(error)) throw error;
      if (!isOnline()) {
        tell('offline');
        await online(signal);
        continue;
      }
      failures++;
      if (failures >= TRIES) throw error;
      tell('trying');
      await wait(waitAfter(failures - 1, error, Math.random()), signal);
    }
  }
}

/** Waits, unless the signal aborts. */
export function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return until(signal, (end) => {
    const timer = setTimeout(end, milliseconds);
    return () => clearTimeout(timer);
  });
}

/** Waits until the browser has a connection, unless the signal aborts. */
export function online(signal: AbortSignal): Promise<void> {
  return until(signal, (end) => {
    addEventListener('online', end);
    return () => removeEventListener('online', end);
  });
}

/** Waits until what `begin` starts calls its argument; `begin` returns how to take it back. */
function until(signal: AbortSignal, begin: (end: () => void) => () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = () => {
      takeBack();
      reject(signal.reason);
    };
    const takeBack = begin(() => {
      takeBack();
      signal.removeEventListener('abort', stop);
      resolve();
    });
    signal.addEventListener('abort', stop, { once: true });
  });
}
