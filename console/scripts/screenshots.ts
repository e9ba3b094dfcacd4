/**
 * `node scripts/screenshots.ts ../docs/images`: the pictures of docs/console.md.
 * `node scripts/screenshots.ts --all [folder] [name …]`: every screen, light and dark, wide and narrow, to look at.
 * Both show a workspace of samples, played by the tests' own server. Build the console first.
 */
import { mkdirSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { launch, open, SCREENS } from '../tests/browser/browser.ts';
import { start } from '../tests/server/server.ts';
import { State } from '../tests/server/state.ts';

/** Time for the chart, which draws itself after the data came. */
const DRAWING_MILLISECONDS = 300;
const FOR_DOCS = ['home', 'links', 'link', 'link-statistics', 'file'];

const [first = 'test-results/screens', ...rest] = process.argv.slice(2);
const all = first === '--all';
const [folder = 'test-results/screens', ...names] = all ? rest : [first, ...FOR_DOCS];
mkdirSync(folder, { recursive: true });
const server = await start(new State(Date.now()));
const browser = await launch();
for (const theme of ['light', 'dark'] as const) {
  for (const width of all ? [1440, 360] : [1280]) {
    const { context, page, complaints } = await open(browser, server, 'admin', { theme, width, height: width === 360 ? 740 : 860 });
    for (const { name, path, ready } of SCREENS.filter((screen) => names.length === 0 || names.includes(screen.name))) {
      // One picture in the dark is enough to see that there is one.
      if (!all && theme === 'dark' && name !== 'home') continue;
      await page.goto(path);
      await shoot(
        page,
        ready,
        all ? `${name}-${theme}-${width}` : `console-${name}${theme === 'dark' ? '-dark' : ''}`,
        all && name !== 'links',
      );
    }
    if (all && names.length === 0) {
      await context.clearCookies();
      await page.goto('/console/');
      await shoot(page, 'input[name=key]', `sign-in-${theme}-${width}`, false);
    }
    for (const complaint of complaints) process.stderr.write(`${theme} ${width}: ${complaint}\n`);
    await context.close();
  }
}
await browser.close();
await server.close();
for (const fault of new Set(server.state.broken)) process.stderr.write(`${fault}\n`);

async function shoot(page: Page, ready: string, name: string, fullPage: boolean): Promise<void> {
  await page.waitForSelector(ready);
  await page.waitForTimeout(DRAWING_MILLISECONDS);
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage });
}
