import { text } from '../text';

interface Pages {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

/** The button that reads the next page of a list, as long as there is one. */
export function More({ list }: { list: Pages }) {
  if (!list.hasNextPage) return null;
  return (
    <button type="button" class="button" disabled={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
      {text.actions.more}
    </button>
  );
}
