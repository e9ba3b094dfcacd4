import { keepPreviousData, useInfiniteQuery } from '@tanstack/preact-query';

interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

interface Asked<T> {
  queryKey: readonly unknown[];
  /** Reads the page at `cursor`; without one, the first. */
  page: (query: { cursor?: string }, signal: AbortSignal) => Promise<Page<T>>;
  /** Whether to read all again soon, because of this item. */
  isRunning?: (item: T) => boolean;
}

/** A list of the API, page by page: all items read so far. A page may be empty and still have a next one. */
export function usePages<T>({ queryKey, page, isRunning }: Asked<T>) {
  return useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => page(pageParam === '' ? {} : { cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    select: ({ pages }) => ({ items: pages.flatMap(({ items }) => items) }),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (isRunning && state.data?.pages.some(({ items }) => items.some(isRunning)) ? 1500 : false),
  });
}
