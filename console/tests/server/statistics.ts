import type { Stats, Step, Top } from '../../src/api/types';
import { addDays, daysBetween } from '../../src/lib/dates.ts';
import { chance } from './data.ts';

const VALUES: Record<string, string[]> = {
  country: ['DE', 'US', 'AT', 'CH', 'FR', 'GB', 'NL', 'PL', 'IT', 'CA', 'JP', 'BR', 'IN', 'AU', 'ES', 'SG', 'ZA', 'SE', 'MT'],
  device: ['mobile', 'desktop', 'tablet'],
  browser: ['Chrome', 'Safari', 'Firefox', 'Edge', 'Samsung Internet'],
  os: ['Android', 'iOS', 'Windows', 'macOS', 'Linux'],
  referrer_host: ['news.example.org', 'www.google.com', 'mail.example.com', 'social.example', 't.co', 'chat.example'],
  referrer: ['https://news.example.org/today', 'https://www.google.com/', 'https://social.example/post/1'],
  language: ['de', 'en', 'fr', 'en-US', 'pl'],
  utm_source: ['newsletter', 'poster'],
  utm_medium: ['email', 'print'],
  utm_campaign: ['spring-2026'],
  utm_term: [],
  utm_content: [],
  trigger: ['link', 'qr'],
  rule: [],
  variant: [],
  link: ['go.example.com/docs', 'go.example.com/launch-2a', 'acme.example.com/menu', 'go.example.com/press', 'go.example.com/jobs'],
  bot: ['Googlebot', 'Slackbot', 'Twitterbot'],
  bot_kind: ['search', 'preview'],
  path: ['/sping-sale', '/doc', '/menu.html', '/wp-login.php', '/jobs/2024', '/caf\u{fffd}', '/launch'],
};

/** The clicks of a day, the same whenever it is asked. */
function clicksOn(day: string): number {
  const random = chance(Number(day.replaceAll('-', '')) * 2_654_435_761);
  random();
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  return Math.round((weekday === 0 || weekday === 6 ? 90 : 260) * (0.7 + random() * 0.7));
}

function topOf(dimension: string, clicks: number, limit: number): Top {
  let left = clicks;
  const items = (VALUES[dimension] ?? []).slice(0, limit).map((value) => {
    const share = Math.floor(left * (dimension === 'country' ? 0.25 : 0.38));
    left -= share;
    return { value, clicks: share, error: 0, ...(dimension === 'link' ? { link_id: null } : {}) };
  });
  const unknown = dimension.startsWith('utm') || dimension.startsWith('referrer') ? Math.floor(left * 0.7) : 0;
  return { items, other: left - unknown, unknown, error: 0 };
}

export function statistics(query: URLSearchParams, subject: Partial<Stats>): Stats {
  const from = (query.get('from') ?? '').slice(0, 10);
  const to = (query.get('to') ?? '').slice(0, 10);
  const interval = (query.get('interval') ?? 'day') as Stats['series']['interval'];
  const filtered = query.get('filter') !== null;
  const days = Array.from({ length: daysBetween(from, to) }, (_, at) => addDays(from, at));
  const scale = filtered ? 0.3 : 1;
  const step = (start: string, all: string[]): Step => {
    const clicks = Math.round(all.reduce((sum, day) => sum + clicksOn(day), 0) * scale);
    return { start, clicks, bots: filtered ? null : Math.round(clicks * 0.12), visitors: filtered ? null : Math.round(clicks * 0.74) };
  };
  let items: Step[];
  if (interval === 'hour') {
    items = days.flatMap((day) =>
      Array.from({ length: 24 }, (_, hour) => {
        const clicks = Math.round((clicksOn(day) / 24) * (1 + Math.sin((hour - 8) / 4)) * scale);
        return { start: `${day}T${String(hour).padStart(2, '0')}:00:00Z`, clicks, bots: 1, visitors: null };
      }),
    );
  } else {
    const size = interval === 'week' ? 7 : interval === 'month' ? 30 : 1;
    items = [];
    for (let at = 0; at < days.length; at += size) items.push(step(days[at] ?? from, days.slice(at, at + size)));
  }
  const sum = (kind: 'clicks' | 'bots' | 'visitors') => items.reduce((all, item) => all + (item[kind] ?? 0), 0);
  const clicks = sum('clicks');
  const asked = query.get('group_by');
  const dimensions =
    asked === 'all'
      ? Object.keys(VALUES).filter(
          (one) => (one !== 'link' || !subject.slug) && (one === 'path') <= (subject.domain !== undefined && !subject.slug),
        )
      : (asked?.split(',') ?? []);
  const limit = Number(query.get('limit') ?? 10);
  return {
    ...subject,
    from: `${from}T00:00:00Z`,
    to: `${addDays(to, 1)}T00:00:00Z`,
    tz: query.get('tz') ?? 'UTC',
    exact: true,
    totals: { clicks, bots: filtered ? null : sum('bots'), visitors: filtered ? null : sum('visitors') },
    ...(query.get('compare')
      ? {
          change: {
            from: `${addDays(from, -days.length)}T00:00:00Z`,
            before: { clicks: Math.round(clicks * 0.84), bots: 10, visitors: Math.round(clicks * 0.8) },
            clicks: 0.19,
            bots: null,
            visitors: -0.07,
          },
        }
      : {}),
    series: { interval, items },
    top: Object.fromEntries(dimensions.map((dimension) => [dimension, topOf(dimension, clicks, limit)])),
    null_because: { ...(filtered ? { 'totals.visitors': 'visitors are not counted by value' } : {}), 'change.bots': 'there is no ratio' },
  } as Stats;
}
