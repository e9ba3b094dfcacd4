/**
 * `node scripts/screenshots.ts [folder] [name …]`: pictures of the screens, against the tests' own server. Build the console first.
 */
import { mkdirSync } from 'node:fs';
import { launch, open, SCREENS } from '../tests/browser/browser.ts';
import { start } from '../tests/server/server.ts';
import { State } from '../tests/server/state.ts';

const [folder = 'test-results/screens', ...names] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const server = await start(new State(Date.now()));
const browser = await launch();
for (const theme of ['light', 'dark'] as const) {
  for (const width of [1440, 360]) {
    const { context, page, complaints } = await open(browser, server, 'admin', { theme, width, height: width === 360 ? 740 : 900 });
    for (const { name, path, ready } of SCREENS.filter(({ name }) => names.length === 0 || names.includes(name))) {
      await page.goto(path);
      await page.waitForSelector(ready);
      await page.waitForTimeout(250);
      await page.screenshot({ path: `${folder}/${name}-${theme}-${width}.png`, fullPage: name !== 'links' });
    }
    if (names.length === 0) {
      await page.context().clearCookies();
      await page.goto('/console/');
      await page.waitForSelector('input[name=key]');
      await page.screenshot({ path: `${folder}/sign-in-${theme}-${width}.png` });
    }
    for (const complaint of complaints) process.stderr.write(`${theme} ${width}: ${complaint}\n`);
    await context.close();
  }
}
await browser.close();
await server.close();
for (const fault of new Set(server.state.broken)) process.stderr.write(`${fault}\n`);
