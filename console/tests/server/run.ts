/** `node tests/server/run.ts`: serves the built console with a workspace of samples, to look at. Sign in with `wp_admin`. */
import { start } from './server.ts';
import { State } from './state.ts';

const links = Number(process.env.LINKS ?? 260);
const running = await start(new State(Date.now(), links), Number(process.env.PORT ?? 4173));
process.stdout.write(`${running.url}/console/\n`);
