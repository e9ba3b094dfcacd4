import { describe, expect, it } from 'vitest';
import { cursorsFor, cursorsNear, idsBetween, type Known, pageOf, rowsOf, withPage } from '../../src/screens/links/known';

const page = (cursor: string, ids: string, next: string | null) => ({ cursor, ids: ids === '' ? [] : ids.split(' '), next });
const known = [page('', 'a b c', 'x'), page('x', '', 'y'), page('y', 'd e', 'z')].reduce<Known>(withPage, []);

describe('the pages of a list that are known', () => {
  it('stand one behind the other, also where one is empty', () => {
    expect(known.map(({ first }) => first)).toEqual([0, 3, 3]);
    expect(rowsOf(known)).toBe(5);
    expect(rowsOf([])).toBe(0);
    expect([0, 2, 3, 4, 5, -1].map((row) => pageOf(known, row))).toEqual([0, 0, 2, 2, -1, -1]);
    expect(idsBetween(known, 1, 3)).toEqual(['b', 'c', 'd']);
    expect(idsBetween(known, 0, 99)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('stay as they are where nothing is new', () => {
    expect(withPage(known, page('x', '', 'y'))).toBe(known);
    expect(withPage(known, page('elsewhere', 'q', null))).toBe(known);
  });

  it('move where a page has lost or got links, and are unknown behind one that ends elsewhere', () => {
    const fewer = withPage(known, page('', 'a c', 'x'));
    expect(fewer.map(({ first }) => first)).toEqual([0, 2, 2]);
    expect(idsBetween(fewer, 0, 9)).toEqual(['a', 'c', 'd', 'e']);
    expect(withPage(known, page('', 'new a b', 'w')).map(({ cursor }) => cursor)).toEqual(['']);
    expect(rowsOf(withPage(known, page('x', 'k', null)))).toBe(4);
  });

  it('are read where they are shown, and the next one near the end', () => {
    expect(cursorsFor([], { first: 0, last: 0 }, 12)).toEqual(['']);
    expect(cursorsFor(known, { first: 0, last: 1 }, 1)).toEqual(['']);
    expect(cursorsFor(known, { first: 2, last: 3 }, 1)).toEqual(['', 'x', 'y']);
    expect(cursorsFor(known, { first: 4, last: 4 }, 1)).toEqual(['y', 'z']);
    expect(cursorsFor(withPage(known, page('z', 'f', null)), { first: 5, last: 5 }, 1)).toEqual(['z']);
  });

  it('are kept near from what is shown', () => {
    let many: Known = [];
    for (let at = 0; at < 100; at++) many = withPage(many, page(at === 0 ? '' : `c${at}`, `i${at}`, `c${at + 1}`));
    const near = cursorsNear(many, { first: 50, last: 52 }, 3);
    expect([...(near ?? [])]).toEqual(['c47', 'c48', 'c49', 'c50', 'c51', 'c52', 'c53', 'c54', 'c55']);
    expect(cursorsNear(many, { first: 0, last: 200 }, 3)?.size).toBe(100);
    expect(cursorsNear([], { first: 0, last: 9 }, 3)).toBe(null);
  });

  it('never show a row twice or leave one out, whatever is deleted and read again', () => {
    // The list as the API has it: a page begins behind the place that its cursor names.
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    for (let run = 0; run < 200; run++) {
      let links = Array.from({ length: 40 }, (_, at) => at * 10);
      const read = (cursor: string) => {
        const rest = links.filter((link) => cursor === '' || link > Number(cursor));
        const items = rest.slice(0, 5);
        return { cursor, ids: items.map(String), next: rest.length > 5 ? String(items.at(-1)) : null };
      };
      let list: Known = withPage([], read(''));
      for (let step = 0; step < 60; step++) {
        if (random(3) === 0) links = links.filter((_, at) => at !== random(links.length));
        else if (random(4) === 0) links = [...links, random(400)].sort((a, b) => a - b).filter((link, at, all) => link !== all[at - 1]);
        else {
          const at = random(list.length + 1);
          const cursor = list[at]?.cursor ?? list.at(-1)?.next;
          if (typeof cursor === 'string') list = withPage(list, read(cursor));
        }
        const ids = idsBetween(list, 0, rowsOf(list)).map(Number);
        expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
      }
      // Once nothing changes any more, reading all again ends with the list as it is.
      for (let turn = 0; turn < 120; turn++) {
        const cursor = turn < list.length ? list[turn]?.cursor : list.at(-1)?.next;
        if (typeof cursor === 'string') list = withPage(list, read(cursor));
      }
      expect(idsBetween(list, 0, rowsOf(list)).map(Number)).toEqual(links);
    }
  });
});
