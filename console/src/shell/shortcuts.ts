import { useLayoutEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { useMe } from '../api/me';
import { mayLeave } from '../lib/leave';
import { pagesFor } from './pages';
import type { Overlay } from './shell';

/** How long after `g` the letter of a page counts. */
const CHORD_MILLISECONDS = 1500;

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button', 'color'].includes(target.type);
  return target.isContentEditable || ['TEXTAREA', 'SELECT'].includes(target.tagName);
}

/** The shortcuts that hold on every screen. Single keys do nothing while somebody types or a dialog is open. */
export function useShortcuts(open: (overlay: Overlay) => void): void {
  const me = useMe();
  const { route } = useLocation();
  const chord = useRef(0);
  // With the screen: who sees it may press a key.
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        open('palette');
        return;
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target) || document.querySelector('dialog[open]')) return;
      if (Date.now() - chord.current < CHORD_MILLISECONDS) {
        chord.current = 0;
        const page = pagesFor(me)
          .flatMap((section) => section.pages)
          .find(({ letter }) => letter === event.key);
        if (page && mayLeave()) {
          event.preventDefault();
          route(page.path);
        }
        return;
      }
      const focus = (id: string) => {
        const element = document.getElementById(id);
        if (!element) return false;
        event.preventDefault();
        element.focus();
        return true;
      };
      if (event.key === 'g') chord.current = Date.now();
      else if (event.key === '?') open('shortcuts');
      else if (event.key === 'a') open('api');
      else if (event.key === 'c') focus('quick-link');
      else if (event.key === '/' && !focus('search')) open('palette');
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [me, route, open]);
}
