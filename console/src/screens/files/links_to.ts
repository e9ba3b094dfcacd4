import { useQuery } from '@tanstack/preact-query';
import { cache } from '../../api/cache';
import type { StoredFile } from '../../api/files';
import { listLinks } from '../../api/links';
import type { Link, LinkPage } from '../../api/types';

const keyOf = (id: string): string[] => ['links', 'to-file', id];

/** The links whose target is a file, archived ones too. */
export function useLinksTo({ id, target }: Pick<StoredFile, 'id' | 'target'>) {
  return useQuery({
    queryKey: keyOf(id),
    queryFn: ({ signal }) => listLinks({ url: target, archived: 'any', include: ['clicks', 'total'], limit: 100 }, signal),
  });
}

/** Shows a new link at once: searches know it a moment later only. */
export function addLinkTo(id: string, link: Link): void {
  cache.setQueryData<LinkPage>(keyOf(id), (page) => ({
    next_cursor: null,
    ...page,
    items: [link, ...(page?.items ?? [])],
    total: (page?.total ?? 0) + 1,
  }));
}
