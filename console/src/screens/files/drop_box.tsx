import { useEffect, useRef, useState } from 'preact/hooks';
import { useMe } from '../../api/me';
import type { Me } from '../../api/types';
import { filesText } from '../../text/files';
import { toast } from '../../ui/toasts';
import { chosenFiles, droppedFiles } from './upload/chosen';
import { type Chosen, upload } from './upload/uploads';

/** Whose uploads these are. */
export const ownerOf = (me: Me): string => `${me.workspace} ${me.credential.id}`;

const isForText = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches('input:not([type="file"]), textarea'));

/** Takes files that are chosen, dropped anywhere on the page, or pasted. */
export function DropBox() {
  const me = useMe();
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const owner = ownerOf(me);

  useEffect(() => {
    const start = (chosen: Chosen[], folders: string[] = []) => {
      const empty = chosen.filter(({ file }) => file.size === 0);
      for (const { file } of empty) toast(filesText.empty(file.name));
      if (folders.length > 0) toast(filesText.folders(folders.join(', ')));
      upload(
        owner,
        chosen.filter(({ file }) => file.size > 0),
      );
    };
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const hover = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      void droppedFiles(event.dataTransfer).then(({ files, folders }) => start(files, folders));
    };
    const paste = (event: ClipboardEvent) => {
      const files = chosenFiles(event.clipboardData?.files ?? null);
      if (files.length === 0 || isForText(event.target)) return;
      event.preventDefault();
      start(files);
    };
    const choose = () => {
      start(chosenFiles(input.current?.files ?? null));
      if (input.current) input.current.value = '';
    };
    const box = input.current;
    addEventListener('dragover', hover);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    addEventListener('paste', paste);
    box?.addEventListener('change', choose);
    return () => {
      removeEventListener('dragover', hover);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
      removeEventListener('paste', paste);
      box?.removeEventListener('change', choose);
    };
  }, [owner]);

  return (
    <div class={`drop ${over ? 'over' : ''}`}>
      <strong>{filesText.drop}</strong>
      <span class="muted small">{filesText.dropHint}</span>
      <button type="button" class="button primary" onClick={() => input.current?.click()}>
        {filesText.choose}
      </button>
      <input ref={input} type="file" multiple class="visually-hidden" tabIndex={-1} aria-label={filesText.choose} />
    </div>
  );
}
