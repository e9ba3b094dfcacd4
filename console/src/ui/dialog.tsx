import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { text } from '../text';
import { Icon } from './icons';

interface Props {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  /** `side` opens at the edge of the window, for what one reads beside the page. */
  kind?: 'plain' | 'wide' | 'side' | 'palette';
  hideTitle?: boolean;
}

/** A modal `<dialog>`: the browser keeps the focus inside, closes it with Escape and gives the focus back. */
export function Dialog({ title, onClose, children, kind = 'plain', hideTitle = false }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const leaving = useRef(false);
  // Before the next paint: what is typed right after a shortcut must arrive here.
  useLayoutEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    return () => {
      // Closing gives the focus back; the event that follows is no wish of the reader.
      leaving.current = true;
      element?.close();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes the dialog, as the browser does it.
    <dialog
      ref={dialog}
      class={`dialog ${kind}`}
      aria-labelledby={heading}
      onClose={() => {
        if (!leaving.current) onClose();
      }}
      onClick={(event) => {
        // A click on the dialog itself and on nothing inside it is one on its backdrop.
        if (event.target === dialog.current) dialog.current?.close();
      }}
    >
      <div class="dialog-body">
        <header class={hideTitle ? 'visually-hidden' : 'dialog-head'}>
          <h2 id={heading}>{title}</h2>
          <button type="button" class="button ghost icon-only" aria-label={text.actions.close} onClick={() => dialog.current?.close()}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  children: ComponentChildren;
  action: string;
  danger?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

export function Confirm({ title, children, action, danger = false, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          onConfirm();
          onClose();
        }}
      >
        <div class="dialog-text">{children}</div>
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            {text.actions.cancel}
          </button>
          <button type="submit" class={`button ${danger ? 'danger' : 'primary'}`}>
            {action}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
