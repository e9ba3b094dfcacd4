import type {
  AbuseReport,
  BlockedTarget,
  Domain,
  Export,
  Import,
  Key,
  Link,
  LinkChange,
  Role,
  Session,
  Tag,
  Workspace,
} from '../../src/api/types';
import { changeOf, DOMAIN, exportsOf, idOf, imports, keys, manyLinks, tagsOf } from './data.ts';
import { Bucket, linksToFiles } from './files.ts';
import { abuseReports, blockedTargets } from './operator.ts';
import type { IdentityProvider } from './provider.ts';

export interface StoredSession {
  id: string;
  secret: string;
  role: Role;
  created: number;
}

/** The session as `GET /v1/me` tells it. */
export function mySessionOf({ id, created }: StoredSession) {
  return { id, created_at: new Date(created).toISOString(), expires_at: new Date(created + 43_200_000).toISOString() };
}

/** The session as a list tells it. */
export function sessionOf(stored: StoredSession, current: boolean): Session {
  return {
    ...mySessionOf(stored),
    last_seen_at: new Date(stored.created).toISOString(),
    user_agent: 'Chrome on Linux',
    current,
    kind: 'key',
    credential_id: idOf('key', 1),
    name: 'Ada Lovelace',
    role: stored.role,
  };
}

/** A change with what the links were before it, for the undo. */
export interface StoredChange {
  job: LinkChange;
  before: { at: number; link: Link }[];
  results: { id: string; slug: string; domain: string; result: 'changed' | 'deleted' | 'unchanged' | 'failed' }[];
}

/** A workspace in memory, for tests of the console alone. */
export class State {
  links: Link[];
  imports: Import[];
  exports: Export[];
  keys: Key[];
  changes: StoredChange[] = [];
  sessions: StoredSession[] = [];
  tags = new Map<string, Pick<Tag, 'color' | 'description'>>();
  versions = new Map<string, number>();
  codes = new Set(['good-code']);
  /** The identity provider, if people can sign in with one. */
  provider: IdentityProvider | null = null;
  workspace: Workspace;
  workspaceVersion = 1;
  domains: Domain[];
  blocked: BlockedTarget[];
  reports: AbuseReport[];
  uploads = new Map<string, number>();
  bucket: Bucket;
  /** Faults that a test switches on: by `METHOD /path/template`. */
  faults = new Map<string, { status: number; times: number; detail: string }>();
  /** The id of the key that all are signed in with; `null` for the usual one. */
  credential: string | null = null;
  /** Whether the admins of the workspace are operators of the stack. */
  isOperators = true;
  /** Milliseconds that every answer takes. */
  delay = 0;
  /** Whether the connection of every request is cut. */
  away = false;
  /** Whether requests and answers are checked against the document. */
  checks = true;
  /** Pages besides the console, for measurements. */
  pages = new Map<string, { type: string; content: string }>();
  /** What has broken the document of the API, in requests and in answers. */
  broken: string[] = [];
  requests: {
    method: string;
    path: string;
    query: URLSearchParams;
    body: unknown;
    headers: Record<string, string | string[] | undefined>;
  }[] = [];

  readonly now: number;

  constructor(now: number, linkCount = 260) {
    this.now = now;
    this.links = manyLinks(linkCount, now);
    // Behind the others, so that it does not matter to tests of links. A test of a long list counts it.
    if (linkCount < 1000) this.links.push(...linksToFiles(now));
    this.bucket = new Bucket(now);
    this.imports = imports(now);
    this.exports = exportsOf(now);
    this.keys = keys(now);
    this.blocked = blockedTargets(now);
    this.reports = abuseReports(now);
    this.tags.set('docs', { color: 'blue', description: null });
    this.tags.set('print', { color: 'orange', description: 'QR codes on paper' });
    this.changes.push({
      job: changeOf(1, now - 86_400_000, { counts: { selected: 12, changed: 11, unchanged: 1, conflicts: 0, failed: 0 } }),
      before: [],
      results: [],
    });
    this.workspace = {
      workspace: 'acme',
      defaults: { tags: ['team'] },
      domains: {},
      titles: true,
      on_broken: 'nothing',
      utm_templates: [{ name: 'newsletter', source: 'newsletter', medium: 'email', campaign: 'mail-{date}' }],
      updated_at: null,
      changed_by: null,
    } as unknown as Workspace;
    const domain = (name: string, fields: Partial<Domain>): Domain =>
      ({
        domain: name,
        is_default: false,
        is_own: false,
        is_open: true,
        is_managed: true,
        root_url: null,
        not_found_url: null,
        expired_url: null,
        slugs: { case: 'sensitive', characters: 'ascii', slashes: false },
        apple_app_site_association: null,
        assetlinks: null,
        updated_at: null,
        ...fields,
      }) as Domain;
    this.domains = [
      domain(DOMAIN, { is_default: true, root_url: 'https://www.example.com/', workspaces: null } as Partial<Domain>),
      domain('acme.example.com', { is_own: true, slugs: { case: 'insensitive', characters: 'ascii', slashes: false } }),
    ];
  }

  find(domain: string | null, slug: string): Link | undefined {
    return this.links.find((link) => link.slug === slug && link.domain === (domain ?? DOMAIN));
  }

  etag(link: Link): string {
    return `"${link.id}-${this.versions.get(link.id) ?? 0}"`;
  }

  touch(link: Link): void {
    this.versions.set(link.id, (this.versions.get(link.id) ?? 0) + 1);
  }

  allTags(): Tag[] {
    return tagsOf(this.links).map((tag) => ({ ...tag, ...this.tags.get(tag.tag) }));
  }
}
