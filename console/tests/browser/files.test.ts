import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { fileId, PART_BYTES, targetOf } from '../server/files';
import { pasteFilm, playOn } from './film';
import { useBrowser } from './visit';

const { visit, visitKept, state, requests } = useBrowser(40);
const folder = mkdtempSync(join(tmpdir(), 'waypost-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file on disk, so that it is the same file whenever it is chosen. */
function fileOf(name: string, size: number): { path: string; bytes: Buffer } {
  const [path, bytes] = [join(folder, name), randomBytes(size)];
  writeFileSync(path, bytes);
  return { path, bytes };
}

const LARGE = 9 * PART_BYTES + 1234;
const cards = (page: Page) => page.locator('.uploads .card');
const choose = (page: Page, paths: string | string[]) => page.getByLabel('Choose files').setInputFiles(paths);
const isIn = (page: Page, upload: string) => page.locator(`.upload-state[data-state="${upload}"]`).first().waitFor();
/** Waits until the bucket has so many parts. */
const partsTaken = (count: number) => expect.poll(() => state().bucket.taken.length).toBe(count);
const newest = () => state().bucket.files[0]?.file ?? expect.fail('no file');

/** How many bytes of an upload the bucket has, as the browser remembers it. */
const rememberedBytes = (page: Page) =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        const opening = indexedDB.open('waypost');
        opening.onsuccess = () => {
          const reading = opening.result.transaction('uploads').objectStore('uploads').getAll();
          reading.onsuccess = () => {
            opening.result.close();
            resolve(reading.result[0]?.kept);
          };
        };
      }),
  );

/** Starts an upload in parts that stops before the parts from the fifth on. */
async function startHeld(page: Page, path: string): Promise<void> {
  for (const number of [5, 6, 7, 8, 9, 10]) state().bucket.held.add(number);
  await choose(page, path);
  await partsTaken(4);
}

