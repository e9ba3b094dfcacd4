import { useQueries } from '@tanstack/preact-query';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { cache } from '../../api/cache';
import { listLinks } from '../../api/links';
import type { Link, LinkPage, LinkQuery } from '../../api/types';
import { cursorsFor, cursorsNear, type Known, pageOf, rowsOf, withPage } from './known';

/** So many rows before the end of what is known, the next page is read. */
const SPARE_ROWS = 12;
/** So many pages before and behind the window stay in memory. */
const KEPT_PAGES = 8;

interface Rows {
  known: Known;
  /** How many links the query selects; `null` while nobody knows. */
  total: number | null;
  pages: ReadonlyMap<string, LinkPage>;
}

export interface LinkList {
  rows: number;
  known: Known;
  total: number | null;
  /** The link of a row; `null` while its page is read (again). */
  linkAt: (row: number) => Link | null;
  /** Tells which rows are shown. */
  show: (first: number, last: number) => void;
  isLoaded: boolean;
  hasMore: boolean;
  isReadingMore: boolean;
  isPaused: boolean;
  error: unknown;
  retry: () => void;
}

const listKey = (query: LinkQuery) => ['links', 'list', query] as const;
// Comparing every id with every id at each page would be most of the work.
cache.setQueryDefaults(['places'], { structuralSharing: false });

/** What is known of the pages outlives the screen, so that "back" finds the place. Beside the links, not among what is read again. */
const placesKey = (query: LinkQuery) => ['places', query] as const;

/** Reads a page. Made here, so that it holds no rendering: one that held the last would keep all before it, with all of their links. */
function readerOf(query: LinkQuery, cursor: string) {
  return ({ signal }: { signal: AbortSignal }) => listLinks({ ...query, ...(cursor ? { cursor } : {}) }, signal);
}

/**
 * A list of any length. Only the pages near what is shown are in memory, and only these are read again after a change; of all others
 * the ids and cursors are known, which take some dozens of bytes a row.
 */
export function useLinkList(query: LinkQuery): LinkList {
  const name = JSON.stringify(query);
  const [places, setPlaces] = useState<{ name: string; known: Known }>(() => ({
    name,
    known: cache.getQueryData<Known>(placesKey(query)) ?? [],
  }));
  const known = places.name === name ? places.known : (cache.getQueryData<Known>(placesKey(query)) ?? []);
  const [shown, setShown] = useState<{ name: string; first: number; last: number } | null>(null);
  // A list that is known already shows where one was; its beginning is not needed before that is measured.
  const window = shown?.name === name ? shown : known.length === 0 ? { first: 0, last: 0 } : null;
  const cursors = window === null ? [] : cursorsFor(known, window, SPARE_ROWS);
  const results = useQueries({
    queries: cursors.map((cursor) => ({ queryKey: [...listKey(query), cursor], queryFn: readerOf(query, cursor) })),
  });

  const pages = new Map<string, LinkPage>();
  cursors.forEach((cursor, at) => {
    const page = results[at]?.data as LinkPage | undefined;
    if (page !== undefined) pages.set(cursor, page);
  });
  let next = known;
  for (const [cursor, page] of pages)
    next = withPage(next, { cursor, ids: page.items.map(({ id }) => id), next: page.next_cursor ?? null });
  useLayoutEffect(() => {
    if (places.name === name && places.known === next) return;
    cache.setQueryData(placesKey(query), next);
    setPlaces({ name, known: next });
  }, [name, next, places]);

  // What is far away is let go, once the window has come to rest there.
  useEffect(() => {
    if (window === null) return;
    const near = cursorsNear(next, window, KEPT_PAGES);
    if (near === null) return;
    const pagesOfList = cache.getQueryCache().findAll({ queryKey: listKey(query), type: 'inactive' });
    for (const page of pagesOfList) if (!near.has(String(page.queryKey.at(-1)))) cache.getQueryCache().remove(page);
  }, [name, window?.first, next]);

  // While another list is read, the one before stays.
  const isLoaded = next.length > 0;
  const kept = useRef<Rows | null>(null);
  const total = [...pages.values()].at(-1)?.total ?? kept.current?.total ?? null;
  const current: Rows = isLoaded || kept.current === null ? { known: next, total, pages } : kept.current;
  if (isLoaded) kept.current = current;

  const linkAt = (row: number): Link | null => {
    const page = current.known[pageOf(current.known, row)];
    if (page === undefined) return null;
    const read = current.pages.get(page.cursor) ?? cache.getQueryData<LinkPage>([...listKey(query), page.cursor]);
    return read?.items[row - page.first] ?? null;
  };
  const show = useCallback(
    (first: number, last: number) =>
      setShown((before) => (before?.name === name && before.first === first && before.last === last ? before : { name, first, last })),
    [name],
  );
  const failed = results.find(({ error }) => error !== null);
  return {
    rows: rowsOf(current.known),
    known: current.known,
    total: current.total,
    linkAt,
    show,
    isLoaded: current.known.length > 0,
    hasMore: (current.known.at(-1)?.next ?? null) !== null,
    isReadingMore: results.some(({ isPending, fetchStatus }) => isPending && fetchStatus === 'fetching'),
    isPaused: results.some(({ fetchStatus }) => fetchStatus === 'paused'),
    error: failed?.error ?? null,
    retry: () => {
      for (const result of results) if (result.error !== null) result.refetch();
    },
  };
}
