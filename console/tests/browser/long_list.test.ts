import type { CDPSession, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { useBrowser } from './visit';

const LINKS = 100_000;
/** Time for a thousand pages, one after the other. */
const TIMEOUT = 400_000;
const { visit, state, requests } = useBrowser(LINKS);

async function heapMegabytes(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return usedSize / 2 ** 20;
}

/** Scrolls on until so many rows are known, as quickly as pages come. Returns the most rows that existed at once. */
function scrollUntil(page: Page, rows: number): Promise<number> {
  return page.evaluate(async (wanted) => {
    const known = () => Math.round((document.querySelector<HTMLElement>('.links .rows')?.offsetHeight ?? 0) / 56);
    let most = 0;
    while (known() < wanted) {
      scrollTo(0, document.documentElement.scrollHeight);
      await new Promise((resolve) => requestAnimationFrame(resolve));
      most = Math.max(most, document.querySelectorAll('.link-row').length);
    }
    return most;
  }, rows);
}

/** The indices of the rows with a link, in their order on the page. */
const indices = (page: Page): Promise<number[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('.link-row:not(.waiting)')]
      .map(({ dataset }) => Number(dataset.index))
      .sort((a, b) => a - b),
  );

/** Waits until every row of the window has its link, and none is missing between them. */
async function hasNoGap(page: Page, from: number): Promise<void> {
  await expect
    .poll(async () => {
      const shown = await indices(page);
      const inRow = shown.every((index, at) => at === 0 || index === (shown[at - 1] ?? 0) + 1);
      return inRow && (shown[0] ?? -1) <= from && (shown.at(-1) ?? 0) >= Math.min(LINKS - 1, from + 10);
    })
    .toBe(true);
}

describe(`a list of ${LINKS} links`, () => {
  it(
    'can be read to its end, with few rows and little memory at a time, and from there back',
    async () => {
      // The pages are like those that other tests check; to check a thousand would take most of the time.
      state().checks = false;
      const page = await visit('/console/links?range=all');
      const session = await page.context().newCDPSession(page);
      await page.getByText('100,000 links').waitFor();
      await scrollUntil(page, 4_000);
      const before = await heapMegabytes(session);
      expect(await scrollUntil(page, LINKS)).toBeLessThan(100);
      await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
      await hasNoGap(page, LINKS - 12);
      const last = state().links.at(-1);
      expect(await page.locator(`[data-index="${LINKS - 1}"] a.slug`).innerText()).toContain(last?.slug);
      const after = await heapMegabytes(session);
      // 96,000 more links are known; what is kept of each is its id.
      expect(after - before, `${before} MB, then ${after} MB`).toBeLessThan(25);
      // Back in the middle and at the beginning, what was let go is read again: some pages, not all.
      const asked = requests('GET', /^\/v1\/links$/).length;
      for (const row of [50_000, 0]) {
        await page.evaluate((top) => scrollTo(0, top * 56), row);
        await hasNoGap(page, row + 1);
        const link = state().links[row];
        if (row === 0) expect(await page.locator('[data-index="0"] a.slug').innerText()).toContain(link?.slug);
      }
      expect(requests('GET', /^\/v1\/links$/).length - asked).toBeLessThan(20);
      expect(await heapMegabytes(session)).toBeLessThan(after + 10);
    },
    TIMEOUT,
  );

  it(
    'is changed as a whole by its filter, whatever is loaded',
    async () => {
      const page = await visit('/console/links', 'editor');
      await page.locator('.link-row input').first().check();
      await page.getByRole('button', { name: 'Select all 100,000 that match' }).click();
      await page.getByRole('button', { name: 'Archive' }).click();
      await page.getByText('100,000 links changed').waitFor();
      expect(state().links.every(({ archived }) => archived)).toBe(true);
      await page.getByText('No link matches').or(page.getByText('No links yet')).waitFor();
    },
    TIMEOUT,
  );
});
