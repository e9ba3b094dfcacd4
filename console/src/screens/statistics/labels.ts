import type { Interval } from '../../lib/dates';
import { countryName, languageName } from '../../lib/format';
import { text } from '../../text';

/** The breakdowns, in groups of dimensions that one looks at together. */
export const GROUPS = [
  { name: 'places', dimensions: ['country', 'language'] },
  { name: 'sources', dimensions: ['referrer_host', 'referrer', 'trigger'] },
  { name: 'devices', dimensions: ['device', 'browser', 'os'] },
  { name: 'links', dimensions: ['link'] },
  { name: 'campaigns', dimensions: ['utm_campaign', 'utm_source', 'utm_medium', 'utm_term', 'utm_content'] },
  { name: 'targets', dimensions: ['variant', 'rule'] },
  { name: 'bots', dimensions: ['bot', 'bot_kind'] },
] as const;

export type Group = (typeof GROUPS)[number];
export type Dimension = Group['dimensions'][number];

/** A value as people say it. */
export function valueName(dimension: string, value: string): string {
  if (dimension === 'country') return countryName(value);
  if (dimension === 'language') return languageName(value);
  if (dimension === 'rule') return text.rules.name(Number(value) + 1);
  const known = (text.values as Record<string, Record<string, string>>)[dimension];
  return known?.[value] ?? value;
}

const LOCALE = globalThis.navigator?.language ?? 'en';

/** The name of a step of the series, long (for a tip and the table) or short (for the axis). */
export function stepName(start: string, interval: Interval, tz: string, short: boolean): string {
  // A date means a day wherever one is; a time is one in the zone of the statistics.
  const isDay = start.length <= 10;
  const timeZone = isDay ? 'UTC' : tz;
  const date = new Date(isDay ? `${start}T00:00:00Z` : start);
  const parts: Intl.DateTimeFormatOptions =
    interval === 'hour' || interval === 'minute'
      ? { hour: 'numeric', minute: '2-digit', ...(short ? {} : { weekday: 'short', day: 'numeric', month: 'short' }) }
      : interval === 'month'
        ? { month: short ? 'short' : 'long', year: 'numeric' }
        : { day: 'numeric', month: 'short', ...(short ? {} : { weekday: 'short', year: 'numeric' }) };
  const name = new Intl.DateTimeFormat(LOCALE, { ...parts, timeZone }).format(date);
  return interval === 'week' && !short ? text.stats.weekFrom(name) : name;
}
