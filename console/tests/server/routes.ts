import type { Domain, Import, Link, LinkChange, NewLinkChange } from '../../src/api/types';
import { chance, changeOf, DOMAIN, idOf, importOf, linkOf, REPORT } from './data.ts';
import { mySessionOf, type State, sessionOf } from './state.ts';
import { statistics } from './statistics.ts';

export interface Asked {
  state: State;
  role: 'viewer' | 'editor' | 'admin';
  session: string;
  method: string;
  query: URLSearchParams;
  body: never;
  headers: Record<string, string | string[] | undefined>;
  origin: string;
}

export interface Answered {
  status: number;
  body?: unknown;
  text?: string;
  type?: string;
  headers?: Record<string, string>;
}

export type Route = (asked: Asked, ...names: string[]) => Answered;

export const problem = (status: number, detail: string, errors?: { pointer: string; detail: string }[]): Answered => ({
  status,
  body: {
    type: `urn:problem-type:waypost:${(TITLES[status] ?? 'error').toLowerCase().replaceAll(' ', '-')}`,
    title: TITLES[status] ?? 'Error',
    status,
    detail,
    ...(errors ? { errors } : {}),
  },
  type: 'application/problem+json',
});

const TITLES: Record<number, string> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  412: 'Precondition Failed',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

export const ok = (body: unknown, status = 200, headers?: Record<string, string>): Answered => ({
  status,
  body,
  ...(headers ? { headers } : {}),
});
const notFound = () => problem(404, 'the workspace has no such resource');
let counter = 5000;

function hasWords(link: Link, words: string[]): boolean {
  const text = `${link.slug} ${link.title ?? ''} ${link.url} ${link.tags.join(' ')}`.toLowerCase().split(/[\s/\-.:?=&]+/);
  return words.every((word) => text.some((one) => one.startsWith(word)));
}

function select(state: State, query: URLSearchParams): Link[] {
  const words = (query.get('search') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const archived = query.get('archived') ?? 'false';
  const tags = query.getAll('tag');
  // Read once: there may be 100,000 links.
  const [domain, broken, after, before, target] = ['domain', 'broken', 'expires_after', 'expires_before', 'url'].map((name) =>
    query.get(name),
  );
  const found = state.links.filter((link) => {
    return (
      (words.length === 0 || hasWords(link, words)) &&
      (archived === 'any' || link.archived === (archived === 'true')) &&
      tags.every((tag) => link.tags.includes(tag)) &&
      (!domain || link.domain === domain) &&
      (!target || link.url === target) &&
      (!broken || (link.target_check?.status === 'broken') === (broken === 'true')) &&
      isWithin(link.expires_at, after ?? null, before ?? null)
    );
  });
  const sort = query.get('sort') ?? 'created';
  if (sort === 'title') found.sort((a, b) => (a.title ?? a.slug).localeCompare(b.title ?? b.slug));
  if (sort === 'expires') found.sort((a, b) => expiryOf(a) - expiryOf(b));
  if (sort === 'clicks') found.sort((a, b) => clicksOf(b) - clicksOf(a));
  if (query.get('order') === (sort === 'title' || sort === 'expires' ? 'desc' : 'asc')) found.reverse();
  return found;
}

const expiryOf = (link: Link): number => (link.expires_at ? Date.parse(link.expires_at) : Number.MAX_SAFE_INTEGER);

function isWithin(time: string | null | undefined, from: string | null, before: string | null): boolean {
  if (from === null && before === null) return true;
  if (!time) return false;
  const at = Date.parse(time);
  return (from === null || at >= Date.parse(from)) && (before === null || at < Date.parse(before));
}

const clicksOf = (link: Link): number => (Number.parseInt(link.id.slice(-6), 16) * 7919) % 4000;

function shown(link: Link, query: URLSearchParams): Link {
  const clicks = clicksOf(link);
  return {
    ...link,
    ...(query.getAll('include').includes('clicks') ? { clicks, last_click_at: clicks === 0 ? null : link.created_at } : {}),
    ...(query.get('clicks_from') ? { clicks_in_range: Math.floor(clicks / 3) } : {}),
  };
}

export function page<T>(items: T[], query: URLSearchParams): { items: T[]; next_cursor: string | null } {
  const from = Number(query.get('cursor') ?? 0);
  const limit = Number(query.get('limit') ?? 50);
  return { items: items.slice(from, from + limit), next_cursor: from + limit < items.length ? String(from + limit) : null };
}

function targetFault(url: unknown, pointer: string): { pointer: string; detail: string }[] {
  return typeof url === 'string' && /^https?:\/\/[^/]+/.test(url) ? [] : [{ pointer, detail: 'must begin with http:// or https://' }];
}

function apply(state: State, link: Link, patch: Record<string, unknown>): Link {
  const { password, keep_alias, add_tags, remove_tags, ...fields } = patch as Record<string, unknown> & {
    add_tags?: string[];
    remove_tags?: string[];
  };
  const defaults: Record<string, unknown> = { tags: [], rules: [], variants: [], redirect_status: 302 };
  const values = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value === null ? (defaults[name] ?? null) : value]),
  );
  const next = { ...link, ...values, updated_at: new Date().toISOString(), changed_by: idOf('key', 1) } as Link;
  if (password !== undefined) next.has_password = password !== null;
  if (keep_alias && (next.slug !== link.slug || next.domain !== link.domain))
    next.aliases = [...link.aliases, { domain: link.domain, slug: link.slug }];
  if (add_tags) next.tags = [...new Set([...next.tags, ...add_tags])];
  if (remove_tags) next.tags = next.tags.filter((tag) => !remove_tags.includes(tag));
  next.short_url = `https://${next.domain}/${next.slug}`;
  state.touch(link);
  return next;
}

