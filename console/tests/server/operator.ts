import type { AbuseReport, BlockedTarget, BlockReason } from '../../src/api/types';
import { DOMAIN, idOf } from './data.ts';
import { type Answered, ok, page, problem, type Route } from './routes.ts';
import { statistics } from './statistics.ts';

const DAY = 86_400_000;
const OPERATOR = idOf('key', 1);

export function blockedTargets(now: number): BlockedTarget[] {
  const entry = (target: string, reason: BlockReason, days: number, note: string | null = null): BlockedTarget => ({
    target,
    reason,
    note,
    added_at: new Date(now - days * DAY).toISOString(),
    added_by: OPERATOR,
  });
  return [
    entry('cheap-pills.example', 'spam', 40),
    entry('evil.example', 'phishing', 2, 'reported by the bank'),
    entry('files.example.net/u/8213/', 'malware', 11, 'ticket 4711'),
    entry('login-bank.example', 'phishing', 1),
  ];
}

export function abuseReports(now: number): AbuseReport[] {
  const at = (hours: number) => new Date(now - hours * 3_600_000).toISOString();
  const report = (number: number, fields: Partial<AbuseReport>): AbuseReport =>
    ({
      link_id: idOf('lnk', 7000 + number),
      domain: DOMAIN,
      slug: `reported-${number}`,
      workspace: 'acme',
      url: 'https://shop.example.net/',
      status: 'open',
      count: 1,
      reasons: { spam: 1 },
      first: [{ at: at(40), reason: 'spam', comment: null, email: null }],
      first_reported_at: at(40),
      last_reported_at: at(2),
      closed_at: null,
      closed_by: null,
      note: null,
      ...fields,
    }) as AbuseReport;
  return [
    report(1, {
      slug: 'your-parcel',
      workspace: 'umbrella',
      url: 'https://parcel-fees.example/pay/now?id=8213&utm_source=sms',
      count: 23,
      reasons: { phishing: 19, fraud: 4 },
      first: [
        { at: at(20), reason: 'phishing', comment: 'It asks for my card number to deliver a parcel.', email: 'ada@example.org' },
        { at: at(19), reason: 'fraud', comment: 'Came by SMS, I never ordered anything.', email: null },
        { at: at(7), reason: 'phishing', comment: null, email: null },
      ],
    }),
    report(2, { slug: 'docs', link_id: idOf('lnk', 1), url: 'https://docs.example.org/install' }),
    report(3, {
      slug: 'old',
      status: 'closed',
      closed_at: at(200),
      closed_by: OPERATOR,
      note: 'a newsletter, harmless',
      last_reported_at: at(300),
    }),
  ];
}

const forOperators =
  (route: Route): Route =>
  (asked, ...names) =>
    asked.state.isOperators ? route(asked, ...names) : problem(403, 'this is for the operator of the stack');

function block(blocked: BlockedTarget[], items: { target: string; reason: BlockReason; note?: string | null }[]): BlockedTarget[] {
  const added = items.map(({ target, reason, note }) => ({
    target: target.replace(/^https?:\/\//, '').replace(/\/$/, ''),
    reason,
    note: note ?? null,
    added_at: new Date().toISOString(),
    added_by: OPERATOR,
  }));
  const names = added.map(({ target }) => target);
  blocked.splice(0, blocked.length, ...blocked.filter(({ target }) => !names.includes(target)), ...added);
  blocked.sort((a, b) => (a.target < b.target ? -1 : 1));
  return added;
}

const isPattern = (target: string): boolean => /^(https?:\/\/)?[^\s/.]+(\.[^\s/.]+)+(\/\S*)?$/.test(target);

export const OPERATOR_ROUTES: [method: string, path: RegExp, least: 'viewer' | 'admin', route: Route][] = [
  [
    'GET',
    /^\/v1\/blocked-targets$/,
    'admin',
    forOperators(({ state, query }) => {
      const prefix = query.get('prefix') ?? '';
      return ok(
        page(
          state.blocked.filter(({ target }) => target.startsWith(prefix)),
          query,
        ),
      );
    }),
  ],
  [
    'POST',
    /^\/v1\/blocked-targets$/,
    'admin',
    forOperators(({ state, body }) => {
      const { items } = body as { items: { target: string; reason: BlockReason; note: string | null }[] };
      const errors = items.flatMap(({ target }, at) =>
        isPattern(target) ? [] : [{ pointer: `/items/${at}/target`, detail: 'is not a host or URL' }],
      );
      if (errors.length > 0) return problem(422, `the request has ${errors.length} wrong field`, errors);
      return ok({ items: block(state.blocked, items) });
    }),
  ],
  [
    'DELETE',
    /^\/v1\/blocked-targets$/,
    'admin',
    forOperators(({ state, query }): Answered => {
      const at = state.blocked.findIndex(({ target }) => target === query.get('target'));
      if (at < 0) return problem(404, 'the target is not blocked');
      state.blocked.splice(at, 1);
      return { status: 204 };
    }),
  ],
  [
    'GET',
    /^\/v1\/abuse-reports$/,
    'admin',
    forOperators(({ state, query }) => {
      const status = query.get('status') ?? 'open';
      return ok(
        page(
          state.reports.filter((report) => report.status === status),
          query,
        ),
      );
    }),
  ],
  [
    'PATCH',
    /^\/v1\/abuse-reports\/([^/]+)$/,
    'admin',
    forOperators(({ state, body }, id) => {
      const { block: entry, ...change } = body as {
        block?: { target: string; reason: BlockReason };
        status?: 'open' | 'closed';
        note?: string | null;
      };
      const report = state.reports.find(({ link_id }) => link_id === id);
      if (report === undefined) return problem(404, 'there is no such report');
      if (entry && !isPattern(entry.target))
        return problem(422, 'the request has 1 wrong field', [{ pointer: '/block/target', detail: 'is not a host or URL' }]);
      if (entry) block(state.blocked, [entry]);
      const closed = change.status === 'closed';
      Object.assign(report, change, { closed_at: closed ? new Date().toISOString() : null, closed_by: closed ? OPERATOR : null });
      return ok(report);
    }),
  ],
  [
    'GET',
    /^\/v1\/domains\/([^/]+)\/misses$/,
    'viewer',
    ({ query, headers }, domain = '') => {
      const answer = statistics(query, { domain, all_time: { clicks: 9120, bots: 55_102, first_click_at: null, last_click_at: null } });
      if (headers.accept === 'text/csv') return { status: 200, text: 'start,clicks,bots,visitors\r\n', type: 'text/csv' };
      return ok(answer);
    },
  ],
];
