import type { Export, Import, Key, Link, LinkChange, Tag } from '../../src/api/types';

export const DOMAIN = 'go.example.com';
const DAY = 86_400_000;

/** Numbers that look like chance and are the same in every run. */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export const hex = (number: number): string => number.toString(16).padStart(32, '0');
export const idOf = (prefix: string, number: number): string => `${prefix}_0199${hex(number).slice(4)}`;

const SITES = ['www.example.org/spring/sale', 'docs.example.org/install', 'shop.example.net/item', 'blog.example.org/2026/11/release'];
const WORDS = ['spring', 'launch', 'docs', 'webinar', 'survey', 'jobs', 'menu', 'press', 'beta', 'invite', 'report', 'store'];
const TAGS = ['newsletter', 'spring 2026', 'partners', 'print', 'social', 'docs'];

export function linkOf(fields: Partial<Link> & { number: number }): Link {
  const { number, ...rest } = fields;
  const slug = rest.slug ?? `link-${number}`;
  const domain = rest.domain ?? DOMAIN;
  return {
    id: idOf('lnk', number),
    domain,
    slug,
    short_url: `https://${domain}/${slug}`,
    url: 'https://www.example.org/',
    aliases: [],
    target_check: null,
    title: null,
    tags: [],
    starts_at: null,
    expires_at: null,
    expired_url: null,
    max_clicks: null,
    used_clicks: 0,
    has_password: false,
    redirect_status: 302,
    forward_query: false,
    query_conflict: 'target_wins',
    forward_path: false,
    landing: false,
    rules: [],
    variants: [],
    preview: null,
    archived: false,
    imported_clicks: null,
    created_at: new Date(0).toISOString(),
    updated_at: null,
    created_by: 'key_0199b0c67e4570008000000000000005',
    changed_by: null,
    ...rest,
  } as Link;
}

/** The links of the test's workspace, the newest first. */
export function manyLinks(count: number, now: number): Link[] {
  const random = chance(7);
  return Array.from({ length: count }, (_, number) => {
    const word = WORDS[Math.floor(random() * WORDS.length)] ?? 'x';
    const age = number * 0.31 * DAY + random() * 0.2 * DAY;
    const tags = TAGS.filter(() => random() < 0.22);
    const site = SITES[Math.floor(random() * SITES.length)];
    return linkOf({
      number: number + 1,
      slug: number === 0 ? 'docs' : `${word}-${(number * 7919 + 1000).toString(36)}`,
      domain: number % 9 === 4 ? 'acme.example.com' : DOMAIN,
      url: `https://${site}/${number}?utm_source=mail`,
      title:
        random() < 0.6
          ? `${word[0]?.toUpperCase()}${word.slice(1)} for ${['everybody', 'partners', 'readers', 'the team'][number % 4]}`
          : null,
      tags,
      created_at: new Date(now - age - 3_600_000).toISOString(),
      ...(number === 2 ? { expires_at: new Date(now + 3 * DAY).toISOString() } : {}),
      ...(number === 5 ? { has_password: true } : {}),
      ...(number === 3 || number === 11 ? { target_check: brokenCheck(now) } : {}),
      ...(number === 7 ? { expires_at: new Date(now - DAY).toISOString() } : {}),
    });
  });
}

function brokenCheck(now: number): Link['target_check'] {
  return {
    status: 'broken',
    checked_at: new Date(now - DAY).toISOString(),
    broken_since: new Date(now - 4 * DAY).toISOString(),
    reason: 'status_404',
    target: '/url',
  };
}

export function tagsOf(links: Link[]): Tag[] {
  const names = [...new Set(links.flatMap((link) => link.tags))];
  const tags = names.map((tag) => ({
    tag,
    links: links.filter((link) => !link.archived && link.tags.includes(tag)).length,
    archived_links: links.filter((link) => link.archived && link.tags.includes(tag)).length,
    color: tag === 'docs' ? 'blue' : tag === 'print' ? 'orange' : null,
    description: tag === 'print' ? 'QR codes on paper' : null,
    defined: tag === 'docs' || tag === 'print',
  }));
  return tags.sort((a, b) => b.links - a.links);
}

export function importOf(number: number, fields: Partial<Import>): Import {
  return {
    id: idOf('imp', number),
    status: 'succeeded',
    filename: 'links.csv',
    format: 'csv',
    counts: { read: 0, created: 0, overwritten: 0, unchanged: 0, invalid: 0, conflicting: 0, warned: 0 },
    bytes: { done: 0, total: 0 },
    rows_per_second: null,
    seconds_left: null,
    domain: null,
    tags: [],
    on_conflict: 'skip',
    dry_run: false,
    strict: false,
    defaults: true,
    columns: {},
    notes: {},
    error: null,
    report: null,
    created_at: new Date(0).toISOString(),
    started_at: null,
    finished_at: null,
    ...fields,
  } as Import;
}

