export const UTM_FIELDS = ['source', 'medium', 'campaign', 'term', 'content'] as const;
export type UtmField = (typeof UTM_FIELDS)[number];
export type UtmValues = Record<UtmField, string>;

/** Reads the UTM parameters of a target. */
export function utmOf(target: string): UtmValues {
  const query = new URLSearchParams(split(target).query);
  return Object.fromEntries(UTM_FIELDS.map((field) => [field, query.get(`utm_${field}`) ?? ''])) as UtmValues;
}

/** Sets or (with an empty text) removes one UTM parameter. All else of the target stays as it was written. */
export function withUtm(target: string, field: UtmField, value: string): string {
  const { before, query, hash } = split(target);
  const name = `utm_${field}`;
  const isIt = (part: string) => (part.split('=')[0] ?? '') === name;
  const parts = query === '' ? [] : query.split('&');
  const at = parts.findIndex(isIt);
  const kept = parts.filter((part) => !isIt(part));
  if (value !== '') kept.splice(at < 0 ? kept.length : at, 0, `${name}=${encodeURIComponent(value)}`);
  return before + (kept.length === 0 ? '' : `?${kept.join('&')}`) + hash;
}

/** Fills the placeholders of a workspace's template, as the API does. */
export function fillTemplate(value: string, domain: string, today: string): string {
  return value.replaceAll('{domain}', domain).replaceAll('{date}', today);
}

function split(target: string): { before: string; query: string; hash: string } {
  const hashAt = target.indexOf('#');
  const hash = hashAt < 0 ? '' : target.slice(hashAt);
  const rest = hashAt < 0 ? target : target.slice(0, hashAt);
  const queryAt = rest.indexOf('?');
  return { before: queryAt < 0 ? rest : rest.slice(0, queryAt), query: queryAt < 0 ? '' : rest.slice(queryAt + 1), hash };
}
