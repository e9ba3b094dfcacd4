import type { LinkFilter, LinkQuery } from '../../api/types';
import { daysBetween, type Range, rangeOf } from '../../lib/dates';

export const SORTS = ['created', 'changed', 'clicks', 'last_click', 'title', 'relevance'] as const;
export type Sort = (typeof SORTS)[number];
export const RANGES = ['7d', '30d', '90d', '12m', 'all'] as const;
export type ListRange = (typeof RANGES)[number];

/** What the list shows, as the address says it. */
export interface ListState {
  search: string;
  tags: string[];
  domain: string;
  archived: 'false' | 'true' | 'any';
  sort: Sort | null;
  order: 'asc' | 'desc' | null;
  range: ListRange;
}

/** The most links times days that the API counts for one page. */
const MOST_DAYS_COUNTED = 10_000;
const PAGE = 100;

/** Reads the state of the list. A value that nobody knows counts as absent: addresses are typed and cut. */
export function readState(query: URLSearchParams): ListState {
  const one = <T extends string>(name: string, known: readonly T[]): T | null => {
    const value = query.get(name);
    return known.includes(value as T) ? (value as T) : null;
  };
  return {
    search: (query.get('search') ?? '').slice(0, 200),
    tags: query.getAll('tag').slice(0, 20),
    domain: query.get('domain') ?? '',
    archived: one('archived', ['true', 'any']) ?? 'false',
    sort: one('sort', SORTS),
    order: one('order', ['asc', 'desc']),
    range: one('range', RANGES) ?? '30d',
  };
}

/** The filter of a state, for a change of all links that the list selects. */
export function filterOf(state: ListState): LinkFilter {
  const search = state.search.trim();
  return {
    ...(search ? { search } : {}),
    ...(state.tags.length ? { tag: state.tags } : {}),
    ...(state.domain ? { domain: state.domain } : {}),
    ...(state.archived === 'false' ? {} : { archived: state.archived }),
  };
}

/** Whether the filter leaves out nothing, so that a change must say that it means all links. */
export function selectsAll(state: ListState): boolean {
  return state.archived === 'any' && state.search.trim() === '' && state.tags.length === 0 && state.domain === '';
}

export function isFiltered(state: ListState): boolean {
  return Object.keys(filterOf(state)).length > 0;
}

/** The query of a page of the list. Pages are as long as the API counts clicks for. */
export function queryOf(state: ListState, now: Date = new Date()): LinkQuery {
  const { search, tag, domain, archived } = filterOf(state);
  const range = state.range === 'all' ? null : rangeOf(state.range, 'UTC', now);
  const order = state.order ?? undefined;
  return {
    limit: range === null ? PAGE : Math.min(PAGE, Math.floor(MOST_DAYS_COUNTED / daysOf(range))),
    include: ['total', 'clicks'],
    ...(search ? { search } : {}),
    ...(tag ? { tag } : {}),
    ...(domain ? { domain } : {}),
    ...(archived ? { archived } : {}),
    ...(state.sort && (state.sort !== 'relevance' || search) ? { sort: state.sort } : {}),
    ...(order ? { order } : {}),
    ...(range ? { clicks_from: range.from, clicks_to: range.to, clicks_tz: 'UTC' } : {}),
  };
}

function daysOf(range: Range): number {
  return daysBetween(range.from, range.to);
}

/** What a click on the head of a column asks for: first its natural order, then the other. */
export function nextSort(state: ListState, sort: Sort): { sort: Sort; order: 'asc' | 'desc' } {
  const natural = sort === 'title' ? 'asc' : 'desc';
  const isSorted = (state.sort ?? (state.search ? 'relevance' : 'created')) === sort;
  const now = state.order ?? natural;
  return { sort, order: isSorted ? (now === 'asc' ? 'desc' : 'asc') : natural };
}
