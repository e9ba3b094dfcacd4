/** A request that the console has made, as the drawer "how do I do this by API?" shows it. */
export interface LoggedRequest {
  number: number;
  method: string;
  /** With the origin. */
  url: string;
  contentType: string | null;
  ifMatch: string | null;
  accept: string | null;
  body: string | null;
  status: number | null;
  requestId: string | null;
  /** How long the answer took. */
  milliseconds: number | null;
}

const KEPT = 30;
const SECRETS = new Set(['password', 'key', 'code', 'token', 'secret']);

let requests: readonly LoggedRequest[] = [];
let next = 1;
const listeners = new Set<() => void>();

/** The latest requests, the newest first. */
export function loggedRequests(): readonly LoggedRequest[] {
  return requests;
}

export function subscribeToLog(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function logRequest(fields: Omit<LoggedRequest, 'number' | 'status' | 'requestId' | 'milliseconds'>): number {
  const number = next++;
  const body = fields.body === null ? null : withoutSecrets(fields.body);
  requests = [{ ...fields, body, number, status: null, requestId: null, milliseconds: null }, ...requests].slice(0, KEPT);
  notify();
  return number;
}

export function logAnswer(number: number, answer: Pick<LoggedRequest, 'status' | 'requestId' | 'milliseconds'>): void {
  requests = requests.map((request) => (request.number === number ? { ...request, ...answer } : request));
  notify();
}

/** Replaces the values of fields that hold secrets, at any depth. A body that is not JSON is left out. */
export function withoutSecrets(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body, (name, value) => (SECRETS.has(name) && typeof value === 'string' ? '…' : value)));
  } catch {
    return '';
  }
}

function notify(): void {
  for (const listener of listeners) listener();
}
