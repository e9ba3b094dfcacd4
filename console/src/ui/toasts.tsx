import { useEffect, useState } from 'preact/hooks';
import { text } from '../text';
import { Icon } from './icons';
import { oneLine } from './states';

interface Toast {
  number: number;
  message: string;
  kind: 'info' | 'error';
  action?: { label: string; run: () => void };
}

/** Long enough to read, and to reach "undo" by keyboard. Errors stay until they are closed. */
const SHOWN_MILLISECONDS = 10_000;

let toasts: Toast[] = [];
let next = 1;
let notify: (toasts: Toast[]) => void = () => {};

function change(to: Toast[]): void {
  toasts = to;
  notify(toasts);
}

export function toast(message: string, action?: Toast['action']): number {
  const number = next++;
  change([...toasts, { number, message, kind: 'info' as const, ...(action ? { action } : {}) }].slice(-4));
  setTimeout(() => dismiss(number), SHOWN_MILLISECONDS);
  return number;
}

export function toastError(error: unknown): void {
  const message = oneLine(error);
  change([...toasts.filter((shown) => shown.message !== message), { number: next++, message, kind: 'error' as const }].slice(-4));
}

export function dismiss(number: number): void {
  change(toasts.filter((shown) => shown.number !== number));
}

/** The messages, read aloud as they come. */
export function Toasts() {
  const [shown, setShown] = useState(toasts);
  useEffect(() => {
    notify = setShown;
    return () => {
      notify = () => {};
    };
  }, []);
  return (
    <section class="toasts" aria-live="polite" aria-label={text.shell.messages}>
      {shown.map(({ number, message, kind, action }) => (
        <div key={number} class={`toast ${kind}`}>
          <span>{message}</span>
          {action && (
            <button
              type="button"
              class="button small"
              onClick={() => {
                dismiss(number);
                action.run();
              }}
            >
              {action.label}
            </button>
          )}
          <button type="button" class="button ghost icon-only" aria-label={text.actions.close} onClick={() => dismiss(number)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </section>
  );
}
