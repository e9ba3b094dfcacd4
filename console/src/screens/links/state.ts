import type { LinkFilter, LinkQuery } from '../../api/types';
import { daysBetween, type Range, rangeOf } from '../../lib/dates';

export const SORTS = ['created', 'changed', 'clicks', 'last_click', 'expires', 'title', 'relevance'] as const;
export type Sort = (typeof SORTS)[number];
/** When links expire. */
export const EXPIRIES = ['7d', '30d', 'past'] as const;
export type Expiry = (typeof EXPIRIES)[number];
export const RANGES = ['7d', '30d', '90d', '12m', 'all'] as const;
export type ListRange = (typeof RANGES)[number];

/** What the list shows, as the address says it. */
export interface ListState {
  search: string;
  tags: string[];
  domain: string;
  archived: 'false' | 'true' | 'any';
  /** Whether only links whose target is broken. */
  broken: boolean;
  expires: Expiry | null;
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
    broken: query.get('broken') === 'true',
    expires: one('expires', EXPIRIES),
    sort: one('sort', SORTS),
    order: one('order', ['asc', 'desc']),
    range: one('range', RANGES) ?? '30d',
  };
}

/** The filter of a state, for a change of all links that the list selects. `now` is when the list was asked for. */
export function filterOf(state: ListState, now: Date = new Date()): LinkFilter {
  const search = state.search.trim();
  return {
    ...(search ? { search } : {}),
    ...(state.tags.length ? { tag: state.tags } : {}),
    ...(state.domain ? { domain: state.domain } : {}),
    ...(state.archived === 'false' ? {} : { archived: state.archived }),
    ...(state.broken ? { broken: 'true' as const } : {}),
    ...expiryOf(state.expires, now),
  };
}

function expiryOf(expires: Expiry | null, now: Date): Pick<LinkFilter, 'expires_after' | 'expires_before'> {
  if (expires === null) return {};
  if (expires === 'past') return { expires_before: now.toISOString() };
  const until = new Date(now.getTime() + { '7d': 7, '30d': 30 }[expires] * 86_400_000);
  return { expires_after: now.toISOString(), expires_before: until.toISOString() };
}

/** Whether the filter leaves out nothing, so that a change must say that it means all links. */
export function selectsAll(state: ListState): boolean {
  const { archived, ...others } = filterOf(state);
  return archived === 'any' && Object.keys(others).length === 0;
}

export function isFiltered(state: ListState): boolean {
  return Object.keys(filterOf(state)).length > 0;
}

/** The query of a page of the list. Pages are as long as the API counts clicks for. */
export function queryOf(state: ListState, now: Date = new Date()): LinkQuery {
  const { search, tag, domain, archived, broken, expires_after, expires_before } = filterOf(state, now);
  const range = state.range === 'all' ? null : rangeOf(state.range, 'UTC', now);
  const sort = sortOf(state);
  const order = state.order ?? undefined;
  return {
    limit: range === null ? PAGE : Math.min(PAGE, Math.floor(MOST_DAYS_COUNTED / daysOf(range))),
    include: ['total', 'clicks'],
    ...(search ? { search } : {}),
    ...(tag ? { tag } : {}),
    ...(domain ? { domain } : {}),
    ...(archived ? { archived } : {}),
    ...(broken ? { broken } : {}),
    ...(expires_after ? { expires_after } : {}),
    ...(expires_before ? { expires_before } : {}),
    ...(sort && (sort !== 'relevance' || search) ? { sort } : {}),
    ...(order ? { order } : {}),
    ...(range ? { clicks_from: range.from, clicks_to: range.to, clicks_tz: 'UTC' } : {}),
  };
}

function daysOf(range: Range): number {
  return daysBetween(range.from, range.to);
}

/** What the list is sorted by, if the address does not leave it to the API: what expires soon, by when. */
export function sortOf(state: ListState): Sort | null {
  return state.sort ?? (state.expires !== null && state.search === '' ? 'expires' : null);
}

/** The order that people expect first. */
export function naturalOrder(sort: Sort): 'asc' | 'desc' {
  return sort === 'title' || sort === 'expires' ? 'asc' : 'desc';
}

/** What a click on the head of a column asks for: first its natural order, then the other. */
export function nextSort(state: ListState, sort: Sort): { sort: Sort; order: 'asc' | 'desc' } {
  const natural = naturalOrder(sort);
  const isSorted = (sortOf(state) ?? (state.search ? 'relevance' : 'created')) === sort;
  const now = state.order ?? natural;
  return { sort, order: isSorted ? (now === 'asc' ? 'desc' : 'asc') : natural };
}
