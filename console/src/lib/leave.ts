/** What would be lost if the page were left; asks the reader. */
let question: (() => string | null) | null = null;

/** What stands between the browser and the router when history goes elsewhere. */
let guard: ((event: PopStateEvent) => void) | null = null;
// Listeners of the window are called in the order in which they came: this one before those of the router and of the shell.
globalThis.addEventListener?.('popstate', (event) => guard?.(event));

/** Sets what is asked before a page is left: the question, or `null` if nothing would be lost. Returns how to take it back. */
export function askBeforeLeaving(ask: () => string | null): () => void {
  question = ask;
  const unload = (event: BeforeUnloadEvent) => {
    if (ask() !== null) event.preventDefault();
  };
  const click = (event: MouseEvent) => {
    const link = (event.target as HTMLElement).closest?.('a[href^="/console"]');
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    if (mayLeave()) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const stopHistory = askBeforeGoingBack();
  addEventListener('beforeunload', unload);
  // Before the router, which listens at the window.
  document.addEventListener('click', click);
  return () => {
    question = null;
    stopHistory();
    removeEventListener('beforeunload', unload);
    document.removeEventListener('click', click);
  };
}

/** Whether the page may be left: nothing is lost, or the reader says so. */
export function mayLeave(): boolean {
  const asked = question?.() ?? null;
  return asked === null || confirm(asked);
}

/** The entry's place in the history of the tab. Not every browser tells it. */
const place = (): number | undefined =>
  (globalThis as { navigation?: { currentEntry?: { index: number } | null } }).navigation?.currentEntry?.index;
const address = (): string => location.pathname + location.search;

/**
 * Asks when the browser goes back or forward. It has the other address by then: who stays is brought back to the entry that they came
 * from, before the router hears of anything, so that address and screen stay together.
 */
function askBeforeGoingBack(): () => void {
  const here = address();
  let at = place();
  let returning: { x: number; y: number } | null = null;
  const moved = () => {
    // A jump within the page is an entry, too.
    if (address() === here) at = place();
  };
  const pop = (event: PopStateEvent) => {
    if (returning !== null && address() === here) {
      event.stopImmediatePropagation();
      scrollTo(returning.x, returning.y);
      returning = null;
      return;
    }
    if (address() === here) return moved();
    const scroll = { x: scrollX, y: scrollY };
    if (returning === null && mayLeave()) return;
    event.stopImmediatePropagation();
    const now = place();
    if (at !== undefined && now !== undefined && at !== now) {
      returning = scroll;
      history.go(at - now);
    } else {
      // Without places the way back is not known: the page becomes a new entry after the one that was reached.
      history.pushState(null, '', here);
    }
  };
  guard = pop;
  addEventListener('hashchange', moved);
  return () => {
    guard = null;
    removeEventListener('hashchange', moved);
  };
}
