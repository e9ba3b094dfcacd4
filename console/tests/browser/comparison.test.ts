import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { useBrowser } from './visit';

const { visit, requests } = useBrowser();

describe('the period before', () => {
  it('has its number in the tip, in the table and in the download', async () => {
    const page = await visit('/console/statistics?range=90d&interval=week');
    const plot = page.locator('.chart .u-over');
    await plot.waitFor();
    await plot.hover({ position: { x: 200, y: 60 } });
    const tip = await page.locator('.chart-tip').innerText();
    const before = /Clicks before ([\d,]+)/.exec(tip)?.[1] ?? '';
    expect(before).not.toBe('');
    await page.getByRole('button', { name: 'Table', exact: true }).click();
    await page.getByRole('columnheader', { name: 'Clicks before' }).waitFor();
    expect(await page.locator('table.list tbody').innerText()).toContain(before);
    await page.getByRole('button', { name: 'CSV' }).click();
    const [saved] = await Promise.all([page.waitForEvent('download'), page.getByText('Series as CSV').click()]);
    const lines = readFileSync(await saved.path(), 'utf8')
      .trim()
      .split('\r\n');
    expect(lines[0]).toBe('start,clicks,visitors,bots,start_before,clicks_before');
    expect(lines.slice(1).some((line) => line.endsWith(`,${before.replaceAll(',', '')}`))).toBe(true);
  });

  it('is not asked for and not shown without comparison', async () => {
    const page = await visit('/console/statistics?compare=no&view=table');
    await page.getByRole('columnheader', { name: 'Clicks', exact: true }).waitFor();
    expect(await page.getByRole('columnheader', { name: 'Clicks before' }).count()).toBe(0);
    const asked = requests('GET', /stats$/).map(({ query }) => query.get('from'));
    expect(new Set(asked).size).toBe(1);
  });
});
