import { QueryClientProvider } from '@tanstack/preact-query';
import { useEffect, useState } from 'preact/hooks';
import { LocationProvider } from 'preact-iso';
import { cache } from './api/cache';
import { MeContext, signIn, useMeQuery } from './api/me';
import { Shell } from './shell/shell';
import { SignIn } from './shell/sign_in';
import { text } from './text';
import { ErrorBox, Loading } from './ui/states';
import { Toasts } from './ui/toasts';

/** The console. `code` is the one-time code that the address had. */
export function App({ code }: { code: string | null }) {
  return (
    <QueryClientProvider client={cache}>
      <LocationProvider scope="/console">
        <Door code={code} />
        <Toasts />
      </LocationProvider>
    </QueryClientProvider>
  );
}

/** Lets in who is signed in. Who is not gets the sign-in at the same address, and is where they wanted to be afterwards. */
function Door({ code }: { code: string | null }) {
  const [redeeming, setRedeeming] = useState(code !== null);
  const [refused, setRefused] = useState<unknown>(null);
  const me = useMeQuery();
  useEffect(() => {
    if (code === null) return;
    signIn({ code })
      .catch(setRefused)
      .finally(() => setRedeeming(false));
  }, [code]);

  if (redeeming || (me.data === undefined && me.error === null)) {
    return (
      <div class="sign-in">
        <div class="panel">
          <Loading label={text.signIn.waiting} />
        </div>
      </div>
    );
  }
  if (me.data === undefined) {
    return (
      <main class="sign-in">
        <div class="panel">
          <ErrorBox error={me.error} retry={() => me.refetch()} />
        </div>
      </main>
    );
  }
  if (me.data === null) return <SignIn refused={refused} />;
  return (
    <MeContext.Provider value={me.data}>
      <Shell />
    </MeContext.Provider>
  );
}
