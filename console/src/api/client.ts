import createClient, { defaultPathSerializer, type Middleware } from 'openapi-fetch';
import { logAnswer, logRequest } from './log';
import { Problem, problemOf } from './problem';
import type { paths } from './schema';

const started = new WeakMap<Request, { number: number; at: number }>();
let onSignedOut: () => void = () => {};

/** Sets what happens when the API does not know the session (any more). */
export function whenSignedOut(action: () => void): void {
  onSignedOut = action;
}

const record: Middleware = {
  async onRequest({ request, schemaPath }) {
    // Bodies of sign-ins are secrets from end to end.
    if (schemaPath === '/v1/sessions' && request.method === 'POST') return;
    const body = request.body === null ? null : await request.clone().text();
    const { method, url, headers } = request;
    const number = logRequest({
      method,
      url,
      body,
      contentType: headers.get('content-type'),
      ifMatch: headers.get('if-match'),
      accept: headers.get('accept'),
    });
    started.set(request, { number, at: performance.now() });
  },
  onResponse({ request, response, schemaPath }) {
    const logged = started.get(request);
    if (logged !== undefined) {
      const milliseconds = Math.round(performance.now() - logged.at);
      logAnswer(logged.number, { status: response.status, requestId: response.headers.get('x-request-id'), milliseconds });
    }
    if (response.status === 401 && schemaPath !== '/v1/sessions') onSignedOut();
  },
};

export const api = createClient<paths>({
  baseUrl: globalThis.location?.origin ?? 'http://localhost',
  credentials: 'same-origin',
  // Read `fetch` at each call, so that a test can replace it.
  fetch: (request) => fetch(request),
  // Gateways decode a path once before they route it: a slash within a slug is encoded twice.
  pathSerializer: (path, parameters) =>
    defaultPathSerializer(
      path,
      Object.fromEntries(
        Object.entries(parameters).map(([name, value]) => [name, name === 'slug' ? String(value).replaceAll('/', '%2F') : value]),
      ),
    ),
});
api.use(record);

interface Outcome<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** An answer with the headers that matter to the console. */
export interface Answer<T> {
  data: T;
  etag: string | null;
  status: number;
}

/** Waits for an answer. Throws a `Problem` for anything but success. */
export async function answer<T>(request: Promise<Outcome<T>>): Promise<Answer<T>> {
  let outcome: Outcome<T>;
  try {
    outcome = await request;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem({ status: 0, detail: '' });
  }
  const { response } = outcome;
  if (!response.ok) throw problemOf(response, outcome.error);
  return { data: outcome.data as T, etag: response.headers.get('etag'), status: response.status };
}

/** Like `answer`, for callers that need the body only. */
export async function body<T>(request: Promise<Outcome<T>>): Promise<T> {
  return (await answer(request)).data;
}
