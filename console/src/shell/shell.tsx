import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { ErrorBoundary, Route, Router, useLocation } from 'preact-iso';
import { signOut, useMe } from '../api/me';
import { useOnline } from '../lib/hooks';
import { text } from '../text';
import { Dialog } from '../ui/dialog';
import { Icon } from '../ui/icons';
import { Menu } from '../ui/menu';
import { toastError } from '../ui/toasts';
import { Navigation } from './navigation';
import { Palette } from './palette';
import { QuickLink } from './quick_link';
import {
  AbuseReports,
  ApiDrawer,
  BlockedTargets,
  Changes,
  Domains,
  EditLink,
  Exports,
  FileScreen,
  Files,
  Home,
  ImportScreen,
  Imports,
  Keys,
  LinkStatistics,
  Links,
  Misses,
  NewLink,
  prefetchScreens,
  Sessions,
  ShortcutList,
  Statistics,
  Tags,
  WorkspaceScreen,
} from './screens';
import { useShortcuts } from './shortcuts';
import { ThemeChoice } from './theme_choice';

export type Overlay = 'navigation' | 'api' | 'palette' | 'shortcuts' | null;

/** What stands around every screen: navigation, the box for a new link, and what opens above. */
export function Shell() {
  const me = useMe();
  const online = useOnline();
  const [overlay, setOverlay] = useState<Overlay>(null);
  const main = useRef<HTMLElement>(null);
  const { path } = useLocation();
  const last = useRef(path);
  useShortcuts(setOverlay);
  useEffect(prefetchScreens, []);

  const wentBack = useRef(false);
  useEffect(() => {
    const back = () => {
      wentBack.current = true;
    };
    addEventListener('popstate', back);
    return () => removeEventListener('popstate', back);
  }, []);

  // With the new screen, not after its first paint: a palette opened by then would be closed, a focus chosen by then lost.
  useLayoutEffect(() => {
    // A new screen is read from its beginning. The first one keeps the focus of the browser.
    if (last.current === path) return;
    last.current = path;
    setOverlay(null);
    main.current?.focus({ preventScroll: true });
    // Back leads to where one was on that page, as the browser keeps it.
    if (!wentBack.current) scrollTo(0, 0);
    wentBack.current = false;
  }, [path]);

  const close = () => setOverlay(null);
  return (
    <>
      <a class="skip" href="#main">
        {text.shell.skip}
      </a>
      <div class="shell">
        <Navigation />
        <div class="main-column">
          {!online && (
            <div class="banner" role="status">
              {text.states.offlineBanner}
            </div>
          )}
          <header class="top-bar">
            <button
              type="button"
              class="button ghost icon-only only-narrow"
              aria-label={text.shell.navigation}
              onClick={() => setOverlay('navigation')}
            >
              <Icon name="menu" />
            </button>
            <QuickLink />
            <span class="grow only-wide" />
            <button type="button" class="button ghost only-wide" onClick={() => setOverlay('palette')}>
              <Icon name="search" />
              <span>{text.shell.goTo}</span>
              <kbd>{text.shell.paletteKey}</kbd>
            </button>
            <button
              type="button"
              class="button ghost icon-only only-wide"
              aria-label={text.shell.byApi}
              title={text.shell.byApi}
              onClick={() => setOverlay('api')}
            >
              <Icon name="code" />
            </button>
            <Menu label={<Icon name="user" />} name={text.shell.account} class="button ghost icon-only">
              {(closeMenu) => (
                <>
                  <div class="menu-text">
                    <strong class="clip">{me.credential.name}</strong>
                    <p class="muted small">{text.shell.roleIn(text.roles[me.role], me.workspace)}</p>
                  </div>
                  <hr />
                  <ThemeChoice />
                  <hr />
                  <button type="button" onClick={() => setOverlay('palette')}>
                    <Icon name="search" />
                    {text.shell.palette}
                  </button>
                  <button type="button" onClick={() => setOverlay('api')}>
                    <Icon name="code" />
                    {text.shell.byApi}
                  </button>
                  <button type="button" onClick={() => setOverlay('shortcuts')}>
                    <Icon name="keyboard" />
                    {text.shell.shortcuts}
                  </button>
                  <hr />
                  <button
                    type="button"
                    onClick={() => {
                      closeMenu();
                      signOut().catch(toastError);
                    }}
                  >
                    <Icon name="signout" />
                    {text.shell.signOut}
                  </button>
                </>
              )}
            </Menu>
          </header>
          <main id="main" ref={main} tabIndex={-1}>
            <Router>
              <Route path="/console/" component={Home} />
              <Route path="/console/links" component={Links} />
              <Route path="/console/links/new" component={NewLink} />
              <Route path="/console/links/:domain/:slug" component={EditLink} />
              <Route path="/console/links/:domain/:slug/statistics" component={LinkStatistics} />
              <Route path="/console/files" component={Files} />
              <Route path="/console/files/:id" component={FileScreen} />
              <Route path="/console/statistics" component={Statistics} />
              <Route path="/console/imports" component={Imports} />
              <Route path="/console/imports/:id" component={ImportScreen} />
              <Route path="/console/exports" component={Exports} />
              <Route path="/console/changes" component={Changes} />
              <Route path="/console/tags" component={Tags} />
              <Route path="/console/domains" component={Domains} />
              <Route path="/console/domains/:domain/misses" component={Misses} />
              <Route path="/console/abuse-reports" component={AbuseReports} />
              <Route path="/console/blocked-targets" component={BlockedTargets} />
              <Route path="/console/keys" component={Keys} />
              <Route path="/console/workspace" component={WorkspaceScreen} />
              <Route path="/console/sessions" component={Sessions} />
              <Route default component={Missing} />
            </Router>
          </main>
        </div>
      </div>
      {overlay === 'navigation' && (
        <Dialog title={text.shell.navigation} onClose={close}>
          <Navigation inDialog />
        </Dialog>
      )}
      <ErrorBoundary>
        {overlay === 'api' && <ApiDrawer onClose={close} />}
        {overlay === 'palette' && <Palette onClose={close} open={setOverlay} />}
        {overlay === 'shortcuts' && <ShortcutList onClose={close} />}
      </ErrorBoundary>
    </>
  );
}

function Missing() {
  return (
    <div class="empty">
      <h1>{text.shell.noPage}</h1>
      <a href="/console/">{text.nav.home}</a>
    </div>
  );
}
