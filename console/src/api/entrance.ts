import { takeReturn } from './attempt';
import { takeCode } from './code';
import { signIn } from './me';

/**
 * Takes from the address what signs in: the code of a sign-in link, or the answer of the identity provider. Gives what goes on with
 * it; `null` if there is neither.
 */
export function entrance(): (() => Promise<void>) | null {
  const returned = takeReturn(location, history, sessionStorage, Date.now());
  if (returned !== null) return async () => (await import('./provider')).arrive(returned);
  const code = takeCode(location, history);
  return code === null ? null : () => signIn({ code });
}
