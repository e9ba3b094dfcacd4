/**
 * `make bench ONLY=console`: how long people wait, in Chromium with a processor four times slower than this one, before the tests' own
 * server with 10,000 links and a year of clicks. Each figure stands beside a bare page of the same server and the same run, which does
 * the least that could answer the same wish; they take turns. What counts is the ratio: times of one machine say nothing about another.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { launch, open } from '../tests/browser/browser.ts';
import { type Running, start } from '../tests/server/server.ts';
import { State } from '../tests/server/state.ts';

const LINKS = 10_000;
const SLOWER = 4;
const RUNS = 9;
/** The pause after which the box of the list asks; the bare page waits as long. */
const PAUSE_MILLISECONDS = 180;
const BARE = '/bare';
const RESULT = new URL('../../target/bench/console.json', import.meta.url);

/** A page without a library: a text, a box that searches, a button for a year of statistics. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>bare</title><p id="first">ready</p>
<button id="switch">switch</button><button id="year">year</button><input id="search"><p id="out"></p><script src="/bare.js"></script>`;
const SCRIPT = `
const out = document.getElementById('out');
const show = async (path, count) => { out.textContent = String(count(await (await fetch(path)).json())); out.dataset.done = 'yes'; };
document.getElementById('switch').onclick = () => show('/v1/tags?limit=100', ({ items }) => items.length);
document.getElementById('year').onclick = () => {
  const [to, from] = [0, 364].map((days) => new Date(Date.now() - days * 86400000).toISOString().slice(0, 10));
  show('/v1/stats?from=' + from + '&to=' + to + '&interval=week&tz=UTC', ({ series }) => series.items.length);
};
let timer;
document.getElementById('search').oninput = ({ target }) => {
  clearTimeout(timer);
  timer = setTimeout(() => show('/v1/links?limit=100&include=total&search=' + encodeURIComponent(target.value), ({ total }) => total), ${PAUSE_MILLISECONDS});
};`;

/** What is done, and the selector that shows that it is done. */
interface Wish {
  path: string;
  /** What must be there before it begins. */
  ready: string;
  /** Done within the page; not for the loading of the page itself. */
  act?: { click: string } | { type: string; into: string };
  done: string;
}

interface Figure {
  name: string;
  goal: number;
  ours: Wish;
  bare: Wish;
}

const bareWish = (act: Wish['act']): Wish => ({ path: BARE, ready: '#first', ...(act ? { act } : {}), done: '#out[data-done]' });

const FIGURES: Figure[] = [
  {
    name: 'first screen: chart and top values are there',
    goal: 12,
    ours: { path: '/console/', ready: 'html', done: 'html:has(.chart canvas):has(.tops li)' },
    bare: { path: BARE, ready: 'html', done: '#first' },
  },
  {
    name: 'another screen: from home to the tags',
    goal: 8,
    ours: { path: '/console/', ready: '.chart canvas', act: { click: 'nav a[href="/console/tags"]' }, done: 'main table.list' },
    bare: bareWish({ click: '#switch' }),
  },
  {
    name: 'search of 10,000 links: from the last letter to the rows',
    goal: 2.5,
    ours: {
      path: '/console/links?range=all',
      ready: '.link-row',
      act: { type: 'webinar', into: '#search' },
      done: '.links[aria-rowcount]:not([aria-rowcount="10001"])',
    },
    bare: bareWish({ type: 'webinar', into: '#search' }),
  },
  {
    name: 'statistics of a year: from the click to the chart',
    goal: 12,
    ours: {
      path: '/console/statistics?range=7d',
      ready: '.chart canvas',
      act: { click: 'main .segments button:nth-child(5)' },
      done: 'YEAR',
    },
    bare: bareWish({ click: '#year' }),
  },
];
/** The year has come when the sentence about the chart names a day of last year. */
const YEAR = `.chart[aria-label*="${new Date(Date.now() - 364 * 86_400_000).getUTCFullYear()} to"]`;

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Milliseconds until a wish is fulfilled and painted. */
async function measure(page: Page, wish: Wish): Promise<number> {
  const done = wish.done === 'YEAR' ? YEAR : wish.done;
  // Runs before the scripts of the page, so that no frame is missed; through the debugger, which the page's policy does not bind.
  await page.addInitScript(`window.painted = (selector) => new Promise((resolve) => {
    const look = () => document.querySelector(selector)
      ? requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))
      : requestAnimationFrame(look);
    look();
  });`);
  await page.goto(wish.path, { waitUntil: 'commit' });
  const painted = (selector: string) =>
    page.evaluate((one) => (window as unknown as { painted: (of: string) => Promise<number> }).painted(one), selector);
  if (wish.act === undefined) return painted(done);
  await page.waitForSelector(wish.ready);
  // What the first screen fetches ahead is no part of what comes.
  await page.waitForLoadState('networkidle');
  return page.evaluate(
    async ({ act, selector }) => {
      const { painted } = window as unknown as { painted: (of: string) => Promise<number> };
      const element = document.querySelector<HTMLInputElement>('click' in act ? act.click : act.into);
      if (element === null) throw new Error('there is nothing to act on');
      let began = performance.now();
      if ('click' in act) element.click();
      else {
        const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set;
        for (let length = 1; length <= act.type.length; length++) {
          set?.call(element, act.type.slice(0, length));
          began = performance.now();
          element.dispatchEvent(new InputEvent('input', { bubbles: true }));
          await new Promise((resolve) => setTimeout(resolve, 60));
        }
      }
      return (await painted(selector)) - began;
    },
    { act: wish.act, selector: done },
  );
}

async function once(browser: Browser, server: Running, wish: Wish): Promise<number> {
  const { context, page } = await open(browser, server, 'admin');
  try {
    const session = await context.newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
    return await measure(page, wish);
  } finally {
    await context.close();
  }
}

const state = new State(Date.now(), LINKS);
// The answers are those of the tests, which check them; here the check would be most of the time.
state.checks = false;
state.pages.set(BARE, { type: 'text/html; charset=utf-8', content: PAGE });
state.pages.set('/bare.js', { type: 'text/javascript', content: SCRIPT });
const server = await start(state);
const browser = await launch();
const rows: { name: string; milliseconds: number; bare: number; ratio: number; goal: number }[] = [];
for (const { name, goal, ours, bare } of FIGURES) {
  const times: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
  // The first turn warms the server up and does not count.
  for (let run = 0; run <= RUNS; run++) {
    const [one, floor] = [await once(browser, server, ours), await once(browser, server, bare)];
    if (run > 0) {
      times.ours.push(one);
      times.bare.push(floor);
    }
  }
  const [milliseconds, floor] = [median(times.ours), median(times.bare)];
  rows.push({ name, milliseconds: Math.round(milliseconds), bare: Math.round(floor), ratio: milliseconds / floor, goal });
}
await browser.close();
await server.close();
mkdirSync(new URL('.', RESULT), { recursive: true });
writeFileSync(RESULT, `${JSON.stringify(rows, null, 2)}\n`);
const widest = Math.max(...rows.map(({ name }) => name.length));
process.stdout.write(`${'figure'.padEnd(widest)}  console  bare page  ratio  goal\n`);
for (const { name, milliseconds, bare, ratio, goal } of rows) {
  const met = ratio <= goal ? 'met' : 'NOT MET';
  process.stdout.write(
    `${name.padEnd(widest)}  ${`${milliseconds} ms`.padStart(7)}  ${`${bare} ms`.padStart(9)}  ${ratio.toFixed(2).padStart(5)}  at most ${goal}: ${met}\n`,
  );
}
