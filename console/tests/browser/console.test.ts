import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Role } from '../../src/api/types';
import { linkOf } from '../server/data';
import { type Running, start } from '../server/server';
import { State } from '../server/state';
import { type Look, launch, open, type Watched } from './browser';

let browser: Browser;
let server: Running;
let watched: Watched[] = [];

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  server = await start(new State(Date.now()));
});
afterEach(async () => {
  const seen = watched;
  watched = [];
  for (const { context } of seen) await context.close();
  await server.close();
  // Whatever a test does: no script fails, nothing breaks the policy or the document of the API, and no other host is asked.
  expect(seen.flatMap(({ complaints, strangers }) => [...complaints, ...strangers])).toEqual([]);
  expect(server.state.broken).toEqual([]);
});

async function visit(path: string, role: Role | null = 'admin', look: Look = {}): Promise<Page> {
  const opened = await open(browser, server, role, look);
  watched.push(opened);
  opened.page.setDefaultTimeout(20_000);
  await opened.page.goto(path);
  return opened.page;
}

const requests = (method: string, path: RegExp) => server.state.requests.filter((one) => one.method === method && path.test(one.path));

describe('signing in', () => {
  it('with a key opens the page that was asked for, and keeps no secret', async () => {
    const page = await visit('/console/links?search=docs', null);
    await page.getByLabel('API key').fill('wp_wrong');
    await page.keyboard.press('Enter');
    await page.getByText('This key does not work').waitFor();
    await page.getByLabel('API key').fill('wp_editor');
    await page.keyboard.press('Enter');
    await page.locator('.link-row').first().waitFor();
    expect(page.url()).toContain('/console/links?search=docs');
    expect(await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]))).not.toContain('wp_');
    expect(await page.evaluate(() => document.cookie)).toBe('');
  });

  it('with a link works once, and the code leaves the address at once', async () => {
    const page = await visit('/console/#code=good-code', null);
    await page.getByRole('heading', { name: 'Home' }).waitFor();
    expect(page.url()).toBe(`${server.url}/console/`);
    expect(await page.evaluate(() => history.length)).toBeLessThanOrEqual(2);

    const again = await visit('/console/#code=good-code', null);
    await again.getByText('This sign-in link was used before').waitFor();
    expect(again.url()).toBe(`${server.url}/console/`);
  });

  it('with a link counts, whatever an earlier request for nobody is answered later', async () => {
    const { context, page } = await open(browser, server, null);
    const redeemed = page.waitForResponse(/\/v1\/sessions$/);
    let asked = 0;
    await page.route('**/v1/me', async (route) => {
      asked += 1;
      if (asked > 1) return route.continue();
      await redeemed;
      const nobody = { title: 'Not signed in', status: 401, code: 'unauthorized', detail: 'sign in', request_id: 'r' };
      // The page may have given the request up.
      await route.fulfill({ status: 401, contentType: 'application/problem+json', json: nobody }).catch(() => {});
    });
    server.state.codes.add('late-code');
    await page.goto('/console/#code=late-code');
    await page.getByRole('heading', { name: 'Home' }).waitFor();
    await context.close();
  });

  it('is asked for where a session has ended, and goes on at the same place', async () => {
    const page = await visit('/console/statistics?range=7d');
    await page.locator('.tops li').first().waitFor();
    server.state.sessions = [];
    await page.getByRole('button', { name: '90 days' }).click();
    await page.getByLabel('API key').fill('wp_viewer');
    await page.keyboard.press('Enter');
    await page.locator('.tops li').first().waitFor();
    expect(page.url()).toContain('range=90d');
  });

  it('ends with signing out', async () => {
    const page = await visit('/console/');
    await page.getByRole('button', { name: 'Account and settings' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
    expect(server.state.sessions).toEqual([]);
  });

  it('out fails loudly where the API cannot be reached', async () => {
    const page = await visit('/console/');
    await page.locator('.tops li').first().waitFor();
    server.state.away = true;
    await page.getByRole('button', { name: 'Account and settings' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('.toast.error').waitFor();
    expect(await page.getByLabel('API key').count()).toBe(0);
  });
});

describe('links', () => {
  it('are shortened by paste and Enter, and copied', async () => {
    const page = await visit('/console/', 'editor');
    await page.locator('#quick-link').waitFor();
    await page.locator('body').press('c');
    await page.keyboard.type('example.org/long');
    await page.keyboard.press('Enter');
    await page.locator('.toast').getByText('is copied').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^https:\/\/go\.example\.com\/new/);
    expect(server.state.links[0]?.url).toBe('https://example.org/long');
  });

  it('are found as one types, and the search is in the address', async () => {
    const page = await visit('/console/links');
    await page.locator('.link-row').first().waitFor();
    await page.locator('body').press('/');
    await page.keyboard.type('survey');
    await page.waitForURL(/search=survey/);
    await expect
      .poll(() => page.locator('.link-row a.slug').allInnerTexts())
      .toSatisfy((all: string[]) => all.length > 0 && all.every((one) => one.includes('survey')));
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.waitForURL((url) => !url.search.includes('search'));
    expect(await page.getByRole('searchbox').inputValue()).toBe('');
  });

  it('are sorted by a click on a column, and filtered by a click on a tag', async () => {
    const page = await visit('/console/links');
    await page.locator('.link-row').first().waitFor();
    await page.getByRole('button', { name: 'Clicks', exact: true }).click();
    await page.waitForURL(/sort=clicks/);
    await expect.poll(() => page.getByRole('columnheader', { name: 'Clicks' }).getAttribute('aria-sort')).toBe('descending');
    await page.locator('.link-row .chip').first().click();
    await page.waitForURL(/tag=/);
    await page.goBack();
    await page.waitForURL((url) => !url.search.includes('tag='));
  });

  it('get tags many at once by keyboard, and lose them again by undo', async () => {
    const page = await visit('/console/links', 'editor');
    const first = page.locator('[data-index="0"]');
    await first.locator('a.slug').focus();
    await page.keyboard.press('x');
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.getByText('2 links selected').waitFor();
    await page.getByRole('button', { name: 'Add tags' }).press('Enter');
    await page.getByRole('combobox', { name: 'Tags' }).fill('brand new');
    await page.keyboard.press('Enter');
    await page.locator('dialog').getByRole('button', { name: 'Add tags' }).press('Enter');
    await page.getByText('2 links changed').waitFor();
    expect(server.state.links.filter(({ tags }) => tags.includes('brand new'))).toHaveLength(2);
    await page.getByRole('button', { name: 'Undo' }).press('Enter');
    await page.getByText('2 links brought back').waitFor();
    expect(server.state.links.filter(({ tags }) => tags.includes('brand new'))).toHaveLength(0);
  });

  it('that match are deleted all at once, by the filter and not by what is loaded', async () => {
    const page = await visit('/console/links?search=survey', 'editor');
    await page.locator('.link-row').first().waitFor();
    const before = server.state.links.length;
    const matching = server.state.links.filter(({ slug }) => slug.startsWith('survey')).length;
    await page.locator('.link-row input').first().check();
    await page.getByRole('button', { name: /Select all .* that match/ }).click();
    await page.locator('.bulk').getByRole('button', { name: 'Delete' }).click();
    await page.locator('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText(`${matching} links deleted`).waitFor();
    expect(server.state.links).toHaveLength(before - matching);
    expect(requests('POST', /link-changes$/).at(-1)?.body).toEqual({ select: { filter: { search: 'survey' } }, delete: true });
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText(`${matching} links brought back`).waitFor();
    expect(server.state.links).toHaveLength(before);
  });

  it('scroll by the thousand with few rows at a time', async () => {
    server.state.links = Array.from({ length: 3000 }, (_, number) =>
      linkOf({ number, slug: `n${number}`, created_at: new Date().toISOString() }),
    );
    const page = await visit('/console/links');
    await page.locator('.link-row').first().waitFor();
    await page.getByText('3,000 links').waitFor();
    await expect
      .poll(
        async () => {
          await page.mouse.wheel(0, 20_000);
          return page.locator('[data-index="2999"]').count();
        },
        { timeout: 40_000, interval: 50 },
      )
      .toBe(1);
    expect(await page.locator('.link-row').count()).toBeLessThan(70);
  });

  it('say that there are none, and that none matches', async () => {
    const page = await visit('/console/links?search=nothinglikethis');
    await page.getByText('No link matches').waitFor();
    server.state.links = [];
    await page.goto('/console/links');
    await page.getByText('No links yet').waitFor();
  });
});

describe('a link', () => {
  const path = '/console/links/go.example.com/docs';

  it('is saved with what has changed only, under its tag', async () => {
    const page = await visit(path, 'editor');
    await page.getByLabel('Title', { exact: true }).first().fill('The docs');
    await page.keyboard.press('Control+s');
    await page.getByText('Saved. Visitors see it').waitFor();
    const [patch] = requests('PATCH', /links\/docs/);
    expect(patch?.body).toEqual({ title: 'The docs' });
    expect(patch?.headers['if-match']).toMatch(/^"lnk_/);
    expect(patch?.headers['content-type']).toBe('application/merge-patch+json');
    await page.getByText('Everything is saved').waitFor();
  });

  it('is not left unsaved without a question', async () => {
    const page = await visit(path, 'editor');
    await page.getByLabel('Title', { exact: true }).first().fill('Not yet');
    const questions: string[] = [];
    page.on('dialog', (dialog) => {
      questions.push(dialog.message());
      if (questions.length === 1) dialog.dismiss();
      else dialog.accept();
    });
    await page.getByRole('link', { name: 'Tags' }).click();
    await expect.poll(() => questions.length).toBe(1);
    expect(page.url()).toContain(path);
    expect(await page.getByLabel('Title', { exact: true }).first().inputValue()).toBe('Not yet');
    await page.getByRole('link', { name: 'Tags' }).click();
    await page.waitForURL(/\/console\/tags/);
  });

  it('says while one types whether a slug is free', async () => {
    const page = await visit(path, 'editor');
    const slug = page.getByLabel('Slug');
    await slug.fill(server.state.links[1]?.slug ?? '');
    await page.getByText('Taken by').waitFor();
    await slug.fill('surely-free');
    await page.getByText('Free in your workspace').waitFor();
    await slug.fill('not possible');
    await page.getByText('1 to 128 characters').waitFor();
  });

  it('shows the error at its field', async () => {
    const page = await visit(path, 'editor');
    await page.getByLabel('Target', { exact: true }).fill('javascript:alert(1)');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('.field-error').getByText('must begin with http').waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-invalid'))).toBe('true');
  });

  it('that somebody else has changed asks who wins', async () => {
    const page = await visit(path, 'editor');
    await page.getByLabel('Title', { exact: true }).first().fill('Mine');
    const link = server.state.find(null, 'docs');
    if (!link) throw new Error('no link');
    Object.assign(link, { title: 'Theirs', updated_at: new Date().toISOString() });
    server.state.touch(link);
    await page.getByRole('button', { name: 'Save' }).click();
    const dialog = page.getByRole('dialog', { name: 'Changed by somebody else' });
    await dialog.waitFor();
    expect(await dialog.getByRole('row').last().innerText()).toMatch(/Title\s+Mine\s+Theirs/);
    await dialog.getByRole('button', { name: 'Save mine' }).click();
    await page.getByText('Saved. Visitors see it').waitFor();
    expect(server.state.find(null, 'docs')?.title).toBe('Mine');
  });

  it('has rules that change places by keyboard, and variants with shares', async () => {
    const page = await visit(path, 'editor');
    await page.locator('summary', { hasText: 'Rules' }).click();
    for (const target of ['https://example.org/1', 'https://example.org/2']) {
      await page.getByRole('button', { name: 'Add a rule' }).click();
      const card = page.locator('.card').last();
      await card.getByLabel('iOS').check();
      await card.getByLabel('Then go to').fill(target);
    }
    await page.locator('.card').last().getByLabel('Then go to').press('Alt+ArrowUp');
    await page.locator('summary', { hasText: 'Variants' }).click();
    for (const target of ['https://example.org/a', 'https://example.org/b', 'https://example.org/c']) {
      await page.getByRole('button', { name: 'Add a variant' }).click();
      await page.locator('.variant').last().getByLabel('Target').fill(target);
    }
    await page.getByRole('button', { name: 'Divide evenly' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved. Visitors see it').waitFor();
    const [patch] = requests('PATCH', /links\/docs/);
    const body = patch?.body as { rules: { url: string }[]; variants: { name: string; weight: number }[] };
    expect(body.rules.map(({ url }) => url)).toEqual(['https://example.org/2', 'https://example.org/1']);
    expect(body.variants.map(({ name, weight }) => [name, weight])).toEqual([
      ['a', 33],
      ['b', 33],
      ['c', 34],
    ]);
  });

  it('is made with the parameters of a template', async () => {
    const page = await visit('/console/links/new', 'editor');
    await page.getByLabel('Target', { exact: true }).fill('https://example.org/page#top');
    await page.locator('summary', { hasText: 'Campaign' }).click();
    await page.getByLabel('Template').selectOption('newsletter');
    await page.getByRole('button', { name: 'Create link' }).click();
    await page.waitForURL(/\/console\/links\/go\.example\.com\/new/);
    const [created] = requests('POST', /links$/);
    expect((created?.body as { url: string } | undefined)?.url).toMatch(
      /^https:\/\/example\.org\/page\?utm_source=newsletter&utm_medium=email&utm_campaign=mail-\d{4}-\d\d-\d\d#top$/,
    );
    expect(Object.keys(created?.body as object).sort()).toEqual(['domain', 'url']);
  });

  it('has a QR code to download, in chosen colours and with a logo', async () => {
    const page = await visit(path);
    await page.locator('.qr-picture img').waitFor();
    await page.getByText('Logo, colours, shape, size').click();
    await page.getByLabel('Modules').fill('#0b6b5a');
    await expect.poll(() => page.locator('.qr-picture img').getAttribute('src')).toContain('color=0b6b5a');
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'SVG' }).click();
    expect((await download).suggestedFilename()).toBe('go.example.com-docs.svg');
    const logo = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
    await page.locator('.qr-box input[type=file]').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: logo });
    await expect.poll(() => page.locator('.qr-picture img').getAttribute('src')).toMatch(/^blob:/);
    const withLogo = page.waitForEvent('download');
    await page.getByRole('button', { name: 'PNG' }).click();
    expect((await withLogo).suggestedFilename()).toBe('go.example.com-docs.png');
  });
});

describe('statistics', () => {
  it('are filtered by a click on a value, in the address and in the request', async () => {
    const page = await visit('/console/statistics');
    await page.locator('.tops').getByRole('button', { name: 'Germany' }).click();
    await page.waitForURL(/filter=country%3ADE/);
    await page.getByText('Countries: Germany').waitFor();
    await expect.poll(() => requests('GET', /stats$/).some(({ query }) => query.get('filter') === 'country:DE')).toBe(true);
    await page.goBack();
    await page.waitForURL((url) => !url.search.includes('filter'));
    await page.getByRole('button', { name: 'Table', exact: true }).click();
    await page.locator('table.list tbody tr').first().waitFor();
    expect(await page.locator('table.list tbody tr').count()).toBe(30);
  });

  it('come as a file', async () => {
    const page = await visit('/console/links/go.example.com/docs/statistics?range=7d');
    await page.getByRole('button', { name: 'CSV' }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Series as CSV' }).click();
    expect((await download).suggestedFilename()).toMatch(/^waypost-series-.*\.csv$/);
  });

  it('of tags are asked for by tag', async () => {
    const page = await visit('/console/statistics');
    await page.getByRole('combobox', { name: 'Only links with a tag' }).fill('prin');
    await page.getByRole('option', { name: 'print' }).click();
    await page.getByRole('heading', { name: 'Statistics of print' }).waitFor();
    await expect.poll(() => requests('GET', /stats$/).some(({ query }) => query.get('tag') === 'print')).toBe(true);
  });
});

describe('files', () => {
  it('are uploaded with options, and their report is a table', async () => {
    const page = await visit('/console/imports', 'editor');
    await page.locator('summary', { hasText: 'Options' }).click();
    await page.getByLabel('Dry run first').check();
    const rows = Array.from({ length: 50 }, (_, row) => `https://example.org/${row},slug-${row}`);
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'moving.csv', mimeType: 'text/csv', buffer: Buffer.from(`url,slug\n${rows.join('\n')}\n`) });
    await page.getByText('sent; loading goes on').waitFor();
    await page.locator('.card').getByRole('link', { name: 'moving.csv' }).click();
    await page.getByText('This was a dry run').waitFor();
    await page.getByRole('cell', { name: 'must begin with http:// or https://' }).waitFor();
    expect(requests('POST', /imports$/)[0]?.body).toMatchObject({ filename: 'moving.csv', dry_run: true });
  });

  it('are exported', async () => {
    const page = await visit('/console/exports', 'viewer');
    await page.getByRole('button', { name: 'Export all links' }).click();
    await expect.poll(() => page.getByRole('button', { name: 'Download' }).count()).toBe(2);
  });
});

