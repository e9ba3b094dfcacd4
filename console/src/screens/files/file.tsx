import { useQuery } from '@tanstack/preact-query';
import { useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso';
import { readFile, type StoredFile } from '../../api/files';
import { isAtLeast, useMe } from '../../api/me';
import { formatBytes, formatDateTime } from '../../lib/format';
import { useTitle } from '../../lib/hooks';
import { text } from '../../text';
import { filesText } from '../../text/files';
import { Icon } from '../../ui/icons';
import { Shown } from '../../ui/states';
import '../../styles/files.css';
import { DeleteFile } from './delete';
import { Preview } from './preview';
import { Share } from './share';
import { FileStatus, shownStatus } from './status';

/** The URL of a file works for five minutes; this asks for another in time. */
const FRESH_MILLISECONDS = 4 * 60_000;
const INSPECTED_MILLISECONDS = 2000;

export function FileScreen() {
  const { params } = useRoute();
  const id = params.id ?? '';
  const query = useQuery({
    queryKey: ['file', id],
    queryFn: ({ signal }) => readFile(id, signal),
    refetchInterval: ({ state }) => (state.data?.status === 'inspecting' ? INSPECTED_MILLISECONDS : FRESH_MILLISECONDS),
  });
  useTitle(query.data?.name ?? text.nav.files);
  return (
    <>
      <nav class="muted small">
        <a href="/console/files">{text.nav.files}</a>
      </nav>
      <Shown query={query} rows={6}>
        {(file) => <FilePage key={file.id} file={file} />}
      </Shown>
    </>
  );
}

function FilePage({ file }: { file: StoredFile }) {
  const me = useMe();
  const { route } = useLocation();
  const [deleting, setDeleting] = useState(false);
  return (
    <>
      <header class="page-head">
        <div class="grow">
          <div class="row">
            <h1 class="clip">
              <bdi>{file.name}</bdi>
            </h1>
            <FileStatus file={file} />
          </div>
          <p class="lead">
            {formatBytes(file.size)} · {file.detected?.content_type ?? file.content_type}
          </p>
        </div>
        <div class="row tight">
          {file.url && (
            <a class="button" href={file.url} target="_blank" rel="noopener noreferrer">
              <Icon name="external" />
              {filesText.open}
            </a>
          )}
          {isAtLeast(me, 'editor') && (
            <button type="button" class="button" onClick={() => setDeleting(true)}>
              <Icon name="trash" />
              {filesText.delete}
            </button>
          )}
        </div>
      </header>
      <Note file={file} />
      <div class="editor">
        <div class="form">
          <Share file={file} />
        </div>
        <aside class="form">
          <Preview file={file} />
          <Facts file={file} />
        </aside>
      </div>
      {deleting && <DeleteFile file={file} onClose={() => setDeleting(false)} onDeleted={() => route('/console/files', true)} />}
    </>
  );
}

/** What keeps visitors from the file. */
function Note({ file }: { file: StoredFile }) {
  const shown = shownStatus(file, Date.now());
  if (shown === 'ready') return null;
  const { blocked, blockedPlain, ...plain } = filesText.notReady;
  return (
    <p class="note warn" role="status">
      {shown === 'blocked' ? blocked(file.blocked_reason ?? blockedPlain) : plain[shown]}
    </p>
  );
}

function Facts({ file }: { file: StoredFile }) {
  const { detected } = file;
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>{filesText.about}</h2>
      </div>
      <dl class="facts">
        <dt>{filesText.type}</dt>
        <dd>{file.content_type}</dd>
        {detected && (
          <>
            <dt>{filesText.detected}</dt>
            <dd>
              {detected.content_type}
              {detected.width && detected.height ? `, ${filesText.pixels(detected.width, detected.height)}` : ''}
            </dd>
          </>
        )}
        <dt>{filesText.created}</dt>
        <dd>{formatDateTime(file.completed_at ?? file.created_at)}</dd>
        <dt>{filesText.expires}</dt>
        <dd>{file.expires_at ? formatDateTime(file.expires_at) : filesText.never}</dd>
        <dt>{filesText.by}</dt>
        <dd>
          <code class="small wrap-anywhere">{file.created_by}</code>
        </dd>
        {file.sha256 && (
          <>
            <dt>{filesText.checksum}</dt>
            <dd>
              <code class="small wrap-anywhere">{file.sha256}</code>
            </dd>
          </>
        )}
        {file.crc64nvme && (
          <>
            <dt>{filesText.crc}</dt>
            <dd>
              <code class="small">{file.crc64nvme}</code>
            </dd>
          </>
        )}
        <dt>{filesText.id}</dt>
        <dd>
          <code class="small wrap-anywhere">{file.id}</code>
        </dd>
      </dl>
    </section>
  );
}
