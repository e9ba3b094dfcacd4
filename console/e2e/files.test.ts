/** Files against a deployed stack: the bucket is another origin, with a CORS of its own. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Download, Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { pasteFilm, playOn } from '../tests/browser/film';
import { ask, KEY, ORIGIN, RUN, useStack } from './stack';

const { signedIn } = useStack();
const MIB = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), 'waypost-files-'));
const files: string[] = [];
const slugs: string[] = [];

afterAll(async () => {
  for (const slug of slugs) await ask('DELETE', `/v1/links/${slug}`);
  for (const id of files) await ask('DELETE', `/v1/files/${id}`);
  rmSync(folder, { recursive: true });
});

function fileOf(name: string, bytes: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** Opens the page of the file that was uploaded last, and waits until visitors get the file. */
async function opened(page: Page, name: string): Promise<string> {
  await page
    .locator('.uploads')
    .getByRole('link', { name: `Share ${name}` })
    .click();
  await page.getByRole('heading', { name }).waitFor();
  const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  files.push(id);
  await expect
    .poll(async () => (await (await ask('GET', `/v1/files/${id}`)).json()).status, { timeout: 60_000, interval: 500 })
    .toBe('ready');
  return id;
}

/** Makes a link to the file whose page is open; returns its address on this stack. */
async function shared(page: Page, slug: string): Promise<string> {
  slugs.push(slug);
  await page.getByLabel('Slug').fill(slug);
  await page.getByText('Free in your workspace').waitFor();
  await page.getByRole('button', { name: 'Make a link' }).click();
  await page.locator('.plain-list').getByText(slug).waitFor();
  return `${ORIGIN}/${slug}`;
}

/** What the browser saves when it opens an address. */
async function saved(page: Page, address: string): Promise<Download> {
  const download = page.waitForEvent('download');
  await page.evaluate((url) => location.assign(url), address);
  return download;
}

/** Bytes of the upload that the browser remembers; `null` if it remembers none. */
const rememberedBytes = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<number | null>((resolve) => {
        const opening = indexedDB.open('waypost');
        opening.onsuccess = () => {
          const reading = opening.result.transaction('uploads').objectStore('uploads').getAll();
          reading.onsuccess = () => {
            opening.result.close();
            resolve(reading.result[0]?.kept ?? null);
          };
        };
      }),
  );

describe('files of a stack', () => {
  it('of 12 MB go on after a reload in the middle, and come back by a link as they were', async () => {
    const [name, slug, bytes] = [`large-${RUN}.bin`, `large-${RUN}`, randomBytes(12 * MIB + 17)];
    const path = fileOf(name, bytes);
    const page = await signedIn(KEY, 'files');
    const sent: string[] = [];
    page.on('requestfinished', (request) => {
      const part = new URL(request.url()).searchParams.get('partNumber');
      if (part !== null && request.method() === 'PUT') sent.push(part);
    });
    // The second part does not arrive before the reload.
    await page.route(/partNumber=2/, () => {});
    await page.getByLabel('Choose files').setInputFiles(path);
    await expect.poll(() => rememberedBytes(page), { timeout: 60_000 }).toBe(8 * MIB);
    await page.reload();
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.getByLabel(`Choose the file again: ${name}`).setInputFiles(path);
    const id = await opened(page, name);
    expect(sent.sort()).toEqual(['1', '2']);
    const told = await (await ask('GET', `/v1/files/${id}`)).json();
    expect(told).toMatchObject({ name, size: bytes.length, status: 'ready' });

    const download = await saved(page, await shared(page, slug));
    expect(download.suggestedFilename()).toBe(name);
    expect(readFileSync(await download.path()).equals(bytes)).toBe(true);
  });

  it('that are pages or SVG run nothing, neither by their link nor in the console', async () => {
    const script = '<script>document.title = "ran"; fetch("/v1/me")</script>';
    for (const [name, content] of [
      [`page-${RUN}.html`, `<!doctype html><title>page</title>${script}`],
      [`picture-${RUN}.svg`, `<svg xmlns="http://www.w3.org/2000/svg" onload="document.title = 'ran'">${script}</svg>`],
    ] as const) {
      const page = await signedIn(KEY, 'files');
      await page.getByLabel('Choose files').setInputFiles(fileOf(name, Buffer.from(content)));
      await opened(page, name);
      expect(await page.locator('.preview').count()).toBe(0);
      const before = page.url();
      const download = await saved(page, await shared(page, name.replace('.', '-')));
      expect(readFileSync(await download.path(), 'utf8')).toBe(content);
      expect([page.url(), await page.title()]).toEqual([before, `${name} · Waypost`]);
    }
  });

  it('that are films with their index at the end play and seek, too', async () => {
    const [name, slug] = [`index-last-${RUN}.mp4`, `index-last-${RUN}`];
    const film = readFileSync(new URL('../../tests/data/films/index-last.mp4', import.meta.url));
    // The index lies behind the pictures: a browser has to ask for it first.
    expect(film.indexOf('moov')).toBeGreaterThan(film.indexOf('mdat') + 100_000);
    const page = await signedIn(KEY, 'files');
    await page.getByLabel('Choose files').setInputFiles(fileOf(name, film));
    await opened(page, name);
    expect(await playOn(page, '.preview video')).toMatchObject({ width: 320 });
    await page.goto(await shared(page, slug));
    const shown = await playOn(page, 'video');
    expect(shown.at).toBeGreaterThanOrEqual(2);
    expect(shown).toMatchObject({ width: 320 });
  });

  it('that are films play and seek, in the console and by their link', async () => {
    const name = `film-${RUN}.mp4`;
    const page = await signedIn(KEY, 'files');
    await page.getByLabel('Choose files').waitFor({ state: 'attached' });
    await pasteFilm(page, name);
    const id = await opened(page, name);
    const shown = await playOn(page, '.preview video');
    expect(shown.at).toBeGreaterThanOrEqual(2);
    expect(shown).toMatchObject({ width: 320 });
    const { url } = await (await ask('GET', `/v1/files/${id}`)).json();
    const range = await fetch(url, { headers: { Range: 'bytes=100-199' } });
    expect([range.status, (await range.arrayBuffer()).byteLength]).toEqual([206, 100]);

    await page.goto(await shared(page, `film-${RUN}`));
    expect((await playOn(page, 'video')).at).toBeGreaterThanOrEqual(2);
  });
});
