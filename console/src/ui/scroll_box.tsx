import type { ComponentChildren } from 'preact';

/** A box that scrolls sideways on narrow screens. It takes the focus, so that the arrow keys scroll it. */
export function ScrollBox({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <section class="scroll-x" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
