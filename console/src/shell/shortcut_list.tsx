import { useMe } from '../api/me';
import { text } from '../text';
import { Dialog } from '../ui/dialog';
import { pagesFor } from './pages';

export function ShortcutList({ onClose }: { onClose: () => void }) {
  const pages = pagesFor(useMe())
    .flatMap((section) => section.pages)
    .filter(({ letter }) => letter !== undefined);
  return (
    <Dialog title={text.shell.shortcuts} onClose={onClose}>
      <div class="shortcuts">
        {text.shortcuts.map(([keys, what]) => (
          <div key={what}>
            <span>{what}</span>
            <span class="row tight">
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </span>
          </div>
        ))}
        {pages.map((page) => (
          <div key={page.path}>
            <span>{text.shell.goToPage(page.name)}</span>
            <span class="row tight">
              <kbd>g</kbd>
              <kbd>{page.letter}</kbd>
            </span>
          </div>
        ))}
      </div>
    </Dialog>
  );
}
