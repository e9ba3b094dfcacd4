import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { launch } from '../tests/browser/browser';

export const CONSOLE = process.env.WAYPOST_CONSOLE_URL ?? '';
export const KEY = process.env.WAYPOST_KEY ?? '';
export const ORIGIN = CONSOLE === '' ? '' : new URL(CONSOLE).origin;
export const PERSON = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
export const RUN = Date.now().toString(36);

/** Calls the API with the key. */
export async function ask(method: string, path: string, body?: unknown): Promise<Response> {
  const headers = { Authorization: `Bearer ${KEY}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) };
  return fetch(ORIGIN + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

/** A browser for the tests of a file. Afterwards, deletes the links with the tag of this run. */
export function useStack() {
  let browser: Browser;
  const contexts: BrowserContext[] = [];

  beforeAll(async () => {
    if (CONSOLE === '' || KEY === '') throw new Error('set WAYPOST_CONSOLE_URL and WAYPOST_KEY');
    browser = await launch();
  });
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
  });
  afterAll(async () => {
    await ask('POST', '/v1/link-changes', { select: { filter: { tag: [`console-${RUN}`], archived: 'any' } }, delete: true });
    await browser?.close();
  });

  async function visited(path: string): Promise<Page> {
    const context = await browser.newContext({ reducedMotion: 'reduce', locale: 'en-GB' });
    contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(CONSOLE + path);
    return page;
  }

  async function signedIn(key: string, path = ''): Promise<Page> {
    const page = await visited(path);
    await page.getByLabel('API key').fill(key);
    await page.keyboard.press('Enter');
    await page.getByRole('navigation', { name: 'Navigation' }).waitFor();
    return page;
  }

  return { visited, signedIn };
}
