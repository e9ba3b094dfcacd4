import type { ComponentType } from 'preact';
import { lazy } from 'preact-iso';
import { text } from '../text';
import { Empty } from '../ui/states';

const importers: (() => Promise<unknown>)[] = [];

/** A screen that comes when it is first shown. One that cannot be loaded says so, instead of nothing. */
function screen<Props>(load: () => Promise<ComponentType<Props>>) {
  importers.push(load);
  return lazy(() => load().catch(() => NotLoaded as unknown as ComponentType<Props>));
}

/** Fetches the screens that nobody has opened yet, while nothing else is to do, so that each opens at once. */
export function prefetchScreens(): void {
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  if (connection?.saveData) return;
  const idle = globalThis.requestIdleCallback ?? ((run: () => void) => setTimeout(run, 1000));
  const fetchNext = (at: number) => {
    const load = importers[at];
    // What fails now is fetched again when it is opened.
    if (load)
      idle(
        () =>
          void load().then(
            () => fetchNext(at + 1),
            () => {},
          ),
      );
  };
  fetchNext(0);
}

function NotLoaded() {
  return (
    <Empty title={text.states.notLoaded}>
      <button type="button" class="button" onClick={() => location.reload()}>
        {text.states.reload}
      </button>
    </Empty>
  );
}

export const Home = screen(() => import('../screens/home').then((module) => module.Home));
export const Links = screen(() => import('../screens/links/links').then((module) => module.Links));
export const NewLink = screen(() => import('../screens/link/link').then((module) => module.NewLinkScreen));
export const EditLink = screen(() => import('../screens/link/link').then((module) => module.LinkScreen));
export const Files = screen(() => import('../screens/files/files').then((module) => module.Files));
export const FileScreen = screen(() => import('../screens/files/file').then((module) => module.FileScreen));
export const Statistics = screen(() => import('../screens/statistics/screens').then((module) => module.StatisticsScreen));
export const LinkStatistics = screen(() => import('../screens/statistics/screens').then((module) => module.LinkStatisticsScreen));
export const Imports = screen(() => import('../screens/imports/imports').then((module) => module.Imports));
export const ImportScreen = screen(() => import('../screens/imports/import').then((module) => module.ImportScreen));
export const Exports = screen(() => import('../screens/exports').then((module) => module.Exports));
export const Changes = screen(() => import('../screens/changes').then((module) => module.Changes));
export const Tags = screen(() => import('../screens/tags').then((module) => module.Tags));
export const Domains = screen(() => import('../screens/domains').then((module) => module.Domains));
export const Keys = screen(() => import('../screens/keys').then((module) => module.Keys));
export const WorkspaceScreen = screen(() => import('../screens/workspace').then((module) => module.WorkspaceScreen));
export const Sessions = screen(() => import('../screens/sessions').then((module) => module.Sessions));
export const Misses = screen(() => import('../screens/misses').then((module) => module.Misses));
export const BlockedTargets = screen(() => import('../screens/operator/blocked').then((module) => module.BlockedTargets));
export const AbuseReports = screen(() => import('../screens/operator/abuse').then((module) => module.AbuseReports));
export const ApiDrawer = screen(() => import('./api_drawer').then((module) => module.ApiDrawer));
export const ShortcutList = screen(() => import('./shortcut_list').then((module) => module.ShortcutList));
export const SignIn = screen(() => import('./sign_in').then((module) => module.SignIn));
