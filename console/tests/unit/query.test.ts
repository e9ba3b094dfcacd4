import { describe, expect, it } from 'vitest';
import { daysBetween } from '../../src/lib/dates';
import { changedQuery } from '../../src/lib/query';
import { filterOf, nextSort, queryOf, readState, selectsAll } from '../../src/screens/links/state';
import { visibleRows } from '../../src/screens/links/visible';
import { partsOf, readStats, seriesQuery, topsQuery } from '../../src/screens/statistics/state';

const NOW = new Date('2026-11-30T12:00:00Z');

describe('the query of the address', () => {
  it.each([
    ['', { search: 'a b' }, '?search=a+b'],
    ['?search=a&sort=title', { search: null }, '?sort=title'],
    ['?search=a', { search: '' }, ''],
    ['?tag=x', { tag: ['x', 'y&z'] }, '?tag=x&tag=y%26z'],
    ['?b=1&a=2', { c: '3' }, '?a=2&b=1&c=3'],
  ])('%s with %o is %s', (before, changes, after) => {
    expect(changedQuery(before, changes)).toBe(after);
  });
});

describe('the list of links', () => {
  it('reads what it writes', () => {
    const state = readState(
      new URLSearchParams(
        'search=sale&tag=a&tag=b&domain=go.example.com&archived=any&sort=clicks&order=asc&range=7d&broken=true&expires=7d',
      ),
    );
    expect(state).toEqual({
      search: 'sale',
      tags: ['a', 'b'],
      domain: 'go.example.com',
      archived: 'any',
      broken: true,
      expires: '7d',
      sort: 'clicks',
      order: 'asc',
      range: '7d',
    });
  });

  it('takes what it does not know as absent', () => {
    const state = readState(new URLSearchParams('sort=price&order=up&range=1y&archived=maybe&broken=yes&expires=soon'));
    expect(state).toMatchObject({ sort: null, order: null, range: '30d', archived: 'false', broken: false, expires: null });
  });

  it('never asks for more clicks of days than the API counts', () => {
    for (const range of ['7d', '30d', '90d', '12m', 'all']) {
      const query = queryOf(readState(new URLSearchParams({ range })), NOW);
      expect(query.limit).toBeGreaterThan(0);
      expect(query.limit).toBeLessThanOrEqual(100);
      if (query.clicks_from && query.clicks_to) {
        expect((query.limit ?? 0) * daysBetween(query.clicks_from, query.clicks_to)).toBeLessThanOrEqual(10_000);
      }
    }
  });

  it('sorts by relevance only in a search, which the API asks for', () => {
    expect(queryOf(readState(new URLSearchParams('sort=relevance')), NOW).sort).toBeUndefined();
    expect(queryOf(readState(new URLSearchParams('sort=relevance&search=a')), NOW).sort).toBe('relevance');
  });

  it('says `all` only where a change would mean every link', () => {
    expect(selectsAll(readState(new URLSearchParams('archived=any')))).toBe(true);
    expect(selectsAll(readState(new URLSearchParams('')))).toBe(false);
    expect(selectsAll(readState(new URLSearchParams('archived=any&tag=a')))).toBe(false);
    expect(filterOf(readState(new URLSearchParams('search=++&tag=a')))).toEqual({ tag: ['a'] });
  });

  it('selects by expiry from one moment on, the soonest first', () => {
    const after = '2026-11-30T12:00:00.000Z';
    const cases = { '7d': { expires_after: after, expires_before: '2026-12-07T12:00:00.000Z' }, past: { expires_before: after } };
    for (const [expires, filter] of Object.entries(cases)) {
      const state = readState(new URLSearchParams({ expires }));
      expect(filterOf(state, NOW)).toEqual(filter);
      expect(queryOf(state, NOW)).toMatchObject({ ...filter, sort: 'expires' });
      expect(selectsAll({ ...state, archived: 'any' })).toBe(false);
    }
    expect(queryOf(readState(new URLSearchParams('expires=7d&sort=clicks')), NOW).sort).toBe('clicks');
    expect(filterOf(readState(new URLSearchParams('broken=true')), NOW)).toEqual({ broken: 'true' });
    expect(selectsAll(readState(new URLSearchParams('broken=true&archived=any')))).toBe(false);
  });

  it('turns the order of a column around', () => {
    const state = readState(new URLSearchParams(''));
    expect(nextSort(state, 'clicks')).toEqual({ sort: 'clicks', order: 'desc' });
    expect(nextSort(state, 'created')).toEqual({ sort: 'created', order: 'asc' });
    expect(nextSort(state, 'expires')).toEqual({ sort: 'expires', order: 'asc' });
    expect(nextSort({ ...state, expires: '7d' }, 'expires')).toEqual({ sort: 'expires', order: 'desc' });
    expect(nextSort(state, 'title')).toEqual({ sort: 'title', order: 'asc' });
    expect(nextSort({ ...state, sort: 'title', order: 'asc' }, 'title')).toEqual({ sort: 'title', order: 'desc' });
  });

  it('draws the rows of the window, and never more than some', () => {
    for (const rows of [0, 1, 50, 100_000]) {
      for (const scrollTop of [0, 555, 56 * 50, 56 * 99_990, 1e9]) {
        const { first, last } = visibleRows({ scrollTop, height: 900, rowHeight: 56, rows, spare: 12 });
        expect(first).toBeGreaterThanOrEqual(0);
        expect(last).toBeLessThan(Math.max(rows, 1));
        expect(last - first).toBeLessThan(60);
      }
    }
  });
});

describe('statistics', () => {
  const read = (query: string) => readStats(new URLSearchParams(query), NOW);

  it('show thirty days compared if the address says nothing', () => {
    expect(read('')).toEqual({
      preset: '30d',
      range: { from: '2026-11-01', to: '2026-11-30' },
      compare: true,
      interval: 'day',
      tz: 'UTC',
      filter: '',
      view: 'chart',
    });
  });

  it.each([
    'range=custom',
    'range=custom&from=2026-02-01&to=2026-01-01',
    'range=custom&from=x&to=y',
    'range=custom&from=2024-01-01&to=2026-01-01',
    'range=never',
  ])('fall back to thirty days for %s', (query) => {
    expect(read(query).preset).toBe('30d');
  });

  it('with a filter ask in UTC, by day or longer, and for no breakdown at once', () => {
    const state = read('range=today&filter=country:DE&tz=Asia/Tokyo&interval=hour');
    expect(state).toMatchObject({ tz: 'UTC', interval: 'day', filter: 'country:DE' });
    expect(seriesQuery(state)).not.toHaveProperty('group_by');
    expect(topsQuery(state, 10)).not.toHaveProperty('filter');
  });

  it('keep colons in the value of a filter', () => {
    expect(partsOf('referrer:https://example.org:8080/')).toEqual(['referrer', 'https://example.org:8080/']);
  });
});
