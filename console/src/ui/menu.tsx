import type { ComponentChildren } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';

interface Props {
  label: ComponentChildren;
  /** What a screen reader calls the button where its label is a picture. */
  name?: string;
  class?: string;
  children: (close: () => void) => ComponentChildren;
  disabled?: boolean;
}

/** A button that opens a popover under it. The browser closes it with Escape and with a click elsewhere. */
export function Menu({ label, name, class: kind = 'button', children, disabled = false }: Props) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const popover = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const close = () => popover.current?.hidePopover();

  const place = () => {
    const at = button.current?.getBoundingClientRect();
    const box = popover.current;
    if (!at || !box) return;
    const left = Math.max(8, Math.min(at.left, innerWidth - box.offsetWidth - 8));
    const below = at.bottom + 4;
    const top = below + box.offsetHeight > innerHeight - 8 ? Math.max(8, at.top - box.offsetHeight - 4) : below;
    box.style.left = `${left}px`;
    box.style.top = `${top}px`;
  };

  return (
    <>
      <button
        ref={button}
        type="button"
        class={kind}
        aria-label={name}
        aria-expanded={open}
        aria-controls={id}
        disabled={disabled}
        onClick={() => {
          popover.current?.togglePopover();
        }}
      >
        {label}
      </button>
      <div
        ref={popover}
        id={id}
        class="menu"
        popover="auto"
        onToggle={(event) => {
          const opened = (event as unknown as ToggleEvent).newState === 'open';
          setOpen(opened);
          if (!opened) {
            if (popover.current?.contains(document.activeElement)) button.current?.focus();
            return;
          }
          // The content is rendered with the next frame; place it then and take the focus there.
          requestAnimationFrame(() => {
            place();
            popover.current?.querySelector<HTMLElement>('button, input, select, a')?.focus();
          });
        }}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
          if (event.target instanceof HTMLInputElement && event.target.type !== 'checkbox') return;
          event.preventDefault();
          moveFocus(popover.current, event.key === 'ArrowDown' ? 1 : -1);
        }}
      >
        {open && children(close)}
      </div>
    </>
  );
}

/** Moves the focus among the controls of a box, around its ends. */
export function moveFocus(box: HTMLElement | null, step: 1 | -1): void {
  const items = [...(box?.querySelectorAll<HTMLElement>('button:not(:disabled), a, input') ?? [])];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[(at + step + items.length) % items.length]?.focus();
}