describe('keys', () => {
  it('are shown once', async () => {
    const page = await visit('/console/keys');
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('Name').fill('bot');
    await page.locator('dialog').getByRole('button', { name: 'New key' }).click();
    await page.getByText('wp_AbCd').waitFor();
    await page.getByRole('button', { name: 'I have it' }).click();
    await page.getByRole('cell', { name: 'bot' }).first().waitFor();
    expect(await page.content()).not.toContain('wp_AbCd');
  });

  it('are revoked after a question', async () => {
    const page = await visit('/console/keys');
    await page
      .getByRole('row', { name: /old deploy bot/ })
      .getByRole('button', { name: 'Revoke' })
      .click();
    await page.locator('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('old deploy bot is revoked').waitFor();
    expect(server.state.keys.map(({ name }) => name)).not.toContain('old deploy bot');
  });
});

describe('settings', () => {
  it('of the workspace and of a domain are saved', async () => {
    const page = await visit('/console/workspace');
    await page.getByLabel('Expire after days').fill('90');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('.toast').getByText('Saved').waitFor();
    expect(server.state.workspace.defaults.expires_after_days).toBe(90);
    await page.getByRole('link', { name: 'Domains' }).click();
    await page.getByRole('button', { name: 'Edit' }).first().click();
    await page.getByLabel('Not a link').fill('https://example.org/lost');
    await page.locator('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved. Visitors see it').waitFor();
    expect(server.state.domains[0]?.not_found_url).toBe('https://example.org/lost');
  });

  it('a tag is renamed', async () => {
    const page = await visit('/console/tags');
    await page.getByRole('row', { name: /print/ }).getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('Name').fill('paper');
    await page.locator('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('link', { name: 'paper' }).waitFor();
    expect(server.state.links.some(({ tags }) => tags.includes('print'))).toBe(false);
  });
});

describe('who may not', () => {
  it('sees no way to write', async () => {
    const page = await visit('/console/links', 'viewer');
    await page.locator('.link-row').first().waitFor();
    expect(await page.getByRole('link', { name: 'New link' }).count()).toBe(0);
    expect(await page.locator('.link-row input[type=checkbox]').count()).toBe(0);
    expect(await page.getByRole('link', { name: 'API keys' }).count()).toBe(0);
    expect(await page.getByLabel('Target of a new link').isDisabled()).toBe(true);
    await page.goto('/console/links/go.example.com/docs');
    await page.getByText('Your role reads links').waitFor();
    expect(await page.getByLabel('Target', { exact: true }).isDisabled()).toBe(true);
    await page.goto('/console/keys');
    await page.getByText('You may not do this').waitFor();
  });
});

describe('trouble', () => {
  it('shows its cause and the id of the request, and is over by a click', async () => {
    server.state.faults.set('GET /v1/tags', { status: 500, times: 3, detail: 'the table does not answer' });
    const page = await visit('/console/tags');
    const box = page.getByRole('alert');
    await box.getByText('the table does not answer').waitFor();
    expect(await box.innerText()).toMatch(/Request req-\d+/);
    await box.getByRole('button', { name: 'Try again' }).click();
    await page.locator('table.list').waitFor();
  });

  it('of the connection says so, keeps what is shown, and goes away', async () => {
    const page = await visit('/console/links');
    await page.locator('.link-row').first().waitFor();
    server.state.away = true;
    await page.getByRole('link', { name: 'Tags' }).click();
    await page.getByText('The API cannot be reached').waitFor();
    server.state.away = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('table.list').waitFor();
  });

  it('offline: a banner, and the page loads by itself afterwards', async () => {
    const page = await visit('/console/links');
    await page.locator('.link-row').first().waitFor();
    await page.context().setOffline(true);
    await page.getByText('You are offline. What you see').waitFor();
    await page.context().setOffline(false);
    await page.getByText('You are offline. What you see').waitFor({ state: 'detached' });
  });

  it('slow answers are announced', async () => {
    const page = await visit('/console/links');
    await page.locator('.link-row').first().waitFor();
    server.state.delay = 4500;
    await page.getByRole('link', { name: 'Domains' }).click();
    await page.getByText('This takes longer than usual').waitFor();
    server.state.delay = 0;
    await page.locator('.facts').first().waitFor();
  });

  it('a screen that cannot be fetched says so, and comes by a click', async () => {
    const page = await visit('/console/nothing');
    await page.getByText('There is no such page').waitFor();
    // Before the screens are fetched in advance: from a page that is not signed in.
    server.state.sessions = [];
    await page.route(/assets\/tags-/, (route) => route.abort());
    await page.goto('/console/tags');
    await page.getByLabel('API key').fill('wp_admin');
    await page.keyboard.press('Enter');
    await page.getByText('This page could not be loaded').waitFor();
    await page.unroute(/assets\/tags-/);
    await page.getByRole('button', { name: 'Load it again' }).click();
    await page.locator('table.list').waitFor();
  });

  it('an address that is no page says so', async () => {
    const page = await visit('/console/nothing/here');
    await page.getByText('There is no such page').waitFor();
  });
});

describe('the keyboard', () => {
  it('reaches pages and links by the palette and by letters', async () => {
    const page = await visit('/console/');
    await page.locator('.tops li').first().waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('l');
    await page.waitForURL(/\/console\/links$/);
    await page.keyboard.press('Control+k');
    await page.keyboard.type('docs');
    await page.getByRole('option', { name: 'go.example.com/docs' }).first().waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/console\/links\/go\.example\.com\/docs/);
    await page.locator('main').press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('hears a key that is pressed as soon as the page is seen', async () => {
    const opened = await open(browser, server, 'editor');
    watched.push(opened);
    const { page } = opened;
    await page.addInitScript(() => {
      new MutationObserver((_, observer) => {
        if (document.getElementById('quick-link') === null) return;
        observer.disconnect();
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'c', bubbles: true, cancelable: true }));
        document.documentElement.dataset.heard = document.activeElement?.id ?? '';
      }).observe(document, { childList: true, subtree: true });
    });
    await page.goto('/console/');
    await page.locator('#quick-link').waitFor();
    expect(await page.evaluate(() => document.documentElement.dataset.heard)).toBe('quick-link');
  });

  it('keeps a palette that is opened before a new page has been painted', async () => {
    const page = await visit('/console/');
    await page.locator('.tops li').first().waitFor();
    const open = await page.evaluate(async () => {
      const press = (key: string, ctrlKey = false) =>
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey, bubbles: true, cancelable: true }));
      const nextTask = () =>
        new Promise((done) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = done;
          port2.postMessage(null);
        });
      press('g');
      press('t');
      await nextTask();
      press('k', true);
      for (let frame = 0; frame < 20; frame++) await new Promise(requestAnimationFrame);
      return document.querySelector('dialog[open]') !== null;
    });
    expect(open).toBe(true);
    expect(page.url()).toContain('/console/tags');
  });

  it('loses no letter that is typed while the address changes', async () => {
    const page = await visit('/console/links');
    await page.locator('.link-row').first().waitFor();
    const typed = await page.evaluate(async () => {
      const box = document.querySelector<HTMLInputElement>('#search');
      if (box === null) throw new Error('no search box');
      const type = (value: string) => {
        box.value = value;
        box.dispatchEvent(new InputEvent('input', { bubbles: true }));
      };
      const changed = new Promise<void>((done) => {
        const replace = history.replaceState.bind(history);
        history.replaceState = (...values) => {
          replace(...values);
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => {
            type('do');
            done();
          };
          port2.postMessage(null);
        };
      });
      type('d');
      await changed;
      for (let frame = 0; frame < 20; frame++) await new Promise(requestAnimationFrame);
      return box.value;
    });
    expect(typed).toBe('do');
  });

  it('skips to the content, and shows where it is', async () => {
    const page = await visit('/console/tags');
    await page.locator('table.list').waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.className)).toBe('skip');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('main');
  });

  it('shows the request as a command, without the session', async () => {
    const page = await visit('/console/links?search=docs');
    await page.locator('.link-row').first().waitFor();
    await page.locator('main').press('a');
    const command = page.locator('pre.code', { hasText: 'search=docs' }).first();
    await command.waitFor();
    expect(await command.innerText()).toContain('-H "Authorization: Bearer $WAYPOST_KEY"');
    expect(await page.locator('dialog').innerText()).not.toContain('secret');
  });

  it('the theme is chosen and kept', async () => {
    const page = await visit('/console/');
    await page.getByRole('button', { name: 'Account and settings' }).click();
    await page.getByRole('button', { name: 'Dark' }).click();
    await page.reload();
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark');
  });
});

describe('a list whose first page is empty', () => {
  it.each(['sessions', 'exports', 'changes', 'imports', 'keys', 'tags'])('of %s goes on with the next one', async (name) => {
    const page = await visit('/console/domains');
    const path = name === 'changes' ? 'link-changes' : name;
    await page.route(new RegExp(`/v1/${path}\\?(?!.*cursor)`), (route) => route.fulfill({ json: { items: [], next_cursor: '0' } }));
    await page.getByRole('navigation', { name: 'Navigation' }).locator(`a[href="/console/${name}"]`).click();
    await page.getByRole('button', { name: 'Show more' }).click();
    await page.locator('main tbody tr').first().waitFor();
  });
});
