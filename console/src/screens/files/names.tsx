import { useQuery } from '@tanstack/preact-query';
import type { ComponentChildren } from 'preact';
import { listFiles, readCollection, readFile } from '../../api/files';
import { collectionOfTarget, fileOfTarget, shortTarget } from '../../lib/targets';
import { filesText } from '../../text/files';
import { Icon } from '../../ui/icons';

/** The name of a file; `null` if there is none that this reader sees, `undefined` while it is on its way. */
function useFileName(id: string): string | null | undefined {
  // Nearly all that links lead to is among the newest files: one request names them all.
  const newest = useQuery({
    queryKey: ['files', 'newest'],
    queryFn: ({ signal }) => listFiles({ limit: 100 }, signal),
    staleTime: 60_000,
  });
  const found = newest.data?.items.find((file) => file.id === id);
  const one = useQuery({
    queryKey: ['file', id, 'name'],
    queryFn: ({ signal }) => readFile(id, signal),
    enabled: found === undefined && !newest.isPending,
    staleTime: 60_000,
  });
  const file = found ?? one.data;
  return file ? file.name : one.error ? null : undefined;
}

/** A file instead of the target that stands for it. */
function FileName({ id }: { id: string }) {
  const name = useFileName(id);
  return (
    <>
      <Icon name="file" /> {name === null ? filesText.target.missing : <bdi>{name ?? '…'}</bdi>}
    </>
  );
}

/** A collection instead of the target that stands for it. */
function CollectionName({ id }: { id: string }) {
  const read = useQuery({
    queryKey: ['collection', id],
    queryFn: ({ signal }) => readCollection(id, signal),
    staleTime: 60_000,
  });
  return (
    <>
      <Icon name="file" /> {read.error ? filesText.target.missing : <bdi>{read.data?.name ?? '…'}</bdi>}
    </>
  );
}

/** A target in a list: the name of a file or a collection, else the URL without what all have. */
export function ShortTarget({ url }: { url: string }): ComponentChildren {
  const collection = collectionOfTarget(url);
  if (collection !== null) return <CollectionName id={collection} />;
  const id = fileOfTarget(url);
  return id === null ? shortTarget(url) : <FileName id={id} />;
}

/** A target that one can open: the page of a file, else the URL itself. The console has no page of a collection. */
export function TargetLink({ url }: { url: string }) {
  const collection = collectionOfTarget(url);
  if (collection !== null) return <CollectionName id={collection} />;
  const id = fileOfTarget(url);
  return id === null ? (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {url}
    </a>
  ) : (
    <a href={`/console/files/${id}`}>
      <FileName id={id} />
    </a>
  );
}

/** Names the file that a typed target stands for; nothing for other targets. */
export function fileHint(url: string): ComponentChildren {
  const target = url.trim();
  return fileOfTarget(target) === null && collectionOfTarget(target) === null ? undefined : (
    <>
      {filesText.target.leadsTo} <TargetLink url={target} />
    </>
  );
}
