import { useLayoutEffect } from 'preact/hooks';
import { useMe } from '../../api/me';
import type { Me } from '../../api/types';
import { filesText } from '../../text/files';
import { FileBox } from '../../ui/file_box';
import { toast } from '../../ui/toasts';
import { chosenFiles, droppedFiles } from './upload/chosen';
import { type Chosen, upload } from './upload/uploads';

/** Whose uploads these are. */
export const ownerOf = (me: Me): string => `${me.workspace} ${me.credential.id}`;

const isForText = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches('input:not([type="file"]), textarea'));

/** Takes files that are chosen, dropped anywhere on the page, or pasted. */
export function DropBox() {
  const owner = ownerOf(useMe());
  const start = (chosen: Chosen[], folders: string[] = []) => {
    const empty = chosen.filter(({ file }) => file.size === 0);
    for (const { file } of empty) toast(filesText.empty(file.name));
    if (folders.length > 0) toast(filesText.folders(folders.join(', ')));
    upload(
      owner,
      chosen.filter(({ file }) => file.size > 0),
    );
  };

  useLayoutEffect(() => {
    const paste = (event: ClipboardEvent) => {
      const files = chosenFiles(event.clipboardData?.files ?? null);
      if (files.length === 0 || isForText(event.target)) return;
      event.preventDefault();
      start(files);
    };
    addEventListener('paste', paste);
    return () => removeEventListener('paste', paste);
  }, [owner]);

  return (
    <FileBox
      title={filesText.drop}
      hint={filesText.dropHint}
      choose={filesText.choose}
      onChosen={(files) => start(chosenFiles(files))}
      onDropped={(dropped) => void droppedFiles(dropped).then(({ files, folders }) => start(files, folders))}
    />
  );
}
