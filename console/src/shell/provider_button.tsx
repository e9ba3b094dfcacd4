import { useQuery } from '@tanstack/preact-query';
import { useEffect, useState } from 'preact/hooks';
import { CONFIG } from '../api/config';
import { text } from '../text';

/** Signs in with the identity provider of the stack; shows nothing if it has none. */
export function ProviderButton({ onFailure }: { onFailure: (error: unknown) => void }) {
  const [leaving, setLeaving] = useState(false);
  const { data, error, refetch } = useQuery(CONFIG);

  // Back from the provider by the browser's button: the page is as it was left.
  useEffect(() => {
    const shown = () => setLeaving(false);
    addEventListener('pageshow', shown);
    return () => removeEventListener('pageshow', shown);
  }, []);

  if (data === undefined) {
    if (error === null) return null;
    return (
      <p class="note warn">
        {text.signIn.noConfig}{' '}
        <button type="button" class="button small" onClick={() => refetch()}>
          {text.states.retry}
        </button>
      </p>
    );
  }
  const provider = data.identity_provider;
  if (provider === null) return null;

  const { host } = new URL(provider.issuer);
  const go = async () => {
    setLeaving(true);
    onFailure(null);
    try {
      const { leave } = await import('../api/provider');
      await leave(provider, location.pathname + location.search);
    } catch (failure) {
      onFailure(failure);
      setLeaving(false);
    }
  };
  return (
    <>
      <button type="button" class="button primary" disabled={leaving} onClick={go}>
        {leaving ? text.signIn.leaving(host) : text.signIn.withProvider(host)}
      </button>
      <p class="muted or">{text.signIn.orKey}</p>
    </>
  );
}
