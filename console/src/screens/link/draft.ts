import type { Conditions, Link, LinkPatch, NewLink } from '../../api/types';
import { fromLocalInput, toLocalInput } from '../../lib/dates';

/** A rule as the editor holds it: lists as texts while they are typed. `key` stays when rules change places. */
export interface RuleDraft {
  key: number;
  url: string;
  device: string[];
  os: string[];
  country: string;
  language: string;
  query: string;
  after: string;
  before: string;
  /** The times as they were read, with the seconds that a field does not show. */
  exact?: { after: string | null; before: string | null };
}

export interface VariantDraft {
  key: number;
  name: string;
  url: string;
  weight: string;
}

/** A link as the editor holds it: every field as its control has it. */
export interface Draft {
  url: string;
  domain: string;
  slug: string;
  keep_alias: boolean;
  title: string;
  tags: string[];
  starts_at: string;
  expires_at: string;
  expired_url: string;
  max_clicks: string;
  password: string;
  remove_password: boolean;
  redirect_status: number;
  forward_query: boolean;
  query_conflict: 'target_wins' | 'visitor_wins';
  forward_path: boolean;
  landing: boolean;
  archived: boolean;
  rules: RuleDraft[];
  variants: VariantDraft[];
  preview_title: string;
  preview_description: string;
  preview_image: string;
}

let nextKey = 1;
export const newKey = (): number => nextKey++;

export function newRule(): RuleDraft {
  return { key: newKey(), url: '', device: [], os: [], country: '', language: '', query: '', after: '', before: '' };
}

export function newVariant(name: string): VariantDraft {
  return { key: newKey(), name, url: '', weight: '1' };
}

export function emptyDraft(domain: string): Draft {
  return {
    url: '',
    domain,
    slug: '',
    keep_alias: true,
    title: '',
    tags: [],
    starts_at: '',
    expires_at: '',
    expired_url: '',
    max_clicks: '',
    password: '',
    remove_password: false,
    redirect_status: 302,
    forward_query: false,
    query_conflict: 'target_wins',
    forward_path: false,
    landing: false,
    archived: false,
    rules: [],
    variants: [],
    preview_title: '',
    preview_description: '',
    preview_image: '',
  };
}

export function draftOf(link: Link): Draft {
  return {
    ...emptyDraft(link.domain),
    url: link.url,
    slug: link.slug,
    title: link.title ?? '',
    tags: link.tags,
    starts_at: toLocalInput(link.starts_at),
    expires_at: toLocalInput(link.expires_at),
    expired_url: link.expired_url ?? '',
    max_clicks: link.max_clicks?.toString() ?? '',
    redirect_status: link.redirect_status,
    forward_query: link.forward_query,
    query_conflict: link.query_conflict,
    forward_path: link.forward_path,
    landing: link.landing,
    archived: link.archived,
    rules: link.rules.map((rule) => ({
      key: newKey(),
      url: rule.url,
      device: rule.if.device ?? [],
      os: rule.if.os ?? [],
      country: (rule.if.country ?? []).join(', '),
      language: (rule.if.language ?? []).join(', '),
      query: (rule.if.query ?? []).map(({ name, value }) => (value === null || value === undefined ? name : `${name}=${value}`)).join(', '),
      after: toLocalInput(rule.if.after),
      before: toLocalInput(rule.if.before),
      exact: { after: rule.if.after ?? null, before: rule.if.before ?? null },
    })),
    variants: link.variants.map(({ name, url, weight }) => ({ key: newKey(), name, url, weight: String(weight) })),
    preview_title: link.preview?.title ?? '',
    preview_description: link.preview?.description ?? '',
    preview_image: link.preview?.image ?? '',
  };
}

const listOf = (text: string): string[] =>
  text
    .split(/[,\s]+/)
    .map((part) => part.trim())
    .filter(Boolean);

/** The time of a field; the one that was read if nobody touched the field. */
function timeOf(field: string, exact: string | null | undefined): string | null {
  return exact && toLocalInput(exact) === field ? exact : fromLocalInput(field);
}

