import type { StatsQuery } from '../../api/types';
import { bestInterval, daysBetween, type Interval, intervalsFor, PRESETS, type Preset, type Range, rangeOf } from '../../lib/dates';

/** What the statistics show, as the address says it. */
export interface StatsState {
  preset: Preset;
  range: Range;
  compare: boolean;
  interval: Interval;
  tz: string;
  /** `dimension:value`, or an empty text. */
  filter: string;
  view: 'chart' | 'table';
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** The longest range that the API answers. */
const MOST_DAYS = 366;

/** Reads the state. What cannot be is replaced by the nearest that can: addresses are typed and cut. */
export function readStats(query: URLSearchParams, now: Date = new Date()): StatsState {
  const filter = /^[a-z_]+:./.test(query.get('filter') ?? '') ? (query.get('filter') ?? '') : '';
  // With a filter the API counts whole days of UTC only.
  const tz = filter === '' ? (query.get('tz') ?? 'UTC') : 'UTC';
  const known = PRESETS.find((preset) => preset === query.get('range')) ?? '30d';
  const from = query.get('from') ?? '';
  const to = query.get('to') ?? '';
  const isCustom = known === 'custom' && DAY.test(from) && DAY.test(to) && from <= to && daysBetween(from, to) <= MOST_DAYS;
  const preset = known === 'custom' && !isCustom ? '30d' : known;
  const range = preset === 'custom' ? { from, to } : rangeOf(preset, tz, now);
  const days = daysBetween(range.from, range.to);
  const intervals = possibleIntervals(days, filter);
  const wanted = query.get('interval') as Interval | null;
  const best = bestInterval(days);
  const interval = wanted !== null && intervals.includes(wanted) ? wanted : intervals.includes(best) ? best : 'day';
  const view = query.get('view') === 'table' ? 'table' : 'chart';
  return { preset, range, compare: query.get('compare') !== 'no', interval, tz, filter, view };
}

/** The intervals that can be chosen. */
export function possibleIntervals(days: number, filter: string): Interval[] {
  return intervalsFor(days).filter((interval) => filter === '' || interval !== 'hour');
}

/** The query of the series. */
export function seriesQuery(state: StatsState): StatsQuery {
  return {
    from: state.range.from,
    to: state.range.to,
    tz: state.tz,
    interval: state.interval,
    ...(state.compare ? { compare: 'previous_period' as const } : {}),
    ...(state.filter ? { filter: state.filter } : {}),
  };
}

/** The query of the breakdowns: one dimension is counted at a time, so they are those of all clicks. */
export function topsQuery(state: StatsState, limit: number, groupBy = 'all'): StatsQuery {
  return { from: state.range.from, to: state.range.to, tz: state.tz, interval: 'day', group_by: groupBy, limit };
}

/** `country:DE` -> `['country', 'DE']`. Values may have colons of their own. */
export function partsOf(filter: string): [dimension: string, value: string] {
  const at = filter.indexOf(':');
  return [filter.slice(0, at), filter.slice(at + 1)];
}
