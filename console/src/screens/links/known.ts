/** What is remembered of every page of a list, also of those whose links are not in memory any more. */
export interface KnownPage {
  /** Where the page begins, for the API. The first has an empty text. */
  cursor: string;
  /** The index of its first row. */
  first: number;
  ids: string[];
  /** Where the next page begins; `null` on the last one. */
  next: string | null;
}

/** The pages known so far, from the first on without a gap. */
export type Known = readonly KnownPage[];

export interface ReadPage {
  cursor: string;
  ids: string[];
  next: string | null;
}

/** How many rows are known. */
export function rowsOf(known: Known): number {
  const last = known.at(-1);
  return last === undefined ? 0 : last.first + last.ids.length;
}

/**
 * Adds what was read of a page. A page that ends elsewhere than before makes those behind it unknown: their first rows may stand on it
 * now. Gives back the same array if nothing is new.
 */
export function withPage(known: Known, page: ReadPage): Known {
  const at = known.findIndex(({ cursor }) => cursor === page.cursor);
  const expected = known.length === 0 ? '' : known.at(-1)?.next;
  if (at < 0) return page.cursor === expected ? [...known, { ...page, first: rowsOf(known) }] : known;
  const before = known[at];
  if (before === undefined) return known;
  const isSame = before.next === page.next && before.ids.length === page.ids.length && before.ids.every((id, row) => id === page.ids[row]);
  if (isSame) return known;
  const rest = before.next === page.next ? known.slice(at + 1) : [];
  const moved = page.ids.length - before.ids.length;
  return [...known.slice(0, at), { ...page, first: before.first }, ...rest.map((one) => ({ ...one, first: one.first + moved }))];
}

/** The page with a row; -1 if it is not known. */
export function pageOf(known: Known, row: number): number {
  let [low, high] = [0, known.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const page = known[middle];
    if (page === undefined) return -1;
    if (row < page.first) high = middle - 1;
    else if (row >= page.first + page.ids.length) low = middle + 1;
    else return middle;
  }
  return -1;
}

/** The cursors of the pages that a window of rows needs, with the page behind them if the window comes near the end of what is known. */
export function cursorsFor(known: Known, window: { first: number; last: number }, spare: number): string[] {
  if (known.length === 0) return [''];
  const { first, last } = window;
  const shown = known.filter((page) => page.first <= last && page.first + page.ids.length > first).map(({ cursor }) => cursor);
  const next = known.at(-1)?.next ?? null;
  return next !== null && last >= rowsOf(known) - spare ? [...shown, next] : shown;
}

/** The cursors of the pages around a window, whose links stay in memory; `null` if the window is not known. */
export function cursorsNear(known: Known, window: { first: number; last: number }, pages: number): Set<string> | null {
  const from = pageOf(known, window.first);
  const to = pageOf(known, Math.min(window.last, rowsOf(known) - 1));
  if (from < 0 || to < 0) return null;
  return new Set(known.slice(Math.max(0, from - pages), to + pages + 1).map(({ cursor }) => cursor));
}

/** The ids of the rows from one to another, both included. */
export function idsBetween(known: Known, from: number, to: number): string[] {
  return known.flatMap((page) => page.ids.slice(Math.max(0, from - page.first), Math.max(0, to - page.first + 1)));
}
