import type { Chosen } from './uploads';

interface Dropped {
  files: Chosen[];
  /** Names of folders, which cannot be uploaded. */
  folders: string[];
}

/** Reads what was dropped, while the event lasts: browsers forget it afterwards. Handles come later. */
export async function droppedFiles(data: DataTransfer | null): Promise<Dropped> {
  const items = [...(data?.items ?? [])].filter(({ kind }) => kind === 'file');
  const taken = items.map((item) => ({ entry: item.webkitGetAsEntry?.() ?? null, file: item.getAsFile(), handle: handleOf(item) }));
  const folders = taken.flatMap(({ entry }) => (entry?.isDirectory ? [entry.name] : []));
  const files = await Promise.all(
    taken
      .filter(({ entry }) => !entry?.isDirectory)
      .map(async ({ file, handle }): Promise<Chosen[]> => (file === null ? [] : [{ file, handle: await handle }])),
  );
  return { files: files.flat(), folders };
}

async function handleOf(item: DataTransferItem): Promise<FileSystemFileHandle | undefined> {
  const { getAsFileSystemHandle } = item as DataTransferItem & { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> };
  const handle = await getAsFileSystemHandle?.call(item).catch(() => null);
  return handle?.kind === 'file' ? (handle as FileSystemFileHandle) : undefined;
}

export const chosenFiles = (list: FileList | null): Chosen[] => [...(list ?? [])].map((file) => ({ file }));
