import { QueryClientProvider } from '@tanstack/preact-query';
import { useEffect, useState } from 'preact/hooks';
import { ErrorBoundary, LocationProvider } from 'preact-iso';
import { cache } from './api/cache';
import { MeContext, useMeQuery } from './api/me';
import { SignIn } from './shell/screens';
import { Shell } from './shell/shell';
import { text } from './text';
import { ErrorBox, Loading } from './ui/states';
import { Toasts } from './ui/toasts';

/** The console. `enter` signs in with what the address had. */
export function App({ enter }: { enter: (() => Promise<void>) | null }) {
  return (
    <QueryClientProvider client={cache}>
      <LocationProvider scope="/console">
        <Door enter={enter} />
        <Toasts />
      </LocationProvider>
    </QueryClientProvider>
  );
}

/** Lets in who is signed in. Who is not gets the sign-in at the same address, and is where they wanted to be afterwards. */
function Door({ enter }: { enter: (() => Promise<void>) | null }) {
  const [redeeming, setRedeeming] = useState(enter !== null);
  const [refused, setRefused] = useState<unknown>(null);
  const me = useMeQuery();
  useEffect(() => {
    enter?.()
      .catch(setRefused)
      .finally(() => setRedeeming(false));
  }, [enter]);

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
  if (me.data === null) {
    return (
      <ErrorBoundary>
        <SignIn refused={refused} />
      </ErrorBoundary>
    );
  }
  return (
    <MeContext.Provider value={me.data}>
      <Shell />
    </MeContext.Provider>
  );
}
