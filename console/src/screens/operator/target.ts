/** What can be blocked of a target: its host, or its own address. `null` if it has no host that could be. */
export function patternsOf(url: string): { host: string; address: string } | null {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return null;
  }
  if (!['http:', 'https:'].includes(parsed.protocol) || parsed.hostname === '') return null;
  // Scheme, port, query and fragment do not matter to the list.
  const path = parsed.pathname === '/' ? '' : parsed.pathname;
  return { host: parsed.hostname, address: `${parsed.hostname}${path}` };
}
