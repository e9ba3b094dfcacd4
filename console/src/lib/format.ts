/** Dates and numbers as the reader writes them. */
const LOCALE = localeOf(globalThis.navigator?.language);

/** Returns a language that `Intl` takes. Some systems give browsers the name of a locale, such as `en-US@posix`. */
export function localeOf(language: string | undefined): string {
  try {
    return Intl.getCanonicalLocales((language ?? '').replace(/[@.].*$/, ''))[0] ?? 'en';
  } catch {
    return 'en';
  }
}

/** The time zone of the browser, such as `Europe/Berlin`. */
export const TIME_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

const whole = new Intl.NumberFormat(LOCALE);
const short = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumFractionDigits: 1 });
const share = new Intl.NumberFormat(LOCALE, { style: 'percent', maximumFractionDigits: 1 });
const signed = new Intl.NumberFormat(LOCALE, { style: 'percent', maximumFractionDigits: 0, signDisplay: 'exceptZero' });
const moments = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'short' });
const days = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium' });
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' });
const plurals = new Intl.PluralRules('en');
const lists = new Intl.ListFormat('en', { type: 'conjunction' });

export const formatNumber = (value: number): string => whole.format(value);
/** Up to 9,999 in full, then as 12.3K. */
export const formatCount = (value: number): string => (Math.abs(value) < 10_000 ? whole.format(value) : short.format(value));
export const formatShare = (value: number): string => share.format(value);
export const formatChange = (value: number): string => signed.format(value);
export const formatDateTime = (time: string | Date): string => moments.format(new Date(time));
export const formatDate = (time: string | Date): string => days.format(new Date(time));
export const formatList = (items: string[]): string => lists.format(items);

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** "3 days ago", "in 2 hours". */
export function formatRelative(time: string | Date, now: number = Date.now()): string {
  const seconds = (new Date(time).getTime() - now) / 1000;
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return relative.format(0, 'second');
}

/** 12345678 -> "12.3 MB". */
export function formatBytes(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const unit = units[power] ?? 'byte';
  const format = new Intl.NumberFormat(LOCALE, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: power > 1 ? 1 : 0 });
  return format.format(bytes / 1000 ** power);
}

export function formatDuration(seconds: number): string {
  const unit = seconds < 90 ? 'second' : seconds < 5400 ? 'minute' : 'hour';
  const size = { second: 1, minute: 60, hour: 3600 }[unit];
  return new Intl.NumberFormat(LOCALE, { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 0 }).format(seconds / size);
}

const regions = new Intl.DisplayNames([LOCALE], { type: 'region', fallback: 'code' });
const languages = new Intl.DisplayNames([LOCALE], { type: 'language', fallback: 'code' });

/** The name of a country, or its code if nobody knows one. */
export const countryName = (code: string): string => nameOf(regions, code);
export const languageName = (tag: string): string => nameOf(languages, tag);

function nameOf(names: Intl.DisplayNames, code: string): string {
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}

/** Chooses the form of a noun for a number, and writes the number before it. */
export function counted(value: number, one: string, other: string): string {
  return `${formatNumber(value)} ${plurals.select(value) === 'one' ? one : other}`;
}
