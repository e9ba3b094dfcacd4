import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type IdentityProvider, startProvider } from '../server/provider';
import { type Running, start } from '../server/server';
import { State } from '../server/state';
import { launch, open, type Watched } from './browser';

let browser: Browser;
let server: Running;
let provider: IdentityProvider;
let watched: Watched[] = [];

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  server = await start(new State(Date.now(), 40));
  provider = await startProvider(() => server.url);
  server.state.provider = provider;
});
afterEach(async () => {
  const seen = watched;
  watched = [];
  const strangers = seen.flatMap((one) => one.strangers).filter((url) => new URL(url).origin !== provider.issuer);
  for (const { context } of seen) await context.close();
  await server.close();
  await provider.close();
  expect([...seen.flatMap(({ complaints }) => complaints), ...strangers]).toEqual([]);
  expect(server.state.broken).toEqual([]);
});

async function visit(path: string): Promise<Page> {
  const opened = await open(browser, server, null);
  watched.push(opened);
  opened.page.setDefaultTimeout(20_000);
  await opened.page.goto(path);
  return opened.page;
}

const button = (page: Page) => page.getByRole('button', { name: /^Sign in with 127\.0\.0\.1/ });
const signIns = () => server.state.requests.filter(({ method, path }) => method === 'POST' && path === '/v1/sessions');
const kept = (page: Page) => page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie, location.href]));

/** Goes to the provider and back. */
async function allow(page: Page, choice = 'Allow'): Promise<void> {
  await button(page).click();
  await page.getByRole('link', { name: choice }).click();
  await page.waitForURL((url) => url.origin === server.url && url.pathname !== '/console/signed-in');
}

/** The sign-in says why it failed, at a clean address, and nothing is left behind. */
async function refused(page: Page, words: string | RegExp): Promise<void> {
  await page.getByText(words).waitFor();
  expect(await page.getByLabel('API key').count()).toBe(1);
  expect(new URL(page.url()).search).not.toMatch(/code|state|error/);
  expect(await kept(page)).not.toContain('verifier');
  expect(server.state.sessions).toEqual([]);
}

