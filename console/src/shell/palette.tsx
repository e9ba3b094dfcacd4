import { useQuery } from '@tanstack/preact-query';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { listLinks } from '../api/links';
import { isAtLeast, signOut, useMe } from '../api/me';
import { useDebounced } from '../lib/hooks';
import { mayLeave } from '../lib/leave';
import { linkPath, shortTarget } from '../lib/targets';
import { setTheme } from '../lib/theme';
import { text } from '../text';
import { Dialog } from '../ui/dialog';
import { Icon, type IconName } from '../ui/icons';
import { toastError } from '../ui/toasts';
import { pagesFor } from './pages';
import type { Overlay } from './shell';

interface Command {
  id: string;
  name: string;
  note?: string;
  icon: IconName;
  run: () => void;
}

/** Every page, every action of the shell and every link, by typing some letters. */
export function Palette({ onClose, open }: { onClose: () => void; open: (overlay: Overlay) => void }) {
  const me = useMe();
  const { route } = useLocation();
  const [typed, setTyped] = useState('');
  const [active, setActive] = useState(0);
  const search = useDebounced(typed.trim(), 120);
  const list = useRef<HTMLDivElement>(null);
  const found = useQuery({
    queryKey: ['links', 'palette', search],
    queryFn: ({ signal }) => listLinks({ search, limit: 8 }, signal),
    enabled: search !== '',
  });

  const commands = useMemo<Command[]>(() => {
    const pages = pagesFor(me).flatMap((section) => section.pages);
    return [
      ...pages.map((page) => ({ id: page.path, name: page.name, icon: page.icon, run: () => route(page.path) })),
      ...(isAtLeast(me, 'editor')
        ? [{ id: 'new', name: text.links.create, icon: 'plus' as const, run: () => route('/console/links/new') }]
        : []),
      { id: 'api', name: text.shell.byApi, icon: 'code', run: () => open('api') },
      { id: 'keys', name: text.shell.shortcuts, icon: 'keyboard', run: () => open('shortcuts') },
      { id: 'light', name: text.shell.toTheme(text.shell.themes.light), icon: 'sun', run: () => setTheme('light') },
      { id: 'dark', name: text.shell.toTheme(text.shell.themes.dark), icon: 'sun', run: () => setTheme('dark') },
      { id: 'system', name: text.shell.toTheme(text.shell.themes.system), icon: 'sun', run: () => setTheme('system') },
      { id: 'out', name: text.shell.signOut, icon: 'signout', run: () => void signOut().catch(toastError) },
    ];
  }, [me, route, open]);

  const wanted = typed.trim().toLocaleLowerCase();
  const shown: Command[] = [
    ...commands.filter(({ name }) => name.toLocaleLowerCase().includes(wanted)),
    ...(wanted === '' ? [] : (found.data?.items ?? [])).map((link) => ({
      id: link.id,
      name: `${link.domain}/${link.slug}`,
      note: link.title ?? shortTarget(link.url),
      icon: 'link' as const,
      run: () => route(linkPath(link)),
    })),
  ];
  const at = Math.min(active, shown.length - 1);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const choose = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    if (mayLeave()) command.run();
  };

  return (
    <Dialog title={text.shell.palette} kind="palette" hideTitle onClose={onClose}>
      <input
        type="text"
        role="combobox"
        autofocus
        autocomplete="off"
        aria-label={text.shell.palette}
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={at >= 0 ? `palette-${at}` : undefined}
        placeholder={text.shell.palettePlaceholder}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setActive(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault();
            if (shown.length > 0) setActive((at + (event.key === 'ArrowDown' ? 1 : -1) + shown.length) % shown.length);
          } else if (event.key === 'Enter') {
            event.preventDefault();
            choose(shown[at]);
          }
        }}
      />
      <div class="palette-list" id="palette-list" role="listbox" aria-label={text.shell.palette} ref={list}>
        {shown.map((command, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input has the focus and the keys
          <div
            key={command.id}
            id={`palette-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            onMouseMove={() => setActive(index)}
            onClick={() => choose(command)}
          >
            <Icon name={command.icon} />
            <span class="clip">{command.name}</span>
            {command.note && <span class="muted clip">{command.note}</span>}
          </div>
        ))}
        {shown.length === 0 && <p class="muted menu-text">{found.isFetching ? text.states.loading : text.states.nothing}</p>}
      </div>
    </Dialog>
  );
}
