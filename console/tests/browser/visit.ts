import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { Role } from '../../src/api/types';
import { type Running, start } from '../server/server';
import { State } from '../server/state';
import { type Look, launch, open, openKept, type Watched } from './browser';

/** A browser for the tests of a file, with a new server for each of them. */
export function useBrowser(links = 260) {
  let browser: Browser;
  let server: Running;
  let watched: Watched[] = [];

  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    server = await start(new State(Date.now(), links));
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

  async function goTo(opened: Watched, path: string): Promise<Page> {
    watched.push(opened);
    opened.page.setDefaultTimeout(20_000);
    await opened.page.goto(path);
    return opened.page;
  }

  return {
    /** The workspace in memory. */
    state: () => server.state,
    visit: async (path: string, role: Role | null = 'admin', look: Look = {}): Promise<Page> =>
      goTo(await open(browser, server, role, look), path),
    /** The same in a browser that keeps what it knows in `folder`. */
    visitKept: async (folder: string, path: string, role: Role): Promise<Page> => goTo(await openKept(folder, server, role), path),
    /** The requests of a method whose path matches. */
    requests: (method: string, path: RegExp) => server.state.requests.filter((one) => one.method === method && path.test(one.path)),
  };
}