function startChange(state: State, request: NewLinkChange): LinkChange {
  const { select: selection, change } = request;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(selection.filter ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  const ids = new Set((selection.links ?? []).map(({ id }) => id));
  const chosen = selection.links ? state.links.filter((link) => ids.has(link.id)) : select(state, query);
  // By a map, since there may be 100,000 links.
  const places = new Map(state.links.map((link, at) => [link, at]));
  const before = chosen.map((link) => ({ at: places.get(link) ?? 0, link }));
  const deleted = request.delete === true;
  const gone = new Set(deleted ? chosen : []);
  for (const { at, link } of deleted ? [] : before) state.links[at] = apply(state, link, change as Record<string, unknown>);
  if (deleted) state.links = state.links.filter((link) => !gone.has(link));
  const job = changeOf(++counter, Date.now(), {
    status: 'succeeded',
    action: deleted ? 'delete' : 'change',
    counts: { selected: before.length, changed: before.length, unchanged: 0, conflicts: 0, failed: 0 },
  });
  const results = before.map(({ link }) => ({
    id: link.id,
    slug: link.slug,
    domain: link.domain,
    result: deleted ? ('deleted' as const) : ('changed' as const),
  }));
  state.changes.unshift({ job, before, results });
  return { ...job, status: 'waiting', finished_at: null };
}

function undo(state: State, id: string): Answered {
  const change = state.changes.find(({ job }) => job.id === id);
  if (!change) return notFound();
  for (const { at, link } of change.before) {
    const now = state.links.findIndex((one) => one.id === link.id);
    if (now >= 0) state.links[now] = link;
    else state.links.splice(at, 0, link);
    state.touch(link);
  }
  const job = changeOf(++counter, Date.now(), {
    action: 'undo',
    undo_of: id,
    counts: { selected: change.before.length, changed: change.before.length, unchanged: 0, conflicts: 0, failed: 0 },
  });
  state.changes.unshift({ job, before: [], results: [] });
  return ok(job, 202, { location: `/v1/link-changes/${job.id}` });
}

function startImport({ state, body, origin }: Asked): Answered {
  const request = body as { content_length: number; filename?: string; dry_run?: boolean };
  const id = idOf('imp', ++counter);
  const one = importOf(counter, {
    status: 'awaiting_upload',
    filename: request.filename ?? null,
    format: null,
    dry_run: request.dry_run ?? false,
    bytes: { done: 0, total: request.content_length },
    created_at: new Date().toISOString(),
  });
  state.imports.unshift(one);
  state.uploads.set(id, request.content_length);
  const upload = {
    method: 'PUT',
    url: `${origin}/bucket/${id}`,
    headers: { 'content-length': String(request.content_length) },
    expires_at: new Date(Date.now() + 900_000).toISOString(),
  };
  return ok({ ...one, upload }, 201, { location: `/v1/imports/${id}` });
}

/** Loads an uploaded file, as far as the screens can tell. */
export function loaded(state: State, id: string, rows: number): void {
  state.imports = state.imports.map((one): Import => {
    if (one.id !== id) return one;
    const wrong = REPORT.filter(({ outcome }) => outcome !== 'warned').length;
    return {
      ...one,
      status: 'succeeded_with_errors',
      format: 'csv',
      counts: { read: rows, created: rows - wrong, overwritten: 0, unchanged: 0, invalid: 1, conflicting: 1, warned: 2 },
      bytes: { done: one.bytes.total, total: one.bytes.total },
      report: `/v1/imports/${id}/report`,
      started_at: one.created_at,
      finished_at: new Date().toISOString(),
    };
  });
}

const forLink =
  (act: (asked: Asked, link: Link) => Answered): Route =>
  (asked, slug = '') => {
    const link = asked.state.find(asked.query.get('domain'), slug);
    return link ? act(asked, link) : notFound();
  };

export const ROUTES: [method: string, path: RegExp, least: 'viewer' | 'editor' | 'admin', route: Route][] = [
  [
    'GET',
    /^\/v1\/me$/,
    'viewer',
    ({ state, role, session }) => {
      const stored = state.sessions.find((one) => one.id === session);
      return ok({
        workspace: 'acme',
        credential: {
          kind: 'key',
          id: state.credential ?? idOf('key', 1),
          name: role === 'admin' ? 'Ada Lovelace' : `a ${role}`,
          expires_at: null,
          limits: null,
        },
        role,
        is_operator: role === 'admin' && state.isOperators,
        domains: [DOMAIN, 'acme.example.com'],
        default_domain: DOMAIN,
        limits: {
          requests: { per_second: 50, burst: 200 },
          body_bytes: 262_144,
          page_items: 100,
          batch_items: 100,
          batch_passwords: 10,
          tags: 20,
          import_bytes: 5_368_709_120,
          logo_bytes: 131_072,
        },
        features: { tokens: false, countries: true, unsafe_targets: false, archive_days: 365, file_days: 30, identity_provider: null },
        api_version: 'v1',
        version: '0.1.0',
        session: stored === undefined ? null : mySessionOf(stored),
      });
    },
  ],
  [
    'GET',
    /^\/v1\/links$/,
    'viewer',
    ({ state, query }) => {
      const found = select(state, query);
      const { items, next_cursor } = page(found, query);
      return ok({
        items: items.map((link) => shown(link, query)),
        next_cursor,
        ...(query.getAll('include').includes('total') ? { total: found.length } : {}),
      });
    },
  ],
  [
    'POST',
    /^\/v1\/links$/,
    'editor',
    ({ state, body }) => {
      const request = body as Record<string, unknown>;
      const errors = targetFault(request.url, '/url');
      if (errors.length) return problem(422, 'the request has 1 wrong field', errors);
      const number = ++counter;
      const slug = (request.slug as string) ?? `new${number.toString(36)}`;
      if (state.find((request.domain as string) ?? null, slug)) return problem(409, `the slug ${slug} is taken`);
      const { password, utm, utm_template, if_exists, ...fields } = request;
      const link = linkOf({ number, ...(fields as object), slug, created_at: new Date().toISOString(), has_password: Boolean(password) });
      state.links.unshift(link);
      return ok(link, 201, { etag: state.etag(link), location: `/v1/links/${slug}` });
    },
  ],
  ['GET', /^\/v1\/links\/([^/]+)$/, 'viewer', forLink(({ state, query }, link) => ok(shown(link, query), 200, { etag: state.etag(link) }))],
  [
    'PATCH',
    /^\/v1\/links\/([^/]+)$/,
    'editor',
    forLink(({ state, body, headers }, link) => {
      const tag = headers['if-match'];
      if (tag !== undefined && tag !== state.etag(link)) return problem(412, 'the link has changed since');
      const patch = body as Record<string, unknown>;
      const errors = patch.url === undefined ? [] : targetFault(patch.url, '/url');
      if (errors.length) return problem(422, 'the request has 1 wrong field', errors);
      const next = apply(state, link, patch);
      state.links[state.links.indexOf(link)] = next;
      return ok(next, 200, { etag: state.etag(next) });
    }),
  ],
  [
    'POST',
    /^\/v1\/links\/([^/]+)\/qr$/,
    'viewer',
    forLink(() => ({ status: 200, text: qr(new URLSearchParams()), type: 'image/svg+xml' })),
  ],
  ['GET', /^\/v1\/links\/([^/]+)\/qr$/, 'viewer', forLink(({ query }) => ({ status: 200, text: qr(query), type: 'image/svg+xml' }))],
  [
    'GET',
    /^\/v1\/links\/([^/]+)\/stats$/,
    'viewer',
    forLink((asked, link) =>
      stats(asked, {
        link_id: link.id,
        domain: link.domain,
        slug: link.slug,
        all_time: {
          clicks: 18_442,
          bots: 2_031,
          first_click_at: link.created_at,
          last_click_at: new Date(asked.state.now - 120_000).toISOString(),
        },
      }),
    ),
  ],
  [
    'GET',
    /^\/v1\/stats$/,
    'viewer',
    (asked) => stats(asked, asked.query.getAll('tag').length ? { tags: asked.query.getAll('tag'), links: 5 } : {}),
  ],
  ['GET', /^\/v1\/tags$/, 'viewer', ({ state, query }) => ok(page(state.allTags(), query))],
  [
    'PUT',
    /^\/v1\/tags\/([^/]+)$/,
    'editor',
    ({ state, body }, tag = '') => {
      const fields = body as { color: string | null; description: string | null };
      state.tags.set(tag, fields);
      return ok({ tag, ...fields });
    },
  ],
  [
    'POST',
    /^\/v1\/tags\/([^/]+)\/rename$/,
    'editor',
    ({ state, body }, tag = '') =>
      ok(
        startChange(state, {
          select: { filter: { tag: [tag], archived: 'any' } },
          change: { add_tags: [(body as { to: string }).to], remove_tags: [tag] },
        } as NewLinkChange),
        202,
        { location: '/v1/link-changes/x' },
      ),
  ],
  [
    'DELETE',
    /^\/v1\/tags\/([^/]+)$/,
    'editor',
    ({ state }, tag = '') =>
      ok(
        startChange(state, { select: { filter: { tag: [tag], archived: 'any' } }, change: { remove_tags: [tag] } } as NewLinkChange),
        202,
        { location: '/v1/link-changes/x' },
      ),
  ],
  [
    'GET',
    /^\/v1\/link-changes$/,
    'viewer',
    ({ state, query }) =>
      ok(
        page(
          state.changes.map(({ job }) => job),
          query,
        ),
      ),
  ],
  ['POST', /^\/v1\/link-changes$/, 'editor', ({ state, body }) => ok(startChange(state, body), 202, { location: '/v1/link-changes/x' })],
  [
    'GET',
    /^\/v1\/link-changes\/([^/]+)$/,
    'viewer',
    ({ state }, id) => {
      const change = state.changes.find(({ job }) => job.id === id);
      return change ? ok(change.job) : notFound();
    },
  ],
  [
    'GET',
    /^\/v1\/link-changes\/([^/]+)\/results$/,
    'viewer',
    ({ state, query }, id) => {
      const results = state.changes.find(({ job }) => job.id === id)?.results ?? [];
      const items = results.map(({ id: link, slug, domain, result }) => ({
        id: link,
        address: { slug, domain },
        moved_to: null,
        result,
        detail: null,
        errors: [],
      }));
      return ok(page(items, query));
    },
  ],
  ['POST', /^\/v1\/link-changes\/([^/]+)\/undo$/, 'editor', ({ state }, id = '') => undo(state, id)],
  ['GET', /^\/v1\/imports$/, 'viewer', ({ state, query }) => ok(page(state.imports, query))],
  ['POST', /^\/v1\/imports$/, 'editor', startImport],
  [
    'GET',
    /^\/v1\/imports\/([^/]+)$/,
    'viewer',
    ({ state }, id) => {
      const one = state.imports.find((known) => known.id === id);
      return one ? ok(one) : notFound();
    },
  ],
  [
    'POST',
    /^\/v1\/imports\/([^/]+)\/cancel$/,
    'editor',
    ({ state }, id) => {
      state.imports = state.imports.map((one) => (one.id === id ? { ...one, status: 'cancelled' } : one));
      return ok(state.imports.find((one) => one.id === id));
    },
  ],
  [
    'GET',
    /^\/v1\/imports\/([^/]+)\/report$/,
    'viewer',
    ({ origin }, id) => ({ status: 303, headers: { location: `${origin}/bucket/report/${id}` } }),
  ],
  ['GET', /^\/v1\/exports$/, 'viewer', ({ state, query }) => ok(page(state.exports, query))],
  [
    'POST',
    /^\/v1\/exports$/,
    'viewer',
    ({ state, body }) => {
      const id = idOf('exp', ++counter);
      const request = body as { format: 'csv'; gzip: boolean };
      const base = state.exports[0];
      const one = { ...base, id, ...request, passwords: false, status: 'succeeded', created_at: new Date().toISOString(), url: null };
      state.exports.unshift(one as never);
      return ok(one, 201, { location: `/v1/exports/${id}` });
    },
  ],
  [
    'GET',
    /^\/v1\/exports\/([^/]+)$/,
    'viewer',
    ({ state, origin }, id) => {
      const one = state.exports.find((known) => known.id === id);
      return one ? ok({ ...one, url: `${origin}/bucket/export/${id}` }) : notFound();
    },
  ],
  ['GET', /^\/v1\/keys$/, 'admin', ({ state, query }) => ok(page(state.keys, query))],
  [
    'POST',
    /^\/v1\/keys$/,
    'admin',
    ({ state, body }) => {
      const request = body as { name: string; role: 'viewer'; limits?: object; expires_at?: string };
      const key = {
        key_id: idOf('key', ++counter),
        name: request.name,
        role: request.role,
        limits: request.limits ? { tags: [], domains: [], own_links: false, addresses: [], ...request.limits } : null,
        created_at: new Date().toISOString(),
        expires_at: request.expires_at ?? null,
        last_used_at: null,
      };
      state.keys.unshift(key as never);
      return ok({ ...key, secret: 'wp_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefg' }, 201, { location: `/v1/keys/${key.key_id}` });
    },
  ],
  [
    'DELETE',
    /^\/v1\/keys\/([^/]+)$/,
    'admin',
    ({ state }, id) => {
      state.keys = state.keys.filter((key) => key.key_id !== id);
      return { status: 204 };
    },
  ],
  ['GET', /^\/v1\/domains$/, 'viewer', ({ state, query }) => ok(page(state.domains, query))],
  [
    'GET',
    /^\/v1\/domains\/([^/]+)$/,
    'viewer',
    ({ state }, name) =>
      ok(
        state.domains.find(({ domain }) => domain === name),
        200,
        { etag: '"d1"' },
      ),
  ],
  [
    'PATCH',
    /^\/v1\/domains\/([^/]+)$/,
    'admin',
    ({ state, body }, name) => {
      const patch = body as Partial<Domain>;
      const changed = (domain: Domain) => ({ ...domain, ...patch, slugs: { ...domain.slugs, ...patch.slugs } });
      state.domains = state.domains.map((domain) => (domain.domain === name ? changed(domain) : domain));
      return ok(
        state.domains.find(({ domain }) => domain === name),
        200,
        { etag: '"d2"' },
      );
    },
  ],
  ['GET', /^\/v1\/workspace$/, 'viewer', ({ state }) => ok(state.workspace, 200, { etag: `"w${state.workspaceVersion}"` })],
  [
    'PATCH',
    /^\/v1\/workspace$/,
    'admin',
    ({ state, body }) => {
      const patch = body as Record<string, unknown>;
      const defaults = Object.entries({ ...state.workspace.defaults, ...(patch.defaults as object) }).filter(([, value]) => value !== null);
      state.workspace = { ...state.workspace, ...patch, defaults: Object.fromEntries(defaults) };
      state.workspaceVersion++;
      return ok(state.workspace, 200, { etag: `"w${state.workspaceVersion}"` });
    },
  ],
  [
    'GET',
    /^\/healthz$/,
    'viewer',
    () => ok({ status: 'ok', version: '0.1.0', checks: { click_stream: 'ok', links_table: 'ok', stats_table: 'ok' } }),
  ],
  [
    'GET',
    /^\/v1\/sessions$/,
    'viewer',
    ({ state, session }) => {
      const items = state.sessions.map((one) => sessionOf(one, one.id === session));
      return ok({ items, next_cursor: null });
    },
  ],
  [
    'DELETE',
    /^\/v1\/sessions\/([^/]+)$/,
    'viewer',
    ({ state, session }, id) => {
      state.sessions = state.sessions.filter((one) => one.id !== (id === 'current' ? session : id));
      return id === 'current' ? { status: 204, headers: { 'set-cookie': 'waypost_session=; Path=/; Max-Age=0' } } : { status: 204 };
    },
  ],
];

function stats(asked: Asked, subject: object): Answered {
  const { query, headers } = asked;
  if (query.get('filter') && query.get('group_by'))
    return problem(422, 'filter and group_by', [{ pointer: 'filter', detail: 'one dimension at a time' }]);
  const answer = statistics(query, subject);
  if (headers.accept === 'text/csv') {
    const rows = answer.series.items.map(({ start, clicks, bots, visitors }) => `${start},${clicks},${bots},${visitors}`);
    return { status: 200, text: `start,clicks,bots,visitors\r\n${rows.join('\r\n')}\r\n`, type: 'text/csv' };
  }
  return ok(answer);
}

/** Something that looks like a code. */
function qr(query: URLSearchParams): string {
  const colour = `#${query.get('color') ?? '000000'}`;
  const random = chance(42);
  const eyes = [
    [0, 0],
    [18, 0],
    [0, 18],
  ] as const;
  const inEye = (x: number, y: number) => eyes.some(([left, top]) => x >= left - 1 && x < left + 8 && y >= top - 1 && y < top + 8);
  const cells = Array.from({ length: 25 * 25 }, (_, at) => ({ x: at % 25, y: Math.floor(at / 25), dark: random() < 0.5 }))
    .filter(({ x, y, dark }) => dark && !inEye(x, y))
    .map(({ x, y }) => `<rect x="${x + 4}" y="${y + 4}" width="1" height="1"/>`);
  const frames = eyes.map(([x, y]) => `<path fill-rule="evenodd" d="M${x + 4} ${y + 4}h7v7h-7zm1 1v5h5v-5zm1 1h3v3h-3z"/>`);
  const ground = query.get('background') === 'transparent' ? '' : '<rect width="33" height="33" fill="#fff"/>';
  const shapes = `<g fill="${colour}">${cells.join('')}${frames.join('')}</g>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 33 33" shape-rendering="crispEdges">${ground}${shapes}</svg>`;
}
