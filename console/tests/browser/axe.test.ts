import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityProvider, startProvider } from '../server/provider';
import { type Running, start } from '../server/server';
import { State } from '../server/state';
import { launch, open, SCREENS } from './browser';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser;
let server: Running;
let provider: IdentityProvider;

beforeAll(async () => {
  browser = await launch();
  server = await start(new State(Date.now(), 40));
  provider = await startProvider(() => server.url);
  server.state.provider = provider;
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await provider?.close();
});

/** What axe finds wrong, one line each. */
async function violations(page: Page): Promise<string[]> {
  // Through the debugger, since the page's policy refuses scripts that are not its own.
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary.split('\n')[1]}`),
    );
  });
}

/** Whether the page is wider than the window. */
const isWider = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);

/** Overlays, each with how it is opened. */
const OVERLAYS: { name: string; path: string; act: (page: Page) => Promise<unknown> }[] = [
  { name: 'palette', path: '/console/tags', act: (page) => page.keyboard.press('Control+k') },
  { name: 'shortcuts', path: '/console/tags', act: (page) => page.locator('main').press('?') },
  { name: 'API drawer', path: '/console/tags', act: (page) => page.locator('main').press('a') },
  { name: 'account', path: '/console/tags', act: (page) => page.getByRole('button', { name: 'Account and settings' }).click() },
  { name: 'new key', path: '/console/keys', act: (page) => page.getByRole('button', { name: 'New key' }).click() },
  { name: 'edit tag', path: '/console/tags', act: (page) => page.getByRole('button', { name: 'Edit' }).first().click() },
  { name: 'edit domain', path: '/console/domains', act: (page) => page.getByRole('button', { name: 'Edit' }).first().click() },
  {
    name: 'rules and variants',
    path: '/console/links/go.example.com/docs',
    act: async (page) => {
      for (const [summary, button] of [
        ['Rules', 'Add a rule'],
        ['Variants', 'Add a variant'],
      ] as const) {
        await page.locator('summary', { hasText: summary }).click();
        await page.getByRole('button', { name: button }).click();
      }
    },
  },
  { name: 'selected links', path: '/console/links', act: (page) => page.locator('.link-row input').first().check() },
];

for (const theme of ['light', 'dark'] as const) {
  for (const width of [1440, 360]) {
    describe(`${theme}, ${width} pixels`, () => {
      it('the sign-in has no violation', async () => {
        const { context, page } = await open(browser, server, null, { theme, width });
        await page.goto('/console/');
        await page.getByRole('button', { name: /^Sign in with / }).waitFor();
        expect(await violations(page)).toEqual([]);
        expect(await isWider(page)).toBe(false);
        provider.wrong = { error: { error: 'temporarily_unavailable', error_description: 'Closed' } };
        await page.getByRole('button', { name: /^Sign in with / }).click();
        await page.getByRole('link', { name: 'Allow' }).click();
        await page.getByText('temporarily_unavailable').waitFor();
        expect(await violations(page)).toEqual([]);
        await context.close();
      });

      it.each(SCREENS)('$name has no violation', async ({ path, ready }) => {
        const { context, page, complaints } = await open(browser, server, 'admin', { theme, width });
        await page.goto(path);
        await page.locator(ready).first().waitFor();
        expect(await violations(page)).toEqual([]);
        expect(await isWider(page)).toBe(false);
        expect(complaints).toEqual([]);
        await context.close();
      });

      it.each(OVERLAYS)('$name has no violation', async ({ path, act }) => {
        const { context, page } = await open(browser, server, 'admin', { theme, width });
        await page.goto(path);
        await page.locator('table.list, .facts, .link-row').first().waitFor();
        await act(page);
        await page.locator('dialog[open], .menu:popover-open, .variant, .bulk').first().waitFor();
        expect(await violations(page)).toEqual([]);
        await context.close();
      });
    });
  }
}
