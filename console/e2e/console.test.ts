/**
 * The main jobs against a deployed stack, in a real browser:
 *
 *     WAYPOST_CONSOLE_URL=http://127.0.0.1:9000/console/ WAYPOST_KEY=wp_… npm --prefix console run test:stack
 *
 * The key is an admin's. The tests make links, keys and an import in its workspace, and delete the links and keys again.
 */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launch } from '../tests/browser/browser';

const CONSOLE = process.env.WAYPOST_CONSOLE_URL ?? '';
const KEY = process.env.WAYPOST_KEY ?? '';
const ORIGIN = CONSOLE === '' ? '' : new URL(CONSOLE).origin;
const PERSON = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const RUN = Date.now().toString(36);

let browser: Browser;
const contexts: BrowserContext[] = [];
const keys: string[] = [];

beforeAll(async () => {
  if (CONSOLE === '' || KEY === '') throw new Error('set WAYPOST_CONSOLE_URL and WAYPOST_KEY');
  browser = await launch();
});
afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
});
afterAll(async () => {
  await ask('POST', '/v1/link-changes', { select: { filter: { tag: [`console-${RUN}`], archived: 'any' } }, delete: true });
  for (const key of keys) await ask('DELETE', `/v1/keys/${key}`);
  await browser?.close();
});

async function ask(method: string, path: string, body?: unknown): Promise<Response> {
  const headers = { Authorization: `Bearer ${KEY}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) };
  return fetch(ORIGIN + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

async function makeKey(role: 'viewer' | 'editor'): Promise<{ key_id: string; secret: string }> {
  const key = (await (await ask('POST', '/v1/keys', { name: `console ${RUN}`, role })).json()) as { key_id: string; secret: string };
  keys.push(key.key_id);
  return key;
}

async function makeLink(slug: string): Promise<void> {
  const answer = await ask('POST', '/v1/links', { url: `https://example.org/${slug}`, slug, tags: [`console-${RUN}`] });
  expect(answer.status).toBe(201);
}

async function signedIn(key: string, path = ''): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: 'reduce', locale: 'en-GB' });
  contexts.push(context);
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(CONSOLE + path);
  await page.getByLabel('API key').fill(key);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation', { name: 'Navigation' }).waitFor();
  return page;
}

describe('the console of a stack', () => {
  it('signs in with a key, keeps it nowhere, and signs out', async () => {
    const page = await signedIn(KEY);
    expect(await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]))).not.toContain('wp_');
    await page.getByRole('button', { name: 'Account and settings' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
    await page.reload();
    await page.getByLabel('API key').waitFor();
  });

  it('makes a link, changes it, and shows its click in the statistics', async () => {
    const slug = `edit-${RUN}`;
    const page = await signedIn(KEY, 'links/new');
    await page.getByLabel('Target', { exact: true }).fill('https://example.org/new');
    await page.getByLabel('Slug').fill(slug);
    await page.getByText('Free in your workspace').waitFor();
    await page.getByRole('combobox', { name: 'Tags' }).fill(`console-${RUN}`);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Create link' }).click();
    await page.getByRole('button', { name: 'Save' }).waitFor();
    await page.getByLabel('Title', { exact: true }).first().fill('Of the console');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved. Visitors see it').waitFor();
    const visit = await fetch(`${ORIGIN}/${slug}`, { redirect: 'manual', headers: { 'User-Agent': PERSON } });
    expect(visit.headers.get('location')).toBe('https://example.org/new');
    await page.getByRole('link', { name: 'Statistics' }).last().click();
    await expect
      .poll(
        async () => {
          await page.reload();
          return page.locator('.figure .value').first().innerText();
        },
        { timeout: 60_000, interval: 1000 },
      )
      .toBe('1');
  });

  it('finds links as one types, and changes many with undo', async () => {
    for (const number of [1, 2, 3]) await makeLink(`bulk-${RUN}-${number}`);
    const page = await signedIn(KEY, 'links');
    await page.getByRole('searchbox').fill(`bulk-${RUN}`);
    await expect.poll(() => page.locator('.link-row').count(), { timeout: 30_000 }).toBe(3);
    await page.getByLabel('Select all links shown').check();
    await page.locator('.bulk').getByRole('button', { name: 'Delete' }).click();
    await page.locator('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('3 links deleted').waitFor();
    expect((await ask('GET', `/v1/links/bulk-${RUN}-1`)).status).toBe(404);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('3 links brought back').waitFor();
    expect((await ask('GET', `/v1/links/bulk-${RUN}-1`)).status).toBe(200);
  });

  it('imports a file and shows its report', async () => {
    const rows = Array.from({ length: 20 }, (_, row) => `https://example.org/${row},import-${RUN}-${row},console-${RUN}`);
    const page = await signedIn(KEY, 'imports');
    const file = `url,slug,tags\n${rows.join('\n')}\njavascript:alert(1),import-${RUN}-x,\n`;
    const name = `console-${RUN}.csv`;
    await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(file) });
    await page.locator('.card').getByRole('link', { name }).click();
    await page.getByText('done in part').waitFor({ timeout: 60_000 });
    await page.getByRole('cell', { name: 'javascript:alert(1)' }).waitFor();
  });

  it('shows a viewer no way to write, and the API refuses all the same', async () => {
    const viewer = await makeKey('viewer');
    const page = await signedIn(viewer.secret, 'links');
    await page.getByRole('heading', { name: 'Links' }).waitFor();
    expect(await page.getByRole('link', { name: 'New link' }).count()).toBe(0);
    const status = await page.evaluate(async () => {
      const headers = { 'Content-Type': 'application/json' };
      return (await fetch('/v1/links', { method: 'POST', headers, body: '{"url":"https://example.org/"}' })).status;
    });
    expect(status).toBe(403);
  });

  it('ends a session with its key, and asks for a sign-in in place', async () => {
    const editor = await makeKey('editor');
    const page = await signedIn(editor.secret, 'tags');
    await page.getByRole('heading', { name: 'Tags' }).waitFor();
    expect((await ask('DELETE', `/v1/keys/${editor.key_id}`)).status).toBe(204);
    await expect
      .poll(
        async () => {
          await page
            .getByRole('link', { name: 'Exports' })
            .click({ timeout: 1000 })
            .catch(() => {});
          await page.reload();
          return page.getByLabel('API key').count();
        },
        { timeout: 30_000 },
      )
      .toBe(1);
  });

  it('takes no request of another site', async () => {
    const page = await signedIn(KEY);
    const cookies = await page.context().cookies();
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    const forged: Record<string, string>[] = [{ Origin: 'https://evil.example' }, { 'Sec-Fetch-Site': 'cross-site' }, {}];
    for (const headers of forged) {
      const answer = await fetch(`${ORIGIN}/v1/links`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Cookie: cookie, ...headers },
        body: '{"url":"https://example.org/"}',
      });
      expect(answer.status).toBe(403);
    }
  });
});