describe('an upload', () => {
  it('of a small file is one request with its checksum', async () => {
    const { path, bytes } = fileOf('small.txt', 20_000);
    const page = await visit('/console/files', 'editor');
    await choose(page, path);
    await isIn(page, 'done');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(requests('POST', /\/files$/)[0]?.body).toEqual({ name: 'small.txt', size: 20_000, content_type: 'text/plain', sha256 });
    expect(newest().status).toBe('ready');
    expect(state().bucket.bytesOf(newest().id).equals(bytes)).toBe(true);
    await page.getByRole('link', { name: 'small.txt', exact: true }).last().waitFor();
  });

  it('of several files at once takes all of them', async () => {
    const files = [1, 2, 3, 4, 5].map((number) => fileOf(`many-${number}.bin`, 1000 + number));
    const page = await visit('/console/files', 'editor');
    await choose(
      page,
      files.map(({ path }) => path),
    );
    await expect.poll(() => page.locator('.upload-state[data-state="done"]').count()).toBe(5);
    const kept = state().bucket.files.slice(0, 5);
    expect(new Set(kept.map(({ file }) => file.name)).size).toBe(5);
    for (const { file } of kept) {
      const { bytes } = files.find(({ path }) => path.endsWith(file.name)) ?? expect.fail(file.name);
      expect(state().bucket.bytesOf(file.id).equals(bytes)).toBe(true);
    }
  });

  it('of a large file goes on after a reload where it was, with the same file only', async () => {
    const { path, bytes } = fileOf('large.bin', LARGE);
    const other = fileOf('other.bin', LARGE);
    const page = await visit('/console/files', 'editor');
    await startHeld(page, path);
    const { id } = newest();
    await expect.poll(() => state().bucket.waiting).toBe(3);
    await expect.poll(() => rememberedBytes(page)).toBe(4 * PART_BYTES);
    await page.reload();
    await isIn(page, 'asks');
    expect(await page.getByRole('progressbar').getAttribute('value')).toBe(String(4 * PART_BYTES));
    state().bucket.held.clear();
    const again = page.getByLabel('Choose the file again: large.bin');
    await again.setInputFiles(other.path);
    await page.getByText('This is another file').waitFor();
    await again.setInputFiles(path);
    await isIn(page, 'done');
    expect(state().bucket.taken).toHaveLength(10);
    expect(new Set(state().bucket.taken).size).toBe(10);
    expect(state().bucket.bytesOf(id).equals(bytes)).toBe(true);
    expect(requests('POST', /\/files$/)).toHaveLength(1);
    await page.reload();
    await page.getByRole('link', { name: 'large.bin', exact: true }).waitFor();
    expect(await cards(page).count()).toBe(0);
  });

  it('that a reload has interrupted goes on if the same file is dropped or chosen as a new one', async () => {
    const { path } = fileOf('chosen-anew.bin', LARGE);
    const page = await visit('/console/files', 'editor');
    await startHeld(page, path);
    await page.reload();
    await isIn(page, 'asks');
    state().bucket.held.clear();
    await choose(page, path);
    await isIn(page, 'done');
    expect(requests('POST', /\/files$/)).toHaveLength(1);
    expect(await cards(page).count()).toBe(1);
  });

  it('of a dropped file goes on by itself after a reload, where the browser may read it', async () => {
    const page = await visitKept(join(folder, 'profile'), '/console/files', 'editor');
    for (const number of [5, 6, 7, 8, 9, 10]) state().bucket.held.add(number);
    await page.getByText('Drop files anywhere').waitFor();
    await page.evaluate(async (size) => {
      // A file of the browser's own storage: it may always be read, and its handle can be kept.
      const root = await navigator.storage.getDirectory();
      const handle = await root.getFileHandle('dropped.bin', { create: true });
      const writer = await handle.createWritable();
      await writer.write(new Uint8Array(size).fill(7));
      await writer.close();
      Object.assign(DataTransferItem.prototype, { getAsFileSystemHandle: async () => handle });
      const data = new DataTransfer();
      data.items.add(await handle.getFile());
      dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }));
    }, LARGE);
    await expect.poll(() => rememberedBytes(page)).toBe(4 * PART_BYTES);
    await page.reload();
    state().bucket.held.clear();
    await isIn(page, 'done');
    expect(requests('POST', /\/files$/)).toHaveLength(1);
    expect(state().bucket.bytesOf(newest().id).length).toBe(LARGE);
  });

  it('sends parts again that have failed, and only these', async () => {
    const { path, bytes } = fileOf('shaky.bin', LARGE);
    const page = await visit('/console/files', 'editor');
    state().bucket.faults = [503, 0, 500, 0];
    await choose(page, path);
    await isIn(page, 'done');
    expect([...state().bucket.taken].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(state().bucket.bytesOf(newest().id).equals(bytes)).toBe(true);
  });

  it('that the bucket refuses says why, and can be tried again', async () => {
    const { path } = fileOf('refused.bin', LARGE);
    const page = await visit('/console/files', 'editor');
    state().bucket.faults = [400];
    await choose(page, path);
    await isIn(page, 'failed');
    await cards(page).getByText('SlowDown').waitFor();
    await page.getByRole('button', { name: 'Try again: refused.bin' }).click();
    await isIn(page, 'done');
    expect(requests('POST', /\/files$/)).toHaveLength(1);
  });

  it('pauses and goes on', async () => {
    const { path, bytes } = fileOf('paused.bin', LARGE);
    const page = await visit('/console/files', 'editor');
    await startHeld(page, path);
    await expect.poll(() => state().bucket.waiting).toBe(3);
    await page.getByRole('button', { name: 'Pause: paused.bin' }).click();
    await isIn(page, 'paused');
    await expect.poll(() => state().bucket.waiting).toBe(0);
    state().bucket.held.clear();
    await page.getByRole('button', { name: 'Go on: paused.bin' }).click();
    await isIn(page, 'done');
    expect(state().bucket.bytesOf(newest().id).equals(bytes)).toBe(true);
  });

  it('waits while there is no connection, and goes on by itself', async () => {
    const { path, bytes } = fileOf('train.bin', LARGE);
    const page = await visit('/console/files', 'editor');
    await startHeld(page, path);
    await page.context().setOffline(true);
    state().bucket.held.clear();
    await isIn(page, 'offline');
    await page.context().setOffline(false);
    await isIn(page, 'done');
    expect(state().bucket.bytesOf(newest().id).equals(bytes)).toBe(true);
  });

  it('is deleted with what was sent of it if it is cancelled', async () => {
    const { path } = fileOf('unwanted.bin', LARGE);
    const page = await visit('/console/files', 'editor');
    await startHeld(page, path);
    const { id } = newest();
    await page.getByRole('button', { name: 'Cancel: unwanted.bin' }).click();
    await expect.poll(() => state().bucket.find(id)).toBe(undefined);
    await page.reload();
    await page.getByRole('link', { name: 'poster.png', exact: true }).waitFor();
    expect(await cards(page).count()).toBe(0);
  });

  it('says that the workspace has no room, and is announced once there is', async () => {
    const { path } = fileOf('too-much.txt', 300);
    const page = await visit('/console/files', 'editor');
    const detail = 'the workspace keeps 100 GB of files, and has 12 MB left';
    state().faults.set('POST /v1/files', { status: 409, times: 1, detail });
    await choose(page, path);
    await cards(page).getByText(detail).waitFor();
    await page.getByRole('button', { name: 'Try again: too-much.txt' }).click();
    await isIn(page, 'done');
  });

  it('that the stack has given up begins anew', async () => {
    const { path } = fileOf('yesterday.bin', LARGE);
    const page = await visit('/console/files', 'editor');
    await startHeld(page, path);
    await page.getByRole('button', { name: 'Pause: yesterday.bin' }).click();
    const { id } = newest();
    state().bucket.held.clear();
    state().faults.set('GET /v1/files/{id}/parts', { status: 409, times: 1, detail: 'its upload has ended' });
    await page.getByRole('button', { name: 'Go on: yesterday.bin' }).click();
    await cards(page).getByText('its upload has ended').waitFor();
    await page.getByRole('button', { name: 'Try again: yesterday.bin' }).click();
    await isIn(page, 'done');
    expect(state().bucket.find(id)).toBe(undefined);
    expect(state().bucket.bytesOf(newest().id)).toHaveLength(LARGE);
  });

  it('goes on while other pages are shown, which learn that it is there', async () => {
    const { path } = fileOf('elsewhere.bin', LARGE);
    const page = await visit('/console/files', 'editor');
    await startHeld(page, path);
    await page.getByRole('link', { name: 'Tags' }).click();
    await page.getByRole('heading', { name: 'Tags' }).waitFor();
    state().bucket.held.clear();
    await page.locator('.toast').getByText('elsewhere.bin is uploaded').waitFor();
    await page.locator('.toast').getByRole('button', { name: 'Share' }).click();
    await page.getByRole('heading', { name: 'elsewhere.bin' }).waitFor();
  });

  it('is not shown to somebody else who signs in with the same browser', async () => {
    const { path } = fileOf('private.bin', LARGE);
    const page = await visit('/console/files', 'editor');
    await startHeld(page, path);
    state().credential = 'key_0199b0c67e4570008000000000000099';
    await page.reload();
    await page.getByRole('link', { name: 'poster.png', exact: true }).waitFor();
    state().credential = null;
    await page.reload();
    await isIn(page, 'asks');
    expect(await cards(page).count()).toBe(1);
  });

  it('is told to screen readers in few words', async () => {
    const { path } = fileOf('spoken.bin', LARGE);
    const page = await visit('/console/files', 'editor');
    await page.getByText('Drop files anywhere').waitFor();
    await page.evaluate(() => {
      const region = document.querySelector('.stack > [role="status"]');
      const said: string[] = [];
      Object.assign(window, { said });
      if (region)
        new MutationObserver(() => said.push(region.textContent ?? '')).observe(region, {
          subtree: true,
          characterData: true,
          childList: true,
        });
    });
    await choose(page, path);
    await isIn(page, 'done');
    const said = await page.evaluate(() => (window as unknown as { said: string[] }).said);
    expect(said.length).toBeLessThan(9);
    expect(said.at(-1)).toBe('spoken.bin: uploaded');
  });

  it('of a pasted picture works, and a paste into a field stays a paste', async () => {
    const page = await visit('/console/files', 'editor');
    await page.getByText('Drop files anywhere').waitFor();
    const paste = (selector: string) =>
      page.locator(selector).evaluate((element) => {
        const data = new DataTransfer();
        data.items.add(new File(['picture'], 'image.png', { type: 'image/png', lastModified: 1 }));
        element.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
      });
    await paste('#quick-link');
    await paste('main');
    await isIn(page, 'done');
    expect(await cards(page).count()).toBe(1);
    expect(newest().name).toBe('image.png');
  });
});

