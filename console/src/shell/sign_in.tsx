import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { SignInFailure } from '../api/attempt';
import { signIn } from '../api/me';
import { Problem } from '../api/problem';
import { useTitle } from '../lib/hooks';
import { text } from '../text';
import { Field } from '../ui/field';
import { ErrorBox } from '../ui/states';
import { ProviderButton } from './provider_button';

/** The sign-in. `refused` is why what the address had did not sign in. */
export function SignIn({ refused }: { refused: unknown }) {
  const [key, setKey] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const input = useRef<HTMLInputElement>(null);
  useTitle(text.signIn.title);
  useLayoutEffect(() => input.current?.focus(), []);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (key.trim() === '') {
      setError(new Problem({ status: 422, detail: text.signIn.empty, errors: [{ pointer: '/key', detail: text.signIn.empty }] }));
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await signIn({ key: key.trim() });
    } catch (failure) {
      setError(failure);
      input.current?.focus();
    } finally {
      setBusy(false);
    }
  };

  const wrongKey = error instanceof Problem && (error.status === 401 || error.status === 422);
  return (
    <main class="sign-in">
      <form class="panel" onSubmit={submit} noValidate>
        <span class="brand">
          <img src="/console/icon.svg" alt="" width="24" height="24" />
          Waypost
        </span>
        <div class="stack">
          <h1>{text.signIn.title}</h1>
          <p class="muted">{text.signIn.lead}</p>
        </div>
        {error === null && <Refusal error={refused} />}
        <ProviderButton onFailure={setError} />
        <Field
          label={text.signIn.key}
          hint={text.signIn.hint}
          error={wrongKey ? (error.status === 401 ? text.signIn.wrong : error.message) : undefined}
        >
          <input
            ref={input}
            type="password"
            name="key"
            // A password manager may keep the key; the page itself never does.
            autocomplete="current-password"
            spellcheck={false}
            value={key}
            placeholder="wp_…"
            onInput={(event) => setKey(event.currentTarget.value)}
          />
        </Field>
        {!wrongKey && <Refusal error={error} />}
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? text.signIn.busy : text.signIn.action}
        </button>
      </form>
    </main>
  );
}

/** Why a sign-in has failed. A refused credential without a field is that of a sign-in link. */
function Refusal({ error }: { error: unknown }) {
  if (error === null) return null;
  if (error instanceof SignInFailure) {
    return (
      <div class="note warn" role="alert">
        <p>{text.signIn.failures[error.reason]}</p>
        {error.message && <p class="small">{error.message}</p>}
      </div>
    );
  }
  if (error instanceof Problem && error.status === 401) return <p class="note warn">{text.signIn.codeRefused}</p>;
  return <ErrorBox error={error} />;
}
