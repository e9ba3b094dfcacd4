/** Makes a target of what somebody pasted: a host without a scheme gets `https://`. `null` if it cannot be one. */
export function targetOf(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed === '' || /\s/.test(trimmed)) return null;
  if (/^[a-z][a-z0-9+.-]*:/i.test(trimmed) && !/^[^/:]+:\d+(\/|$)/.test(trimmed)) return trimmed;
  return /^[^/?#]+\.[^/?#]+/.test(trimmed) || /^localhost/i.test(trimmed) ? `https://${trimmed}` : null;
}

/** A target without what every one has, for lists. */
export function shortTarget(target: string): string {
  return target.replace(/^https?:\/\/(www\.)?/i, '').replace(/\/$/, '');
}

/** What can be a slug on some domain. The API knows the rules of each. */
export const SLUG = /^[^\s?#\p{C}]{1,128}$/u;

/** The slug that makes a path a link: `/sale` -> `sale`. `null` where none does: characters that were replaced cannot be typed again. */
export function slugOfPath(path: string): string | null {
  const slug = path.replace(/^\/+|\/+$/g, '');
  return SLUG.test(slug) && !slug.includes('\u{fffd}') ? slug : null;
}

/** The address of a link in the console. */
export function linkPath(link: { domain: string; slug: string }, page: '' | 'statistics' | 'qr' = ''): string {
  const path = `/console/links/${encodeURIComponent(link.domain)}/${encodeURIComponent(link.slug)}`;
  return page === '' ? path : `${path}/${page}`;
}

/** The id of the collection that a target names; `null` if it leads elsewhere. */
export function collectionOfTarget(target: string): string | null {
  return /^https:\/\/files\.invalid\/(col_[0-9a-f]{32})$/.exec(target)?.[1] ?? null;
}

/** The id of the file that a target names; `null` if it leads elsewhere. */
export function fileOfTarget(target: string): string | null {
  return /^https:\/\/files\.invalid\/(fil_[0-9a-f]{32})$/.exec(target)?.[1] ?? null;
}
