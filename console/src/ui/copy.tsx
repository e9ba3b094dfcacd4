import { useState } from 'preact/hooks';
import { text } from '../text';
import { Icon } from './icons';
import { toast } from './toasts';

export async function copy(value: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(value);
    return true;
  } catch {
    // No permission, or a page without TLS on another host.
    toast(text.actions.copyFailed);
    return false;
  }
}

export function CopyButton({ value, label, withText = false }: { value: string; label: string; withText?: boolean }) {
  const [done, setDone] = useState(false);
  return (
    <button
      type="button"
      class={withText ? 'button' : 'button ghost icon-only'}
      aria-label={withText ? undefined : label}
      title={label}
      onClick={async (event) => {
        event.stopPropagation();
        if (!(await copy(value))) return;
        setDone(true);
        setTimeout(() => setDone(false), 1500);
      }}
    >
      <Icon name={done ? 'check' : 'copy'} />
      {withText && <span>{done ? text.actions.copied : label}</span>}
      <span class="visually-hidden" role="status">
        {done ? text.actions.copied : ''}
      </span>
    </button>
  );
}
