import { useLocation } from 'preact-iso';
import { useMe } from '../api/me';
import { text } from '../text';
import { Icon } from '../ui/icons';
import { pagesFor } from './pages';

export function Navigation({ inDialog = false }: { inDialog?: boolean }) {
  const me = useMe();
  const { path } = useLocation();
  const isAt = (page: string) =>
    page === '/console/' ? path === page || path === '/console' : path === page || path.startsWith(`${page}/`);
  return (
    <nav class={`side-nav ${inDialog ? 'in-dialog' : ''}`} aria-label={text.shell.navigation}>
      {!inDialog && (
        <a class="brand" href="/console/">
          <img src="/console/icon.svg" alt="" width="24" height="24" />
          Waypost
        </a>
      )}
      {pagesFor(me).map((section) => (
        <div key={section.name}>
          {section.name !== null && <h2>{section.name}</h2>}
          {section.pages.map((page) => (
            <a key={page.path} class="item" href={page.path} aria-current={isAt(page.path) ? 'page' : undefined}>
              <Icon name={page.icon} />
              {page.name}
            </a>
          ))}
        </div>
      ))}
      <div class="foot">
        <span class="clip">{me.workspace}</span>
        <span>Waypost {me.version}</span>
      </div>
    </nav>
  );
}
