/**
 * Takes the one-time code of a sign-in link (`#code=…`) and removes it from the address at once, so that neither the history nor a
 * copied address has it. `null` without one.
 */
export function takeCode(from: Pick<Location, 'hash' | 'pathname' | 'search'>, history: Pick<History, 'replaceState'>): string | null {
  if (!from.hash.startsWith('#code=')) return null;
  const code = decodeURIComponent(from.hash.slice('#code='.length));
  history.replaceState(null, '', from.pathname + from.search);
  return code === '' ? null : code;
}