export function imports(now: number): Import[] {
  const at = (days: number) => new Date(now - days * DAY).toISOString();
  return [
    importOf(3, {
      status: 'succeeded_with_errors',
      filename: 'shlink-export.csv',
      counts: { read: 1702, created: 1699, overwritten: 0, unchanged: 1, invalid: 1, conflicting: 1, warned: 3 },
      bytes: { done: 127_311, total: 127_311 },
      rows_per_second: 851,
      notes: { unknown_columns: ['Notes'] },
      report: `/v1/imports/${idOf('imp', 3)}/report`,
      created_at: at(1),
      started_at: at(1),
      finished_at: at(1),
    }),
    importOf(2, {
      status: 'failed',
      filename: 'holiday.jpg',
      format: null,
      error: 'the file is a picture (JPEG), not a list of links',
      bytes: { done: 0, total: 4_113_202 },
      created_at: at(3),
      finished_at: at(3),
    }),
    importOf(1, {
      filename: 'bookmarks.html',
      format: 'bookmarks',
      counts: { read: 212, created: 212, overwritten: 0, unchanged: 0, invalid: 0, conflicting: 0, warned: 0 },
      bytes: { done: 80_112, total: 80_112 },
      created_at: at(20),
      started_at: at(20),
      finished_at: at(20),
    }),
  ];
}

export const REPORT = [
  {
    row: 3,
    line: 5,
    file: null,
    outcome: 'invalid',
    column: 'url',
    value: 'javascript:alert(1)',
    cause: 'must begin with http:// or https://',
  },
  {
    row: 17,
    line: 19,
    file: null,
    outcome: 'conflicting',
    column: 'slug',
    value: 'docs',
    cause: 'already leads to https://docs.example.org/install',
  },
  { row: 40, line: 42, file: null, outcome: 'warned', column: 'title', value: 'A very long title', cause: 'longer than 200 characters' },
  { row: 41, line: 43, file: null, outcome: 'warned', column: 'title', value: 'Another one', cause: 'longer than 200 characters' },
];

export function exportsOf(now: number): Export[] {
  return [
    {
      id: idOf('exp', 1),
      status: 'succeeded',
      format: 'csv',
      gzip: true,
      passwords: false,
      is_limited: false,
      links: 1702,
      bytes: 41_213,
      url: null,
      error: null,
      created_by: 'key_0199b0c67e4570008000000000000005',
      created_at: new Date(now - 2 * DAY).toISOString(),
      finished_at: new Date(now - 2 * DAY + 2000).toISOString(),
    },
  ];
}

export function keys(now: number): Key[] {
  const key = (number: number, fields: Partial<Key>): Key =>
    ({
      key_id: idOf('key', number),
      name: 'admin',
      role: 'admin',
      limits: null,
      created_at: new Date(now - 90 * DAY).toISOString(),
      expires_at: null,
      last_used_at: new Date(now - 60_000).toISOString(),
      ...fields,
    }) as Key;
  return [
    key(1, { name: 'Ada Lovelace' }),
    key(2, {
      name: 'newsletter tool',
      role: 'editor',
      limits: { tags: ['newsletter'], domains: [], own_links: false, addresses: ['203.0.113.0/24'] },
      expires_at: new Date(now + 200 * DAY).toISOString(),
    }),
    key(3, { name: 'old deploy bot', role: 'viewer', expires_at: new Date(now - DAY).toISOString(), last_used_at: null }),
  ];
}

export function changeOf(number: number, now: number, fields: Partial<LinkChange>): LinkChange {
  const id = idOf('chg', number);
  return {
    id,
    status: 'succeeded',
    action: 'change',
    change: null,
    filter: null,
    undo_of: null,
    dry_run: false,
    counts: { selected: 0, changed: 0, unchanged: 0, conflicts: 0, failed: 0 },
    cancelling: false,
    error: null,
    results: `/v1/link-changes/${id}/results`,
    created_by: 'key_0199b0c67e4570008000000000000005',
    created_at: new Date(now).toISOString(),
    started_at: new Date(now).toISOString(),
    finished_at: new Date(now).toISOString(),
    ...fields,
  } as LinkChange;
}
