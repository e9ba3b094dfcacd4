import type { Interval } from '../../lib/dates';
import { countryName, languageName } from '../../lib/format';
import { text } from '../../text';
import type { Subject } from './ask';

/** The breakdowns, in groups of dimensions that one looks at together. */
export const GROUPS = [
  { name: 'paths', dimensions: ['path'] },
  { name: 'places', dimensions: ['country', 'language'] },
  { name: 'sources', dimensions: ['referrer_host', 'referrer', 'trigger'] },
  { name: 'devices', dimensions: ['device', 'browser', 'os'] },
  { name: 'links', dimensions: ['link'] },
  { name: 'campaigns', dimensions: ['utm_campaign', 'utm_source', 'utm_medium', 'utm_term', 'utm_content'] },
  { name: 'targets', dimensions: ['variant', 'rule'] },
  { name: 'bots', dimensions: ['bot', 'bot_kind'] },
] as const;

export type Dimension = (typeof GROUPS)[number]['dimensions'][number];
export interface Group {
  name: (typeof GROUPS)[number]['name'];
  dimensions: readonly Dimension[];
}

/** What is not counted of visits to no link. */
const OF_LINKS: readonly string[] = ['trigger', 'link', 'campaigns', 'targets', 'links'];

/** The breakdowns of a subject. */
export function groupsOf(subject: Subject): Group[] {
  const misses = 'missesOf' in subject;
  const shown = ({ name }: Group) => {
    if (name === 'paths') return misses;
    if (name === 'links') return 'tags' in subject;
    return name !== 'targets' || 'slug' in subject;
  };
  const groups = GROUPS.filter(shown);
  if (!misses) return groups;
  return groups
    .filter(({ name }) => !OF_LINKS.includes(name))
    .map((group) => ({ ...group, dimensions: group.dimensions.filter((one) => !OF_LINKS.includes(one)) }));
}

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
