/** What would be lost if the page were left; asks the reader. */
let question: (() => string | null) | null = null;

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
  addEventListener('beforeunload', unload);
  // Before the router, which listens at the window.
  document.addEventListener('click', click);
  return () => {
    question = null;
    removeEventListener('beforeunload', unload);
    document.removeEventListener('click', click);
  };
}

/** Whether the page may be left: nothing is lost, or the reader says so. */
export function mayLeave(): boolean {
  const asked = question?.() ?? null;
  return asked === null || confirm(asked);
}
