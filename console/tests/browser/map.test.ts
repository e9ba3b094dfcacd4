import { describe, expect, it } from 'vitest';
import { useBrowser } from './visit';

const { visit, requests } = useBrowser();

describe('the map of the world', () => {
  it('shows country and count under the mouse, and filters by a click', async () => {
    const page = await visit('/console/statistics');
    const germany = page.locator('.world-map [data-code="DE"]');
    await germany.hover();
    const inList = await page.locator('.places .tops li', { hasText: 'Germany' }).locator('.number').innerText();
    expect(await page.locator('.world-map .chart-tip').innerText()).toMatch(new RegExp(`Germany\\s+${inList} clicks`));
    await germany.click();
    await page.waitForURL(/filter=country%3ADE/);
    await expect.poll(() => germany.getAttribute('aria-pressed')).toBe('true');
    expect(await page.locator('.places .tops li.chosen').innerText()).toContain('Germany');
    await germany.click();
    await page.waitForURL((url) => !url.search.includes('filter'));
  });

  it('is one stop for Tab, walked by arrows, and used by Enter', async () => {
    const page = await visit('/console/statistics');
    await page.locator('.world-map [data-code="DE"]').waitFor();
    expect(await page.locator('.world-map [tabindex="0"]').count()).toBe(1);
    await page.locator('.world-map [tabindex="0"]').focus();
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
    expect(await focused()).toMatch(/^Germany: [\d,]+ clicks, [\d.]+%$/);
    expect(await page.locator('.chart-tip').innerText()).toContain('Germany');
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toMatch(/^United States/);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    expect(await focused()).toMatch(/^Germany/);
    await page.keyboard.press('End');
    const last = await focused();
    await page.keyboard.press('Home');
    expect(last).not.toBe(await focused());
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL(/filter=country%3AUS/);
  });

  it('shows a country that is too small for a shape as a point', async () => {
    const page = await visit('/console/statistics');
    await page.locator('.world-map circle[data-code="SG"]').waitFor();
  });

  it('leads from home to the statistics of a country', async () => {
    const page = await visit('/console/');
    await page.locator('.world-map [data-code="AU"]').click();
    await page.waitForURL(/\/console\/statistics\?filter=country%3AAU/);
  });

  it('is not loaded by a screen without one', async () => {
    const page = await visit('/console/tags');
    await page.locator('table.list').waitFor();
    const loaded = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
    expect(loaded.filter((name) => name.includes('world_map'))).toEqual([]);
    expect(requests('GET', /^\/v1\/stats$/)).toEqual([]);
  });
});
