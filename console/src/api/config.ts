import { cache } from './cache';
import { Problem } from './problem';

/** The identity provider by which people can sign in. */
export interface Provider {
  issuer: string;
  client_id: string;
  /** Scopes that the console asks for. */
  scope: string;
  /** For whom the access token must be. */
  audience: string;
}

/** What the console can know before anybody is signed in. */
export interface Config {
  identity_provider: Provider | null;
}

export const CONFIG = {
  queryKey: ['config'],
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Config> => {
    let response: Response;
    try {
      response = await fetch('/console/config.json', { signal, cache: 'no-store' });
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') throw error;
      throw new Problem({ status: 0, detail: '' });
    }
    if (!response.ok) throw new Problem({ status: response.status, detail: '' });
    return response.json();
  },
  staleTime: 60_000,
};

export const config = (): Promise<Config> => cache.fetchQuery(CONFIG);
