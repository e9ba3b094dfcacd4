/**
 * A sign-in with the identity provider leaves the console and comes back. What must outlive the way is kept in this window's session
 * storage, for some minutes; none of it is worth anything without the code that the provider gives.
 */

/** Where the provider sends the browser back to. It is registered there. */
export const RETURN_PATH = '/console/signed-in';
const HOME = '/console/';
const KEPT_AS = 'waypost.sign-in';
/** How long a person may take at the provider. */
const MOST_MILLISECONDS = 15 * 60_000;

/** Why a sign-in with the provider has failed. */
export type Reason = 'denied' | 'expired' | 'mismatch' | 'noAccess' | 'refused' | 'unreachable';

export class SignInFailure extends Error {
  readonly reason: Reason;

  /** `detail` are the provider's own words. */
  constructor(reason: Reason, detail = '') {
    super(detail);
    this.name = 'SignInFailure';
    this.reason = reason;
  }
}

export interface Attempt {
  state: string;
  nonce: string;
  verifier: string;
  /** When it began, in milliseconds. */
  began: number;
  /** The path and query where the person was. */
  back: string;
}

/** What the provider has sent the browser back with. */
export interface Returned {
  parameters: URLSearchParams;
  /** `null` if none began in this window, or too long ago. */
  attempt: Attempt | null;
}

type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem'>;

export function keepAttempt(storage: Storage, attempt: Attempt): void {
  storage.setItem(KEPT_AS, JSON.stringify(attempt));
}

/**
 * Takes the provider's answer from the address, and removes it from there and from the history before anything else happens. The
 * attempt is used up, whatever comes of it. `null` if the address has no such answer.
 */
export function takeReturn(
  from: Pick<Location, 'origin' | 'pathname' | 'search'>,
  history: Pick<History, 'replaceState'>,
  storage: Storage,
  now: number,
): Returned | null {
  if (from.pathname !== RETURN_PATH) return null;
  const parameters = new URLSearchParams(from.search);
  const attempt = takeAttempt(storage);
  history.replaceState(null, '', pathWithin(attempt?.back, from.origin));
  const isFresh = attempt !== null && now >= attempt.began && now - attempt.began < MOST_MILLISECONDS;
  return { parameters, attempt: isFresh ? attempt : null };
}

function takeAttempt(storage: Storage): Attempt | null {
  try {
    const text = storage.getItem(KEPT_AS);
    storage.removeItem(KEPT_AS);
    const found: unknown = JSON.parse(text ?? 'null');
    return isAttempt(found) ? found : null;
  } catch {
    // No storage, or nothing that this console has written.
    return null;
  }
}

function isAttempt(value: unknown): value is Attempt {
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  return (
    [fields.state, fields.nonce, fields.verifier, fields.back].every((text) => typeof text === 'string' && text !== '') &&
    typeof fields.began === 'number'
  );
}

/** The path and query of a page of the console; that of its home for anything else. */
function pathWithin(path: string | undefined, origin: string): string {
  try {
    const url = new URL(path ?? HOME, origin);
    const isPage = url.origin === origin && url.pathname.startsWith(HOME) && url.pathname !== RETURN_PATH;
    return isPage ? url.pathname + url.search : HOME;
  } catch {
    return HOME;
  }
}