/** The conditions of a rule; absent ones are left out, as the API asks. */
export function conditionsOf(rule: RuleDraft): Conditions {
  const country = listOf(rule.country).map((code) => code.toUpperCase());
  const language = listOf(rule.language);
  const query = rule.query
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => {
      const at = part.indexOf('=');
      return at < 0 ? { name: part } : { name: part.slice(0, at), value: part.slice(at + 1) };
    });
  const after = timeOf(rule.after, rule.exact?.after);
  const before = timeOf(rule.before, rule.exact?.before);
  return {
    ...(rule.device.length ? { device: rule.device } : {}),
    ...(rule.os.length ? { os: rule.os } : {}),
    ...(country.length ? { country } : {}),
    ...(language.length ? { language } : {}),
    ...(query.length ? { query } : {}),
    ...(after ? { after } : {}),
    ...(before ? { before } : {}),
  } as Conditions;
}

/** The fields of a draft as the API writes them. `null` stands for what Waypost does without the field. */
function fieldsOf(draft: Draft): LinkPatch {
  const preview = {
    ...(draft.preview_title ? { title: draft.preview_title } : {}),
    ...(draft.preview_description ? { description: draft.preview_description } : {}),
    ...(draft.preview_image ? { image: draft.preview_image } : {}),
  };
  return {
    url: draft.url.trim(),
    slug: draft.slug.trim(),
    domain: draft.domain,
    title: draft.title.trim() || null,
    tags: draft.tags,
    starts_at: fromLocalInput(draft.starts_at),
    expires_at: fromLocalInput(draft.expires_at),
    expired_url: draft.expired_url.trim() || null,
    max_clicks: draft.max_clicks.trim() === '' ? null : Number(draft.max_clicks),
    redirect_status: draft.redirect_status as never,
    forward_query: draft.forward_query,
    query_conflict: draft.query_conflict,
    forward_path: draft.forward_path,
    landing: draft.landing,
    archived: draft.archived,
    rules: draft.rules.map((rule) => ({ if: conditionsOf(rule) as never, url: rule.url.trim() })),
    variants: draft.variants.map(({ name, url, weight }) => ({ name: name.trim(), url: url.trim(), weight: Number(weight) })),
    preview: Object.keys(preview).length ? preview : null,
  };
}

/**
 * What differs between two drafts, as a JSON Merge Patch. Fields that were not touched are not in it: a time keeps the seconds that
 * its control does not show, and a change by somebody else of another field stays.
 */
export function patchOf(before: Draft, after: Draft): LinkPatch {
  const old = fieldsOf(before) as Record<string, unknown>;
  const changed = Object.entries(fieldsOf(after)).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name]));
  const patch = Object.fromEntries(changed) as LinkPatch;
  if (after.password !== '') patch.password = after.password;
  else if (after.remove_password) patch.password = null;
  // A merge patch merges objects; what the preview has no more must be said.
  if (patch.preview) {
    const had = (old.preview ?? {}) as Record<string, unknown>;
    const gone = Object.keys(had).filter((name) => !(name in (patch.preview as object)));
    patch.preview = { ...Object.fromEntries(gone.map((name) => [name, null])), ...patch.preview };
  }
  if ((patch.slug !== undefined || patch.domain !== undefined) && after.keep_alias) patch.keep_alias = true;
  return patch;
}

/** The request for a new link. Fields that were not touched are absent, so that the workspace's defaults hold for them. */
export function newLinkOf(draft: Draft): NewLink {
  const { slug, url, keep_alias: _, ...rest } = patchOf(emptyDraft(draft.domain), draft);
  return { ...rest, domain: draft.domain, url: url ?? '', ...(slug ? { slug } : {}) } as NewLink;
}

export function isChanged(before: Draft, after: Draft): boolean {
  return Object.keys(patchOf(before, after)).length > 0;
}

/** A difference between what one wanted and what stands there now. */
export interface Difference {
  field: string;
  mine: unknown;
  theirs: unknown;
}

/** The fields of a patch that somebody else has set to something else, for the question who wins. */
export function conflictsOf(patch: LinkPatch, theirs: Draft): Difference[] {
  const now = fieldsOf(theirs) as Record<string, unknown>;
  return Object.entries(patch)
    .filter(([field, value]) => field in now && JSON.stringify(value) !== JSON.stringify(now[field]))
    .map(([field, value]) => ({ field, mine: value, theirs: now[field] }));
}
