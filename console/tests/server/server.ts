/**
 * A server for tests of the console alone: it serves the built site as a stack does, and plays the API in memory. Every request and
 * every answer is checked against the OpenAPI document; `state.broken` lists what does not fit.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { idOf, REPORT } from './data.ts';
import { answerFaults, operationOf, requestFaults } from './document.ts';
import { FILE_ROUTES, fileBucket } from './files.ts';
import { OPERATOR_ROUTES } from './operator.ts';
import { AUDIENCE, CLIENT_ID } from './provider.ts';
import { type Answered, loaded, problem, ROUTES } from './routes.ts';
import { type State, sessionOf } from './state.ts';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};
/** That of the function that serves the console. Pictures of codes with a logo are made in the page. */
const policy = (origins: string[]) =>
  `default-src 'self'; base-uri 'none'; connect-src ${["'self'", ...origins].join(' ')}; form-action 'self'; frame-ancestors 'none'; img-src 'self' blob: data:; media-src 'self'; object-src 'none'`;
const RANKS = { viewer: 0, editor: 1, admin: 2 };
const KEYS: Record<string, keyof typeof RANKS> = { wp_admin: 'admin', wp_editor: 'editor', wp_viewer: 'viewer' };

export interface Running {
  url: string;
  state: State;
  close: () => Promise<void>;
}

export async function start(state: State, port = 0): Promise<Running> {
  const server: Server = createServer((request, response) => {
    handle(state, request, response).catch((error: unknown) => {
      // A page that goes away, or gives up an upload, is no fault.
      if (request.destroyed && !request.complete) return;
      state.broken.push(`the server failed: ${String(error)}`);
      response.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  return {
    url: `http://127.0.0.1:${address.port}`,
    state,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const origin = `http://${request.headers.host}`;
  const url = new URL(request.url ?? '/', origin);
  if (url.pathname === '/console/config.json') return config(state, response);
  if (url.pathname.startsWith('/console')) return site(state, url.pathname, response);
  const other = state.pages.get(url.pathname);
  if (other) {
    response.writeHead(200, { 'content-type': other.type }).end(other.content);
    return;
  }
  if (state.away) {
    request.socket.destroy();
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const raw = Buffer.concat(chunks);
  const file = /^\/bucket\/files\/(.+)$/.exec(url.pathname)?.[1];
  if (file !== undefined) return fileBucket(state, request, file, raw, response);
  if (url.pathname.startsWith('/bucket/')) return bucket(state, request, url, raw, response);
  if (state.delay > 0) await new Promise((resolve) => setTimeout(resolve, state.delay));

  const method = request.method ?? 'GET';
  const body = raw.length === 0 ? undefined : JSON.parse(raw.toString('utf8'));
  state.requests.push({ method, path: url.pathname, query: url.searchParams, body, headers: request.headers });
  const asked = state.checks ? requestFaults(method, url, body) : null;
  const answered = answer(state, method, url, body, request, origin);
  const told = !state.checks ? null : answerFaults(method, url.pathname, answered.status, answered.body);
  state.broken.push(...[asked, told].filter((fault) => fault !== null));
  const content = answered.text ?? (answered.body === undefined ? '' : JSON.stringify(answered.body));
  response.writeHead(answered.status, {
    ...(content === '' ? {} : { 'content-type': answered.type ?? 'application/json' }),
    'x-request-id': `req-${state.requests.length}`,
    ...answered.headers,
  });
  response.end(content);
}

function answer(state: State, method: string, url: URL, body: unknown, request: IncomingMessage, origin: string): Answered {
  if (url.pathname === '/v1/sessions' && method === 'POST') return signIn(state, body as Record<string, string>);
  const secret = /(?:^|; )waypost_session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
  const session = state.sessions.find((one) => one.secret === secret);
  if (session === undefined && url.pathname !== '/healthz') return problem(401, 'a key, a token or a session is needed');
  const site = request.headers['sec-fetch-site'];
  if (method !== 'GET' && site !== 'same-origin') return problem(403, 'the request comes from another site');
  const fault = state.faults.get(`${method} ${operationOf(method, url.pathname)?.template ?? url.pathname}`);
  if (fault && fault.times > 0) {
    fault.times--;
    return problem(fault.status, fault.detail);
  }
  for (const [wanted, path, least, route] of [...ROUTES, ...OPERATOR_ROUTES, ...FILE_ROUTES]) {
    const match = wanted === method ? path.exec(url.pathname) : null;
    if (match === null) continue;
    const role = session?.role ?? 'viewer';
    if (RANKS[role] < RANKS[least]) return problem(403, `this needs the role ${least}`);
    const names = match.slice(1).map((name) => decodeURIComponent(name));
    const asked = {
      state,
      role,
      session: session?.id ?? '',
      method,
      query: url.searchParams,
      body: body as never,
      headers: request.headers,
      origin,
    };
    return route(asked, ...names);
  }
  return problem(404, 'there is nothing here');
}

function signIn(state: State, proof: Record<string, string>): Answered {
  const role = proof.key
    ? KEYS[proof.key]
    : proof.token
      ? roleOf(state, proof.token)
      : proof.code && state.codes.delete(proof.code)
        ? 'admin'
        : undefined;
  if (role === undefined) return problem(401, 'the key or code is not valid');
  const number = state.sessions.length + 1;
  const session = { id: idOf('ses', number), secret: `secret-${number}-${role}`, role, created: Date.now() };
  state.sessions.push(session);
  return {
    status: 201,
    body: sessionOf(session, true),
    headers: { 'set-cookie': `waypost_session=${session.secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200` },
  };
}

/** The role that a token of the identity provider gives. */
function roleOf(state: State, token: string): keyof typeof RANKS | undefined {
  const claims = state.provider?.claimsOf(token);
  const isFor = claims?.iss === state.provider?.issuer && claims?.aud === AUDIENCE && typeof claims.workspace === 'string';
  return isFor && typeof claims.role === 'string' && claims.role in RANKS ? (claims.role as keyof typeof RANKS) : undefined;
}

function config(state: State, response: ServerResponse): void {
  const provider = state.provider && { issuer: state.provider.issuer, client_id: CLIENT_ID, scope: 'openid', audience: AUDIENCE };
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify({ identity_provider: provider }));
}

function site(state: State, path: string, response: ServerResponse): void {
  const file = join(DIST, path.replace(/^\/console\/?/, '') || 'index.html');
  const isFile = file.startsWith(DIST) && existsSync(file) && extname(file) !== '';
  const name = isFile ? file : join(DIST, 'index.html');
  response.writeHead(200, {
    'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
    'content-security-policy': policy(state.provider === null ? [] : [state.provider.issuer]),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': isFile && path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  response.end(readFileSync(name));
}

function bucket(state: State, request: IncomingMessage, url: URL, raw: Buffer, response: ServerResponse): void {
  if (request.method === 'PUT') {
    const id = url.pathname.slice('/bucket/'.length);
    if (state.uploads.get(id) !== raw.length) {
      response.writeHead(403, { 'content-type': 'application/xml' }).end('<Error><Message>SignatureDoesNotMatch</Message></Error>');
      return;
    }
    loaded(state, id, raw.toString('utf8').trim().split('\n').length - 1);
    response.writeHead(200).end();
    return;
  }
  const lines = REPORT.map((row) => JSON.stringify(row)).join('\n');
  response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end(`${lines}\n`);
}
