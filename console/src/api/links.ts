import { api, body } from './client';
import type { LinkPage, LinkQuery } from './types';

/** A page of links. */
export function listLinks(query: LinkQuery, signal?: AbortSignal): Promise<LinkPage> {
  // The document calls `include` and `tag` required, since they are lists; the API takes requests without them.
  const params = { query: query as Required<Pick<LinkQuery, 'include' | 'tag'>> & LinkQuery };
  return body(api.GET('/v1/links', { params, ...(signal ? { signal } : {}) }));
}