describe('signing in with the identity provider', () => {
  for (const algorithm of ['RS256', 'ES256'] as const) {
    it(`leads back to where one was, and keeps nothing (${algorithm})`, async () => {
      provider.algorithm = algorithm;
      const page = await visit('/console/links?search=docs');
      await allow(page);
      await page.locator('.link-row').first().waitFor();
      expect(page.url()).toBe(`${server.url}/console/links?search=docs`);
      expect(signIns()).toHaveLength(1);
      const { token } = (signIns()[0]?.body ?? {}) as { token?: string };
      expect(provider.claimsOf(token ?? '')?.sub).toBe('ada');
      expect(await kept(page)).toBe(JSON.stringify([{}, {}, '', page.url()]));
      await page.goBack();
      expect(page.url()).not.toContain('code=');
    });
  }

  it('is offered only where there is one', async () => {
    server.state.provider = null;
    const page = await visit('/console/');
    await page.getByLabel('API key').fill('wp_editor');
    expect(await page.getByRole('button', { name: /Sign in with/ }).count()).toBe(0);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Home' }).waitFor();
    // Nobody loads what only the provider needs.
    expect(await page.evaluate(() => performance.getEntriesByType('resource').some(({ name }) => name.includes('/provider')))).toBe(false);
  });

  it('can be denied, and tried again', async () => {
    const page = await visit('/console/tags');
    await allow(page, 'Deny');
    await refused(page, 'You were not signed in');
    expect(page.url()).toBe(`${server.url}/console/tags`);
    await allow(page);
    await page.getByRole('heading', { name: 'Tags' }).waitFor();
  });

  it.each([
    ['another state', { state: 'of-another' }, /does not belong to the sign-in/],
    ['another nonce', { nonce: 'of-another' }, /does not belong to the sign-in/],
    ['tokens of another issuer', { issuer: 'http://127.0.0.1:1' }, /does not belong to the sign-in/],
    ['an error', { error: { error: 'server_error', error_description: 'Closed for today' } }, 'server_error: Closed for today'],
    ['a token endpoint that fails', { broken: { path: '/token', status: 500 } }, /does not answer as it should/],
  ] as const)('is refused with %s', async (_, wrong, words) => {
    const page = await visit('/console/');
    provider.wrong = wrong;
    await allow(page);
    await refused(page, words);
    expect(signIns()).toEqual([]);
  });

  it('takes no words from an address that nobody asked for', async () => {
    const page = await visit('/console/signed-in?error=server_error&error_description=Call+0900-666&state=x');
    await refused(page, 'began in another window');
    expect(await page.getByText('0900').count()).toBe(0);
    const forged = await visit('/console/');
    provider.wrong = { state: 'forged', error: { error: 'server_error', error_description: 'Call 0900-666' } };
    await allow(forged);
    await refused(forged, /does not belong/);
    expect(await forged.getByText('0900').count()).toBe(0);
  });

  it('needs the verifier that this window has made', async () => {
    const page = await visit('/console/');
    await button(page).click();
    const back = await page.getByRole('link', { name: 'Allow' }).getAttribute('href');
    // As if somebody else had begun it: the same state and nonce, another verifier.
    await page.goto('/console/tags');
    await page.evaluate(() => {
      const found = JSON.parse(sessionStorage.getItem('waypost.sign-in') ?? '{}');
      sessionStorage.setItem('waypost.sign-in', JSON.stringify({ ...found, verifier: 'x'.repeat(43) }));
    });
    await page.goto(back ?? '');
    await refused(page, /took too long, was used before/);
    expect(provider.asked.at(-1)).toMatchObject({ path: '/token', status: 400 });
  });

  it('takes too long after a quarter of an hour', async () => {
    const page = await visit('/console/');
    await button(page).click();
    const back = await page.getByRole('link', { name: 'Allow' }).getAttribute('href');
    await page.goto('/console/tags');
    await page.evaluate(() => {
      const found = JSON.parse(sessionStorage.getItem('waypost.sign-in') ?? '{}');
      sessionStorage.setItem('waypost.sign-in', JSON.stringify({ ...found, began: Date.now() - 16 * 60_000 }));
    });
    await page.goto(back ?? '');
    await refused(page, /took too long/);
    expect(provider.asked.some(({ path }) => path === '/token')).toBe(false);
  });

  it('cannot be replayed: neither the address nor the code', async () => {
    const page = await visit('/console/');
    await button(page).click();
    const back = (await page.getByRole('link', { name: 'Allow' }).getAttribute('href')) ?? '';
    const attempt = await page.goto('/console/tags').then(() => page.evaluate(() => sessionStorage.getItem('waypost.sign-in') ?? ''));
    await page.goto(back);
    await page.getByRole('heading', { name: 'Home' }).waitFor();
    server.state.sessions = [];
    await page.goto(back);
    await refused(page, 'began in another window');
    // Even with all that the window had, the provider gives no second token.
    await page.evaluate((text) => sessionStorage.setItem('waypost.sign-in', text), attempt);
    await page.goto(back);
    await refused(page, /was used before/);
    expect(signIns()).toHaveLength(1);
  });

  it('begins anew after a reload in the middle', async () => {
    const page = await visit('/console/imports');
    await page.route(`${provider.issuer}/token`, () => {});
    await button(page).click();
    await page.getByRole('link', { name: 'Allow' }).click();
    await expect.poll(() => page.url()).toBe(`${server.url}/console/imports`);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.reload();
    await button(page).waitFor();
    expect(await kept(page)).not.toContain('verifier');
    await allow(page);
    await page.getByRole('heading', { name: 'Imports' }).waitFor();
  });

  it('says so where the account has no access', async () => {
    provider.person = { subject: 'eve', claims: { workspace: 'acme', role: 'stranger' } };
    const page = await visit('/console/');
    await allow(page);
    await refused(page, /have no access here/);
    expect(signIns()).toHaveLength(1);
  });

  it('says so where the provider is away, and keys work all the same', async () => {
    provider.wrong = { broken: { path: '/.well-known/openid-configuration', status: 503 } };
    const page = await visit('/console/');
    await button(page).click();
    await refused(page, /does not answer as it should/);
    await page.getByLabel('API key').fill('wp_viewer');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Home' }).waitFor();
  });

  it('can be begun again after the way back by the button of the browser', async () => {
    const page = await visit('/console/');
    await button(page).click();
    await page.getByRole('link', { name: 'Allow' }).waitFor();
    await page.goBack();
    await allow(page);
    await page.getByRole('heading', { name: 'Home' }).waitFor();
  });
});
