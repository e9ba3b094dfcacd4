import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { useBrowser } from './visit';

const { visit, state } = useBrowser();

/** Opens two pages and the editor of a link, changes its title, and answers what the browser asks. */
async function edited(answer: { stay: boolean }): Promise<{ page: Page; asked: string[] }> {
  const page = await visit('/console/tags');
  await page.locator('table.list').waitFor();
  await page.getByRole('navigation').getByRole('link', { name: 'Links', exact: true }).click();
  await page.locator('.link-row a.slug').first().click();
  await page.getByLabel('Title', { exact: true }).first().fill('not saved');
  const asked: string[] = [];
  page.on('dialog', (dialog) => {
    asked.push(dialog.message());
    return answer.stay ? dialog.dismiss() : dialog.accept();
  });
  return { page, asked };
}

const LINK = '/console/links/go.example.com/docs';
const pathOf = (page: Page) => new URL(page.url()).pathname;

describe('going back with unsaved changes', () => {
  it.each([1, 2])('asks, and who stays keeps address, screen, text and history: %i steps', async (steps) => {
    const answer = { stay: true };
    const { page, asked } = await edited(answer);
    const entries = await page.evaluate(() => history.length);
    await page.evaluate((count) => history.go(-count), steps);
    await expect.poll(() => asked.length).toBe(1);
    await expect.poll(() => pathOf(page)).toBe(LINK);
    expect(await page.getByLabel('Title', { exact: true }).first().inputValue()).toBe('not saved');
    expect(await page.locator('.link-row').count()).toBe(0);
    expect(await page.evaluate(() => history.length)).toBe(entries);
    answer.stay = false;
    await page.evaluate(() => history.back());
    await page.locator('.link-row').first().waitFor();
    expect(pathOf(page)).toBe('/console/links');
    expect(asked).toHaveLength(2);
    await page.evaluate(() => history.back());
    await page.locator('table.list').waitFor();
    expect(pathOf(page)).toBe('/console/tags');
    expect(asked).toHaveLength(2);
  });

  it('asks again each time, and going forward afterwards as well', async () => {
    const answer = { stay: true };
    const { page, asked } = await edited(answer);
    for (const times of [1, 2, 3]) {
      await page.evaluate(() => history.back());
      await expect.poll(() => asked.length).toBe(times);
      await expect.poll(() => pathOf(page)).toBe(LINK);
    }
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.evaluate(() => history.back());
    await page.locator('.link-row').first().waitFor();
    expect(asked).toHaveLength(3);
    await page.evaluate(() => history.forward());
    await page.getByLabel('Title', { exact: true }).first().waitFor();
    expect(await page.getByLabel('Title', { exact: true }).first().inputValue()).not.toBe('not saved');
  });

  it('does not ask where nothing would be lost, nor within the page', async () => {
    const { page, asked } = await edited({ stay: true });
    await page.evaluate(() => {
      location.hash = 'main';
    });
    await page.evaluate(() => history.back());
    await expect.poll(() => new URL(page.url()).hash).toBe('');
    expect(asked).toEqual([]);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Everything is saved').waitFor();
    await page.evaluate(() => history.back());
    await page.locator('.link-row').first().waitFor();
    expect(asked).toEqual([]);
    expect(state().links[0]?.title).toBe('not saved');
  });

  it('keeps the page in browsers that do not tell places of the history', async () => {
    const answer = { stay: true };
    const { page, asked } = await edited(answer);
    await page.evaluate(() => Object.defineProperty(window, 'navigation', { value: undefined }));
    await page.evaluate(() => history.back());
    await expect.poll(() => asked.length).toBe(1);
    await expect.poll(() => pathOf(page)).toBe(LINK);
    expect(await page.getByLabel('Title', { exact: true }).first().inputValue()).toBe('not saved');
    answer.stay = false;
    await page.evaluate(() => history.back());
    await page.locator('.link-row').first().waitFor();
  });
});
