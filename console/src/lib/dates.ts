/** Times of the API (RFC 3339 in UTC) and of `<input type="datetime-local">` (in the zone of the browser). */

const two = (value: number): string => String(value).padStart(2, '0');

/** `2026-01-02T03:04:05.000Z` -> `2026-01-02T04:04` in Berlin. An absent time is an empty field. */
export function toLocalInput(time: string | null | undefined): string {
  if (!time) return '';
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return '';
  const year = String(date.getFullYear()).padStart(4, '0');
  return `${year}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The way back. `null` for an empty field or one that is no time. */
export function fromLocalInput(value: string): string | null {
  if (value === '') return null;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** The day of a moment in a time zone, as `2026-01-31`. */
export function dayIn(zone: string, moment: Date): string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });
  const parts = Object.fromEntries(format.formatToParts(moment).map((part) => [part.type, part.value]));
  return `${parts.year}-${parts.month}-${parts.day}`;
}

/** Moves a day of the calendar. */
export function addDays(day: string, count: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + count);
  return date.toISOString().slice(0, 10);
}

/** How many days a range has, its first and last included. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000) + 1;
}

export const PRESETS = ['today', '7d', '30d', '90d', '12m', 'month', 'custom'] as const;
export type Preset = (typeof PRESETS)[number];
export type Interval = 'minute' | 'hour' | 'day' | 'week' | 'month';

export interface Range {
  from: string;
  to: string;
}

/** The days of a preset that ends today in `zone`. */
export function rangeOf(preset: Exclude<Preset, 'custom'>, zone: string, now: Date = new Date()): Range {
  const to = dayIn(zone, now);
  switch (preset) {
    case 'today':
      return { from: to, to };
    case '7d':
      return { from: addDays(to, -6), to };
    case '30d':
      return { from: addDays(to, -29), to };
    case '90d':
      return { from: addDays(to, -89), to };
    case '12m':
      return { from: addDays(to, -364), to };
    case 'month':
      return { from: `${to.slice(0, 8)}01`, to };
  }
}

/** The intervals that the API answers for a range of so many days: 366 days, 31 by hour. */
export function intervalsFor(days: number): Interval[] {
  const intervals: Interval[] = days <= 31 ? ['hour', 'day'] : ['day'];
  if (days > 7) intervals.push('week');
  if (days > 31) intervals.push('month');
  return intervals;
}

/** The interval that shows a range best: some 20 to 100 steps. */
export function bestInterval(days: number): Interval {
  if (days <= 2) return 'hour';
  return days <= 100 ? 'day' : 'week';
}
