import { useQuery } from '@tanstack/preact-query';
import { useRoute } from 'preact-iso';
import { cache } from '../../api/cache';
import { api, body } from '../../api/client';
import { isAtLeast, useMe } from '../../api/me';
import { Problem } from '../../api/problem';
import type { Import } from '../../api/types';
import { formatBytes, formatDateTime, formatDuration, formatNumber } from '../../lib/format';
import { useTitle } from '../../lib/hooks';
import { text } from '../../text';
import { importsText } from '../../text/imports';
import { Icon } from '../../ui/icons';
import { ScrollBox } from '../../ui/scroll_box';
import { Empty, Shown } from '../../ui/states';
import { toastError } from '../../ui/toasts';
import { ImportStatus } from './imports';
import { causesOf, readReport, SHOWN_ROWS } from './report';
import { cancelImport } from './upload';

const COUNTS = ['read', 'created', 'overwritten', 'unchanged', 'conflicting', 'invalid', 'warned'] as const;

export function ImportScreen() {
  const { params } = useRoute();
  const id = params.id ?? '';
  const query = useQuery({
    queryKey: ['imports', 'one', id],
    queryFn: ({ signal }) => body(api.GET('/v1/imports/{id}', { params: { path: { id } }, signal })),
    refetchInterval: (asked) => (isGoingOn(asked.state.data) ? 1000 : false),
  });
  useTitle(query.data?.filename ?? text.nav.imports);
  return (
    <Shown query={query} rows={6}>
      {(one) => <ImportDetails one={one} />}
    </Shown>
  );
}

function isGoingOn(one: Import | undefined): boolean {
  return one?.status === 'running' || one?.status === 'awaiting_upload';
}

function ImportDetails({ one }: { one: Import }) {
  const me = useMe();
  const goesOn = isGoingOn(one);
  return (
    <div class="stack">
      <header class="page-head">
        <div>
          <h1>{one.filename ?? one.id}</h1>
          <p class="row lead">
            <ImportStatus status={one.status} dryRun={one.dry_run} />
            {formatDateTime(one.created_at)}
          </p>
        </div>
        {goesOn && isAtLeast(me, 'editor') && (
          <button
            type="button"
            class="button"
            onClick={() =>
              cancelImport(one.id)
                .then(() => cache.invalidateQueries({ queryKey: ['imports'] }))
                .catch(toastError)
            }
          >
            {importsText.cancel}
          </button>
        )}
      </header>
      {one.status === 'running' && (
        <section class="panel stack" aria-live="polite">
          <progress max={Math.max(1, one.bytes.total)} value={one.bytes.done} aria-label={importsText.progress} />
          <p class="muted">
            {formatBytes(one.bytes.done)} / {formatBytes(one.bytes.total)}
            {one.rows_per_second !== null &&
              one.rows_per_second !== undefined &&
              ` · ${importsText.pace(formatNumber(Math.round(one.rows_per_second)))}`}
            {one.seconds_left !== null && one.seconds_left !== undefined && ` · ${importsText.left(formatDuration(one.seconds_left))}`}
          </p>
        </section>
      )}
      {one.error && (
        <div class="error-box" role="alert">
          <Icon name="alert" />
          <p>{one.error}</p>
        </div>
      )}
      <section class="panel">
        <div class="figures">
          {COUNTS.map((name) => (
            <div class="figure" key={name}>
              <div class="name">{importsText.counts[name]}</div>
              <div class={`value small ${(name === 'invalid' || name === 'conflicting') && one.counts[name] > 0 ? 'down' : ''}`}>
                {formatNumber(one.counts[name])}
              </div>
            </div>
          ))}
        </div>
        <Notes one={one} />
      </section>
      {one.dry_run && !goesOn && <p class="note">{importsText.wasDryRun}</p>}
      {one.report && <Report one={one} />}
    </div>
  );
}

function Notes({ one }: { one: Import }) {
  const { encoding, skipped_members, unknown_columns } = one.notes;
  const notes = [
    encoding && importsText.encoding(encoding),
    unknown_columns && unknown_columns.length > 0 && importsText.unknownColumns(unknown_columns.join(', ')),
    skipped_members && skipped_members.length > 0 && importsText.skippedMembers(skipped_members.join(', ')),
  ].filter(Boolean);
  if (notes.length === 0) return null;
  return (
    <ul class="hint">
      {notes.map((note) => (
        <li key={String(note)}>{note}</li>
      ))}
    </ul>
  );
}

function Report({ one }: { one: Import }) {
  const goesOn = isGoingOn(one);
  const report = useQuery({
    queryKey: ['imports', 'report', one.id, goesOn ? one.counts.read : 'final'],
    queryFn: async ({ signal }) => {
      try {
        const read = await body(
          api.GET('/v1/imports/{id}/report', { params: { path: { id: one.id } }, parseAs: 'text', signal }) as never as Promise<{
            data?: string;
            response: Response;
          }>,
        );
        return readReport(read);
      } catch (error) {
        if (error instanceof Problem && (error.status === 404 || error.status === 409)) return [];
        throw error;
      }
    },
  });
  return (
    <section class="panel flush">
      <div class="panel-head">
        <h2>{importsText.report}</h2>
        <span class="row tight">
          <a class="button small" href={`/v1/imports/${one.id}/report?format=csv`} download>
            <Icon name="download" />
            CSV
          </a>
          <a class="button small" href={`/v1/imports/${one.id}/report`} download>
            JSON Lines
          </a>
        </span>
      </div>
      <Shown query={report} rows={4}>
        {(rows) => {
          if (rows.length === 0) return <Empty title={importsText.nothingToReport} />;
          const causes = causesOf(rows);
          return (
            <>
              <ul class="menu-text hint causes">
                {causes.slice(0, 5).map((cause) => (
                  <li key={cause.outcome + cause.column + cause.cause}>
                    {importsText.cause(cause.rows, importsText.outcomes[cause.outcome] ?? cause.outcome, cause.column, cause.cause)}
                  </li>
                ))}
              </ul>
              <ScrollBox label={importsText.report}>
                <table class="list">
                  <thead>
                    <tr>
                      <th scope="col" class="number">
                        {importsText.row}
                      </th>
                      <th scope="col">{importsText.outcome}</th>
                      <th scope="col">{importsText.column}</th>
                      <th scope="col">{importsText.value}</th>
                      <th scope="col">{importsText.why}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {rows.map((row) => (
                      <tr key={`${row.file} ${row.row} ${row.column} ${row.cause}`}>
                        <td class="number" title={row.line === null ? undefined : importsText.line(row.line)}>
                          {formatNumber(row.row)}
                        </td>
                        <td>
                          <span class={`badge ${row.outcome === 'warned' ? 'warn' : 'bad'}`}>{importsText.outcomes[row.outcome]}</span>
                        </td>
                        <td>{row.column ?? importsText.wholeRow}</td>
                        <td class="wrap mono">{row.value}</td>
                        <td class="wrap">{row.cause}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </ScrollBox>
              {rows.length === SHOWN_ROWS && <p class="footer-count">{importsText.cut(SHOWN_ROWS)}</p>}
            </>
          );
        }}
      </Shown>
    </section>
  );
}
