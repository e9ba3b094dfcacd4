import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { signIn } from '../api/me';
import { Problem } from '../api/problem';
import { useTitle } from '../lib/hooks';
import { text } from '../text';
import { Field } from '../ui/field';
import { ErrorBox } from '../ui/states';

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
        {refused !== null && error === null && <p class="note warn">{text.signIn.codeRefused}</p>}
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
        {error !== null && !wrongKey && <ErrorBox error={error} />}
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? text.signIn.busy : text.signIn.action}
        </button>
      </form>
    </main>
  );
}
