/** Signs in with the identity provider: authorization code with PKCE (RFC 7636) of OpenID Connect. Loaded only by who uses it. */
import * as oauth from 'oauth4webapi';
import { type Attempt, keepAttempt, RETURN_PATH, type Returned, SignInFailure } from './attempt';
import { config, type Provider } from './config';
import { signIn } from './me';
import { Problem } from './problem';

const MOST_MILLISECONDS = 15_000;
/** How far the provider's clock may be from this one, in seconds. */
const CLOCKS_DIFFER = 60;
/** The provider's own words that are shown, in characters. */
const MOST_WORDS = 200;

/** Leaves for the provider. Comes back at `RETURN_PATH`, and from there to `back`. */
export async function leave(provider: Provider, back: string): Promise<void> {
  try {
    const server = await discover(provider);
    const endpoint = new URL(server.authorization_endpoint ?? '');
    if (!isSafe(endpoint)) throw new SignInFailure('refused', 'authorization_endpoint');
    const attempt: Attempt = {
      state: oauth.generateRandomState(),
      nonce: oauth.generateRandomNonce(),
      verifier: oauth.generateRandomCodeVerifier(),
      began: Date.now(),
      back,
    };
    const asked = {
      response_type: 'code',
      client_id: provider.client_id,
      redirect_uri: returnUrl(),
      scope: provider.scope,
      audience: provider.audience,
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(asked)) endpoint.searchParams.set(name, value);
    keepAttempt(sessionStorage, attempt);
    location.assign(endpoint);
  } catch (error) {
    throw failureOf(error);
  }
}

/** Exchanges what the provider has sent for a session. The tokens are forgotten with the end of this function. */
export async function arrive({ parameters, attempt }: Returned): Promise<void> {
  if (attempt === null) throw new SignInFailure('expired');
  let token: string;
  try {
    const provider = (await config()).identity_provider;
    if (provider === null) throw new SignInFailure('expired');
    token = await exchange(provider, parameters, attempt);
  } catch (error) {
    throw failureOf(error);
  }
  try {
    await signIn({ token });
  } catch (error) {
    throw error instanceof Problem && error.status === 401 ? new SignInFailure('noAccess') : error;
  }
}

async function exchange(provider: Provider, parameters: URLSearchParams, attempt: Attempt): Promise<string> {
  const server = await discover(provider);
  const client: oauth.Client = { client_id: provider.client_id, [oauth.clockTolerance]: CLOCKS_DIFFER };
  const proven = oauth.validateAuthResponse(server, client, parameters, attempt.state);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    proven,
    returnUrl(),
    attempt.verifier,
    options(provider),
  );
  // Its signature is not checked: the token comes from the provider itself by TLS (OpenID Connect Core 1.0, section 3.1.3.7), and says only
  // that the answer belongs to this attempt. The API checks the signature of the access token, by which the person signs in.
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: attempt.nonce,
    requireIdToken: true,
  });
  return tokens.access_token;
}

async function discover(provider: Provider): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(provider.issuer);
  const response = await oauth.discoveryRequest(issuer, { algorithm: 'oidc', ...options(provider) });
  return oauth.processDiscoveryResponse(issuer, response);
}

const returnUrl = () => location.origin + RETURN_PATH;

function options(provider: Provider) {
  return { signal: () => AbortSignal.timeout(MOST_MILLISECONDS), [oauth.allowInsecureRequests]: isLoopback(new URL(provider.issuer)) };
}

const isSafe = (url: URL): boolean => url.protocol === 'https:' || isLoopback(url);

/** Whether the provider is on this machine, for tests: it needs no TLS. */
function isLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && (hostname === '127.0.0.1' || hostname === '[::1]');
}

/** Says in the console's terms what has gone wrong. */
function failureOf(error: unknown): unknown {
  if (error instanceof SignInFailure || error instanceof Problem) return error;
  if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError) {
    if (error.error === 'access_denied') return new SignInFailure('denied');
    // The code was used before, or has expired.
    if (error.error === 'invalid_grant') return new SignInFailure('expired');
    const words = [error.error, error.error_description].filter(Boolean).join(': ');
    return new SignInFailure('refused', words.slice(0, MOST_WORDS));
  }
  if (error instanceof oauth.OperationProcessingError) {
    // Answers of a provider that is not well have a status or a type that they should not have.
    const isBroken = error.code === oauth.RESPONSE_IS_NOT_CONFORM || error.code === oauth.PARSE_ERROR;
    return new SignInFailure(isBroken ? 'unreachable' : 'mismatch');
  }
  // A library's TypeError has a code; that of a request without an answer has none.
  const noAnswer = error instanceof DOMException || (error instanceof TypeError && !('code' in error));
  return noAnswer ? new SignInFailure('unreachable') : new SignInFailure('refused', error instanceof Error ? error.message : '');
}
