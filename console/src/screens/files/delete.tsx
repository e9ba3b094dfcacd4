import { useAction } from '../../api/action';
import { cache } from '../../api/cache';
import { deleteFile, type StoredFile } from '../../api/files';
import { filesText } from '../../text/files';
import { Confirm } from '../../ui/dialog';
import { toast, toastError } from '../../ui/toasts';
import { useLinksTo } from './links_to';

/** Links that are named; the others are counted. */
const NAMED = 8;

/** Asks before a file is deleted, and says which links lead to it. */
export function DeleteFile({ file, onClose, onDeleted }: { file: StoredFile; onClose: () => void; onDeleted?: () => void }) {
  const links = useLinksTo(file);
  const remove = useAction({
    mutationFn: () => deleteFile(file.id),
    onSuccess: () => {
      toast(filesText.deleted(file.name));
      cache.invalidateQueries({ queryKey: ['files'] });
      onDeleted?.();
    },
    onError: toastError,
  });
  const found = links.data;
  return (
    <Confirm title={filesText.deleteTitle(file.name)} action={filesText.delete} danger onConfirm={() => remove.mutate()} onClose={onClose}>
      <p>{filesText.deleteText}</p>
      <div role="status">
        {found === undefined ? (
          <p>{links.error === null ? filesText.deleteLooking : filesText.deleteUnknown}</p>
        ) : found.items.length === 0 ? (
          <p>{filesText.deleteUnused}</p>
        ) : (
          <>
            <p>{filesText.deleteUsed(found.total ?? found.items.length)}</p>
            <ul class="affected">
              {found.items.slice(0, NAMED).map((link) => (
                <li key={link.id}>
                  {link.domain}/{link.slug}
                </li>
              ))}
              {(found.total ?? 0) > NAMED && <li>{filesText.deleteMore(String((found.total ?? 0) - NAMED))}</li>}
            </ul>
          </>
        )}
      </div>
    </Confirm>
  );
}
