import { QueryClient } from '@tanstack/preact-query';
import { Problem } from './problem';

const MOST_TRIES = 3;

/** Tries again what may succeed a moment later; a refusal (4xx) is an answer. */
export function isWorthAnotherTry(failures: number, error: unknown): boolean {
  return failures < MOST_TRIES - 1 && error instanceof Problem && error.isTemporary;
}

/** Milliseconds until the next try: what the API asks for within bounds, else growing waits. */
export function waitBeforeTry(failures: number, error: unknown): number {
  const asked = error instanceof Problem ? error.retryAfter : null;
  return Math.min(asked === null ? 500 * 2 ** failures : asked * 1000, 8000);
}

export const cache = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 10_000, gcTime: 300_000, retry: isWorthAnotherTry, retryDelay: waitBeforeTry, refetchOnWindowFocus: true },
    mutations: { retry: false },
  },
});
