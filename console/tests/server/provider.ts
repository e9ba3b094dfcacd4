/**
 * An OpenID Connect provider of the tests' own: discovery, a page that asks, tokens for codes with PKCE, and keys. It checks what a
 * provider checks, signs for real, and misbehaves where a test tells it to.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export const CLIENT_ID = 'waypost-console';
export const AUDIENCE = 'waypost';

type Algorithm = 'RS256' | 'ES256';

interface Granted {
  challenge: string;
  nonce: string;
  redirect: string;
}

export interface Person {
  subject: string;
  claims: Record<string, unknown>;
}

export interface Asked {
  method: string;
  path: string;
  parameters: URLSearchParams;
  status: number;
}

export interface IdentityProvider {
  issuer: string;
  /** Who signs in next. */
  person: Person;
  /** What the provider does wrong. */
  wrong: {
    state?: string;
    nonce?: string;
    issuer?: string;
    error?: { error: string; error_description: string };
    /** The path and status that it answers instead of working. */
    broken?: { path: string; status: number };
  };
  algorithm: Algorithm;
  asked: Asked[];
  /** What a token says, if this provider has signed it; `null` for any other. */
  claimsOf: (token: string) => Record<string, unknown> | null;
  close: () => Promise<void>;
}

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const escaped = (value: string) => value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

/** Starts a provider on this machine. Browsers may only be sent back to, and ask from, `consoleOrigin()`. */
export async function startProvider(consoleOrigin: () => string, port = 0): Promise<IdentityProvider> {
  const keys: Record<Algorithm, { private: KeyObject; public: KeyObject }> = {
    RS256: pair(generateKeyPairSync('rsa', { modulusLength: 2048 })),
    ES256: pair(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
  };
  // New in each run: a stack may still have the keys of an earlier one.
  const run = randomBytes(6).toString('hex');
  const codes = new Map<string, Granted>();

  const provider: IdentityProvider = {
    issuer: '',
    person: { subject: 'ada', claims: { workspace: 'acme', role: 'editor' } },
    wrong: {},
    algorithm: 'RS256',
    asked: [],
    claimsOf: (token) => claimsOf(token, keys, run),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };

  const signed = (type: string, claims: Record<string, unknown>): string => {
    const { algorithm } = provider;
    const text = `${base64url({ alg: algorithm, kid: `${algorithm}-${run}`, typ: type })}.${base64url(claims)}`;
    const key = { key: keys[algorithm].private, dsaEncoding: 'ieee-p1363' as const };
    return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
  };

  const tokens = (granted: Granted) => {
    const { person, wrong, issuer } = provider;
    const now = Math.floor(Date.now() / 1000);
    const common = { iss: wrong.issuer ?? issuer, sub: person.subject, iat: now, exp: now + 3600 };
    return {
      token_type: 'Bearer',
      expires_in: 3600,
      access_token: signed('at+jwt', { ...common, aud: AUDIENCE, client_id: CLIENT_ID, ...person.claims }),
      id_token: signed('JWT', { ...common, aud: CLIENT_ID, nonce: wrong.nonce ?? granted.nonce }),
    };
  };

  /** The page that asks, as links that lead back. */
  const authorize = (asked: URLSearchParams): { status: number; html: string } => {
    const redirect = asked.get('redirect_uri') ?? '';
    const isKnown =
      asked.get('client_id') === CLIENT_ID &&
      redirect === `${consoleOrigin()}/console/signed-in` &&
      asked.get('response_type') === 'code' &&
      asked.get('code_challenge_method') === 'S256' &&
      (asked.get('scope') ?? '').split(' ').includes('openid');
    if (!isKnown) return { status: 400, html: '<h1>Unknown client or address</h1>' };
    const code = randomBytes(24).toString('base64url');
    codes.set(code, { challenge: asked.get('code_challenge') ?? '', nonce: asked.get('nonce') ?? '', redirect });
    const back = (parameters: Record<string, string>): string => {
      const url = new URL(redirect);
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
      url.searchParams.set('state', provider.wrong.state ?? asked.get('state') ?? '');
      url.searchParams.set('iss', provider.issuer);
      return escaped(url.href);
    };
    const allowed = provider.wrong.error ?? { code };
    const html = `<h1>Sign in to Waypost?</h1><a href="${back(allowed)}">Allow</a> <a href="${back({ error: 'access_denied' })}">Deny</a>`;
    return { status: 200, html };
  };

  const exchange = (asked: URLSearchParams): { status: number; body: unknown } => {
    const code = asked.get('code') ?? '';
    const granted = codes.get(code);
    codes.delete(code);
    const challenge = createHash('sha256')
      .update(asked.get('code_verifier') ?? '')
      .digest('base64url');
    const isRight =
      granted !== undefined &&
      asked.get('grant_type') === 'authorization_code' &&
      asked.get('client_id') === CLIENT_ID &&
      granted.redirect === asked.get('redirect_uri') &&
      granted.challenge === challenge;
    return isRight ? { status: 200, body: tokens(granted) } : { status: 400, body: { error: 'invalid_grant' } };
  };

  const answer = (path: string, parameters: URLSearchParams, method: string): { status: number; body?: unknown; html?: string } => {
    const { wrong, issuer } = provider;
    if (wrong.broken?.path === path) return { status: wrong.broken.status, body: {} };
    if (method === 'OPTIONS') return { status: 204 };
    if (path === '/.well-known/openid-configuration') {
      return {
        status: 200,
        body: {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/keys`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256', 'ES256'],
          code_challenge_methods_supported: ['S256'],
          authorization_response_iss_parameter_supported: true,
        },
      };
    }
    if (path === '/keys') {
      const published = Object.entries(keys).map(([alg, key]) => ({
        ...key.public.export({ format: 'jwk' }),
        use: 'sig',
        alg,
        kid: `${alg}-${run}`,
      }));
      return { status: 200, body: { keys: published } };
    }
    if (path === '/authorize') return authorize(parameters);
    if (path === '/token' && method === 'POST') return exchange(parameters);
    return { status: 404, body: {} };
  };

  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', provider.issuer);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const parameters = request.method === 'POST' ? new URLSearchParams(Buffer.concat(chunks).toString()) : url.searchParams;
    const method = request.method ?? 'GET';
    const { status, body, html } = answer(url.pathname, parameters, method);
    provider.asked.push({ method, path: url.pathname, parameters, status });
    response.writeHead(status, {
      'content-type': html === undefined ? 'application/json' : 'text/html; charset=utf-8',
      'access-control-allow-origin': consoleOrigin(),
      'access-control-allow-headers': 'content-type',
    });
    response.end(html ?? (body === undefined ? '' : JSON.stringify(body)));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  provider.issuer = `http://127.0.0.1:${address.port}`;
  return provider;
}

const pair = (generated: { privateKey: KeyObject; publicKey: KeyObject }) => ({
  private: generated.privateKey,
  public: generated.publicKey,
});

function claimsOf(token: string, keys: Record<Algorithm, { public: KeyObject }>, run: string): Record<string, unknown> | null {
  const [header = '', claims = '', signature = ''] = token.split('.');
  try {
    const { alg, kid, typ } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const key = keys[alg as Algorithm];
    if (key === undefined || kid !== `${alg}-${run}` || typ !== 'at+jwt') return null;
    const by = { key: key.public, dsaEncoding: 'ieee-p1363' as const };
    const isSigned = verify('sha256', Buffer.from(`${header}.${claims}`), by, Buffer.from(signature, 'base64url'));
    return isSigned ? JSON.parse(Buffer.from(claims, 'base64url').toString()) : null;
  } catch {
    return null;
  }
}
