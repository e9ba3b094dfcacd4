import { keepPreviousData, useQuery } from '@tanstack/preact-query';
import { api, body } from '../../api/client';
import type { Stats, StatsQuery } from '../../api/types';

/** Whose clicks: a link's, those of links with tags, of the workspace (no tags), or the visits to no link of a domain. */
export type Subject = { domain: string; slug: string } | { tags: string[] } | { missesOf: string };

export async function readStatistics(subject: Subject, query: StatsQuery, signal?: AbortSignal): Promise<Stats> {
  const init = signal ? { signal } : {};
  if ('slug' in subject) {
    const { slug, domain } = subject;
    return statsOf(await body(api.GET('/v1/links/{slug}/stats', { params: { path: { slug }, query: { ...query, domain } }, ...init })));
  }
  if ('missesOf' in subject) {
    const path = { domain: subject.missesOf };
    return statsOf(await body(api.GET('/v1/domains/{domain}/misses', { params: { path, query }, ...init })));
  }
  const tag = subject.tags.length > 0 ? { tag: subject.tags } : {};
  return statsOf(await body(api.GET('/v1/stats', { params: { query: { ...query, ...tag } }, ...init })));
}

/** The answer as JSON. It is a text only where a request accepts CSV. */
function statsOf(answer: Stats | string): Stats {
  if (typeof answer === 'string') throw new TypeError('statistics came as a text');
  return answer;
}

export function useStatistics(subject: Subject, query: StatsQuery, enabled = true) {
  return useQuery({
    queryKey: ['stats', subject, query],
    queryFn: ({ signal }) => readStatistics(subject, query, signal),
    placeholderData: keepPreviousData,
    enabled,
  });
}

/** The same as a table, for a download. */
export async function readCsv(subject: Subject, query: StatsQuery): Promise<Blob> {
  const accept = { headers: { Accept: 'text/csv' }, parseAs: 'blob' as const };
  if ('slug' in subject) {
    const { slug, domain } = subject;
    return (await body(
      api.GET('/v1/links/{slug}/stats', { params: { path: { slug }, query: { ...query, domain } }, ...accept }),
    )) as unknown as Blob;
  }
  if ('missesOf' in subject) {
    const path = { domain: subject.missesOf };
    return (await body(api.GET('/v1/domains/{domain}/misses', { params: { path, query }, ...accept }))) as unknown as Blob;
  }
  const tag = subject.tags.length > 0 ? { tag: subject.tags } : {};
  return (await body(api.GET('/v1/stats', { params: { query: { ...query, ...tag } }, ...accept }))) as unknown as Blob;
}
