import { useCallback, useMemo } from 'preact/hooks';
import { useLocation } from 'preact-iso';

export type Changes = Record<string, string | string[] | null | undefined>;

/** Applies changes to the query of an address: `null` and empty texts remove a parameter, lists repeat it. */
export function changedQuery(query: string, changes: Changes): string {
  const parameters = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    parameters.delete(name);
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== '') parameters.append(name, one);
    }
  }
  parameters.sort();
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/** The query of the address as state: what one sees has an address that can be sent, kept and gone back to. */
export function useQueryState() {
  const { url, path, route } = useLocation();
  const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
  const parameters = useMemo(() => new URLSearchParams(query), [query]);
  const set = useCallback(
    (changes: Changes, replace = false) => {
      // Two changes before the next rendering must both count, so read the address as it is now.
      route(location.pathname + changedQuery(location.search, changes), replace);
    },
    [route],
  );
  return { path, parameters, set };
}