describe('a file', () => {
  const poster = `/console/files/${fileId(4)}`;

  it('is shared by a link with an end, a limit and a password, which is copied and has a code', async () => {
    const page = await visit(poster, 'editor');
    await page.getByLabel('Slug').fill('press-kit');
    await page.getByText('Free in your workspace').waitFor();
    await page.getByLabel('Until').fill('2027-01-31T12:00');
    await page.getByLabel('Most downloads').fill('3');
    await page.getByLabel('Password').fill('correct horse');
    await page.getByRole('button', { name: 'Make a link' }).click();
    await page.locator('.toast').getByText('press-kit is copied').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('https://go.example.com/press-kit');
    expect(requests('POST', /\/links$/)[0]?.body).toEqual({
      url: targetOf(fileId(4)),
      domain: 'go.example.com',
      slug: 'press-kit',
      expires_at: '2027-01-31T11:00:00.000Z',
      max_clicks: 3,
      password: 'correct horse',
    });
    const first = page.locator('.plain-list li').first();
    await first.getByText('0 of 3 downloads').waitFor();
    await first.getByRole('button', { name: 'QR code of' }).click();
    await page.getByRole('dialog').locator('.qr-picture img').waitFor();
    expect(await page.getByLabel('Password').inputValue()).toBe('');
  });

  it('shows a wrong field at the field', async () => {
    const page = await visit(poster, 'editor');
    const errors = [{ pointer: '/max_clicks', detail: 'must be at least 1' }];
    await page.route('**/v1/links', (route) =>
      route.fulfill({ status: 422, contentType: 'application/problem+json', json: { title: 'x', status: 422, detail: 'wrong', errors } }),
    );
    await page.getByLabel('Most downloads').fill('0');
    await page.getByRole('button', { name: 'Make a link' }).click();
    await page.locator('.field-error').getByText('must be at least 1').waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('type'))).toBe('number');
  });

  it('is deleted after a question that names the links to it', async () => {
    const page = await visit('/console/files', 'editor');
    await page.getByRole('button', { name: 'Delete poster.png' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete poster.png?' });
    await dialog.getByText('2 links lead to it').waitFor();
    expect(await dialog.locator('li').allInnerTexts()).toEqual(['go.example.com/poster', 'go.example.com/poster-press']);
    await dialog.getByRole('button', { name: 'Delete' }).press('Enter');
    await page.locator('.toast').getByText('poster.png was deleted').waitFor();
    expect(state().bucket.find(fileId(4))).toBe(undefined);
    await page.getByRole('button', { name: 'Delete backup.tar.zst' }).click();
    await page.getByText('No link leads to it.').waitFor();
  });

  it('stands by its name where a link leads to it', async () => {
    const page = await visit('/console/links?search=poster');
    await page.locator('.link-row').getByText('poster.png').first().waitFor();
    expect(await page.locator('.links').innerText()).not.toContain('files.invalid');
    await page.goto('/console/links/go.example.com/poster');
    await page.locator('.page-head').getByRole('link', { name: 'poster.png' }).click();
    await page.getByRole('heading', { name: 'poster.png' }).waitFor();
    expect(page.url()).toContain(poster);
  });

  it('that is gone is named as such where a link leads to it', async () => {
    state().bucket.files = [];
    const page = await visit('/console/links/go.example.com/poster');
    await page.locator('.page-head').getByText('a file that is gone').waitFor();
    await page.goto('/console/files');
    await page.getByText('No files yet').waitFor();
  });

  it.each([
    [{ status: 'inspecting' }, 'being checked', 'The file is being checked'],
    [{ status: 'blocked', blocked_reason: 'Eicar-Signature' }, 'blocked', 'Nobody gets this file: Eicar-Signature'],
    [{ expires_at: '2020-01-01T00:00:00.000Z' }, 'expired', 'The file has expired'],
    [{ status: 'uploading' }, 'not complete', 'The file is not complete yet'],
  ] as const)('says that it is %o', async (fields, badge, note) => {
    // Today's document does not have all of these.
    state().checks = false;
    const kept = state().bucket.find(fileId(4)) ?? expect.fail('no poster');
    kept.file = { ...kept.file, ...fields };
    const page = await visit('/console/files');
    await page.getByRole('row', { name: 'poster.png' }).getByText(badge, { exact: true }).waitFor();
    await page.getByRole('link', { name: 'poster.png', exact: true }).click();
    await page.locator('.note').getByText(note).waitFor();
    expect(await page.locator('.preview').count()).toBe(kept.file.status === 'ready' ? 1 : 0);
  });

  it('shows what it was found to be', async () => {
    state().checks = false;
    const kept = state().bucket.find(fileId(4)) ?? expect.fail('no poster');
    kept.file = { ...kept.file, detected: { content_type: 'image/png', width: 640, height: 360 } };
    const page = await visit(poster);
    await page.getByText('image/png, 640 × 360 pixels').waitFor();
    await expect.poll(() => page.locator('.preview img').evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(640);
  });

  it('that is a film plays and seeks in the page', async () => {
    const page = await visit('/console/files', 'editor');
    await page.getByText('Drop files anywhere').waitFor();
    await pasteFilm(page, 'film.mp4');
    await page.getByRole('link', { name: 'Share film.mp4' }).first().click();
    const shown = await playOn(page, '.preview video');
    expect(shown.at).toBeGreaterThanOrEqual(2);
    expect(shown.width).toBe(320);
  });

  it('can be seen by a viewer, who has no way to change anything', async () => {
    const page = await visit('/console/files', 'viewer');
    await page.getByText('Your role sees files').waitFor();
    expect(await page.getByRole('button', { name: /Delete|Choose/ }).count()).toBe(0);
    await page.goto(poster);
    await page.getByText('Links to this file').waitFor();
    expect(await page.getByRole('button', { name: /Make a link|Delete/ }).count()).toBe(0);
  });
});
