import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type LaunchOptions, type Page } from 'playwright-core';
import type { Role } from '../../src/api/types';
import { idOf } from '../server/data.ts';
import { fileId } from '../server/files.ts';
import type { Running } from '../server/server.ts';

const NAMES = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser'];

interface Program {
  path: string;
  /** Where its libraries are, if it brings them. */
  libraries: string | undefined;
}

/** Finds the browser of this machine. On Linux without one, unpacks that of an npm package. */
async function findBrowser(): Promise<Program> {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = process.env.CHROME ?? NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
  if (found !== undefined) return { path: found, libraries: undefined };
  if (process.platform !== 'linux') throw new Error('no browser: install Chrome or Chromium, or set CHROME to one');
  // The package unpacks the libraries, which a small machine lacks, only where it thinks that it runs in a function.
  process.env.AWS_EXECUTION_ENV = 'AWS_Lambda_nodejs22.x';
  const { default: packed } = await import('@sparticuz/chromium');
  return { path: await packed.executablePath(), libraries: process.env.LD_LIBRARY_PATH };
}

/**
 * Starts a browser. Chromium now and then dies while it starts on a machine that was busy, before it has seen a page;
 * then it is started again, at most twice, and what it said is shown.
 */
export async function launch(): Promise<Browser> {
  const options = await launchOptions();
  const start = () => chromium.launch(options);
  for (let again = 2; again > 0; again--) {
    try {
      return await start();
    } catch (error) {
      process.stderr.write(`the browser did not start, starting it again: ${error}\n`);
    }
  }
  return start();
}

async function launchOptions(): Promise<LaunchOptions> {
  const { path, libraries } = await findBrowser();
  // As root, in containers, Chromium has no sandbox of its own.
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return {
    executablePath: path,
    args: [...root, '--disable-background-networking', '--disable-gpu'],
    env: { ...process.env, LD_LIBRARY_PATH: libraries },
    timeout: 20_000,
  };
}

export interface Look {
  theme?: 'light' | 'dark';
  width?: number;
  height?: number;
}

/** Everything that a page says went wrong: scripts that failed, and what the Content-Security-Policy refused. */
export interface Watched {
  context: BrowserContext;
  page: Page;
  complaints: string[];
  /** Requests to any host but the server's. */
  strangers: string[];
}

/** A window, signed in as `role` (or as nobody). */
export async function open(browser: Browser, server: Running, role: Role | null, look: Look = {}): Promise<Watched> {
  return openIn(await browser.newContext(contextOptions(server, look)), server, role);
}

/**
 * A window of a browser of its own that keeps what it knows in `folder`, as those of people do. The other windows are private, and in
 * some of these Chromium 153 dies when a page reads a handle of a file from IndexedDB.
 */
export async function openKept(folder: string, server: Running, role: Role | null): Promise<Watched> {
  const options = { ...(await launchOptions()), ...contextOptions(server, {}) };
  return openIn(await chromium.launchPersistentContext(folder, options), server, role);
}

function contextOptions(server: Running, look: Look): BrowserContextOptions {
  const { theme = 'light', width = 1440, height = 900 } = look;
  return {
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    baseURL: server.url,
  };
}

async function openIn(context: BrowserContext, server: Running, role: Role | null): Promise<Watched> {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
  if (role !== null) {
    const secret = `secret-of-${role}`;
    if (!server.state.sessions.some((session) => session.secret === secret)) {
      server.state.sessions.push({ id: idOf('ses', 900 + server.state.sessions.length), secret, role, created: Date.now() });
    }
    await context.addCookies([{ name: 'waypost_session', value: secret, url: server.url, httpOnly: true, sameSite: 'Strict' }]);
  }
  const page = await context.newPage();
  const complaints: string[] = [];
  const strangers: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // A failed request is logged by the browser itself; tests of failures expect it.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text());
  });
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith('http') && origin !== server.url) strangers.push(request.url());
  });
  return { context, page, complaints, strangers };
}

/** The screens of the console, each with what shows that it is there. */
export const SCREENS: { name: string; path: string; ready: string }[] = [
  { name: 'home', path: '/console/', ready: '.tops li' },
  { name: 'links', path: '/console/links', ready: '.link-row' },
  { name: 'new-link', path: '/console/links/new', ready: '.save-bar' },
  { name: 'link', path: '/console/links/go.example.com/docs', ready: '.qr-picture img' },
  { name: 'link-statistics', path: '/console/links/go.example.com/docs/statistics', ready: '.tops li' },
  { name: 'files', path: '/console/files', ready: 'table.list' },
  { name: 'file', path: `/console/files/${fileId(4)}`, ready: '.preview img' },
  { name: 'statistics', path: '/console/statistics', ready: '.tops li' },
  { name: 'statistics-filtered', path: '/console/statistics?filter=country%3ADE&range=90d&view=table', ready: '.tops li' },
  { name: 'imports', path: '/console/imports', ready: 'table.list' },
  { name: 'import', path: `/console/imports/${idOf('imp', 3)}`, ready: 'table.list' },
  { name: 'exports', path: '/console/exports', ready: 'table.list' },
  { name: 'changes', path: '/console/changes', ready: 'table.list' },
  { name: 'tags', path: '/console/tags', ready: 'table.list' },
  { name: 'keys', path: '/console/keys', ready: 'table.list' },
  { name: 'domains', path: '/console/domains', ready: '.facts' },
  { name: 'misses', path: '/console/domains/go.example.com/misses', ready: '.tops .button' },
  { name: 'blocked', path: '/console/blocked-targets', ready: 'table.list' },
  { name: 'abuse', path: '/console/abuse-reports', ready: 'article.panel' },
  { name: 'links-broken', path: '/console/links?broken=true', ready: '.link-row' },
  { name: 'workspace', path: '/console/workspace', ready: '.save-bar' },
  { name: 'sessions', path: '/console/sessions', ready: 'table.list' },
];
