import { useQuery } from '@tanstack/preact-query';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { cache } from './cache';
import { api, body, whenSignedOut } from './client';
import { Problem } from './problem';
import type { Me, Role } from './types';

const KEY = ['me'];
const RANKS: Record<Role, number> = { viewer: 0, editor: 1, admin: 2 };

whenSignedOut(() => cache.setQueryData(KEY, null));

/** Who is signed in; `null` for nobody. */
export function useMeQuery() {
  return useQuery<Me | null>({
    queryKey: KEY,
    queryFn: async ({ signal }) => {
      try {
        return (await body(api.GET('/v1/me', { signal }))) as Me;
      } catch (error) {
        if (error instanceof Problem && error.status === 401) return null;
        throw error;
      }
    },
    staleTime: 60_000,
  });
}

export const MeContext = createContext<Me | null>(null);

/** Who is signed in. Only for what the shell shows after a sign-in. */
export function useMe(): Me {
  const me = useContext(MeContext);
  if (me === null) throw new Error('nobody is signed in');
  return me;
}

export function isAtLeast(me: Me, role: Role): boolean {
  return RANKS[me.role] >= RANKS[role];
}

/** Whether the key reaches only some of the workspace's links. */
export function isLimited(me: Me): boolean {
  const limits = me.credential.limits;
  return limits !== null && limits !== undefined && (limits.tags.length > 0 || limits.domains.length > 0 || limits.own_links);
}

/** Signs in. Throws a `Problem` if the API refuses. */
export async function signIn(proof: { key: string } | { code: string } | { token: string }): Promise<void> {
  await body(api.POST('/v1/sessions', { body: proof }));
  forgetAll();
  // An answer that is still under way is one to nobody.
  await cache.cancelQueries({ queryKey: KEY });
  await cache.refetchQueries({ queryKey: KEY });
}

/** Signs out, in the API and then here. If the API cannot be reached, the session goes on and a `Problem` says so. */
export async function signOut(): Promise<void> {
  try {
    await body(api.DELETE('/v1/sessions/{id}', { params: { path: { id: 'current' } } }));
  } catch (error) {
    if (!(error instanceof Problem) || (error.status !== 401 && error.status !== 404)) throw error;
  }
  forgetAll();
  cache.setQueryData(KEY, null);
}

/** Forgets what an earlier caller has seen. */
function forgetAll(): void {
  cache.removeQueries({ predicate: (query) => query.queryKey[0] !== KEY[0] });
}
