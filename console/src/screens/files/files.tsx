import { useState } from 'preact/hooks';
import { listFiles, type StoredFile } from '../../api/files';
import { isAtLeast, useMe } from '../../api/me';
import { usePages } from '../../api/pages';
import { formatBytes, formatDate, formatDateTime } from '../../lib/format';
import { useTitle } from '../../lib/hooks';
import { text } from '../../text';
import { filesText } from '../../text/files';
import { Icon } from '../../ui/icons';
import { More } from '../../ui/more';
import { ScrollBox } from '../../ui/scroll_box';
import { Empty, Shown } from '../../ui/states';
import '../../styles/files.css';
import { DeleteFile } from './delete';
import { DropBox } from './drop_box';
import { FileStatus } from './status';
import { Uploads } from './uploads';

export function Files() {
  useTitle(text.nav.files);
  const me = useMe();
  const mayUpload = isAtLeast(me, 'editor');
  const [deleted, setDeleted] = useState<StoredFile | null>(null);
  const list = usePages({
    queryKey: ['files', 'list'],
    page: (query, signal) => listFiles({ limit: 50, ...query }, signal),
    isRunning: ({ status }) => status === 'inspecting',
  });
  return (
    <>
      <header class="page-head">
        <div>
          <h1>{text.nav.files}</h1>
          <p class="lead">{filesText.lead}</p>
        </div>
      </header>
      <div class="stack">
        {mayUpload ? <DropBox /> : <p class="note">{filesText.viewer}</p>}
        {mayUpload && <Uploads />}
        <section class="panel flush">
          <Shown query={list} rows={4}>
            {({ items }) => {
              if (items.length === 0 && !list.hasNextPage) {
                return <Empty title={filesText.none}>{mayUpload ? filesText.noneHint : filesText.noneViewer}</Empty>;
              }
              return (
                <ScrollBox label={text.nav.files}>
                  <table class="list">
                    <thead>
                      <tr>
                        <th scope="col">{filesText.name}</th>
                        <th scope="col" class="number">
                          {filesText.size}
                        </th>
                        <th scope="col">{filesText.type}</th>
                        <th scope="col">{filesText.status}</th>
                        <th scope="col">{filesText.created}</th>
                        <th scope="col">{filesText.expires}</th>
                        <th scope="col">
                          <span class="visually-hidden">{text.links.actions}</span>
                        </th>
                      </tr>
                    </thead>
                    <tbody>
                      {items.map((file) => (
                        <Row key={file.id} file={file} mayChange={mayUpload} onDelete={() => setDeleted(file)} />
                      ))}
                    </tbody>
                  </table>
                </ScrollBox>
              );
            }}
          </Shown>
        </section>
        <More list={list} />
      </div>
      {deleted && <DeleteFile file={deleted} onClose={() => setDeleted(null)} />}
    </>
  );
}

function Row({ file, mayChange, onDelete }: { file: StoredFile; mayChange: boolean; onDelete: () => void }) {
  return (
    <tr>
      <td class="file-name">
        <a href={`/console/files/${file.id}`} class="clip" title={file.name}>
          <Icon name="file" />
          <bdi class="clip">{file.name}</bdi>
        </a>
      </td>
      <td class="number nowrap">{formatBytes(file.size)}</td>
      <td class="muted">{file.detected?.content_type ?? file.content_type}</td>
      <td>
        <FileStatus file={file} />
      </td>
      <td class="muted nowrap">{formatDateTime(file.created_at)}</td>
      <td class="muted nowrap">{file.expires_at ? formatDate(file.expires_at) : filesText.never}</td>
      <td class="number nowrap">
        <a class="button small" href={`/console/files/${file.id}`} aria-label={filesText.shareFile(file.name)}>
          <Icon name="link" />
          {filesText.share}
        </a>{' '}
        {mayChange && (
          <button type="button" class="button ghost icon-only" aria-label={filesText.deleteFile(file.name)} onClick={onDelete}>
            <Icon name="trash" />
          </button>
        )}
      </td>
    </tr>
  );
}
