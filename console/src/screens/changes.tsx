import { useQuery } from '@tanstack/preact-query';
import { useState } from 'preact/hooks';
import { cache } from '../api/cache';
import { api, body } from '../api/client';
import { isAtLeast, useMe } from '../api/me';
import { usePages } from '../api/pages';
import type { LinkChange } from '../api/types';
import { formatDateTime, formatNumber } from '../lib/format';
import { useTitle } from '../lib/hooks';
import { linkPath } from '../lib/targets';
import { text } from '../text';
import { importsText } from '../text/imports';
import { Dialog } from '../ui/dialog';
import { More } from '../ui/more';
import { ScrollBox } from '../ui/scroll_box';
import { Empty, Shown } from '../ui/states';
import { toastError } from '../ui/toasts';
import { isRunning, undoChange } from './links/change';

const TONES = { waiting: '', running: 'warn', succeeded: 'good', succeeded_with_errors: 'warn', failed: 'bad', cancelled: '' } as const;

/** What was done to many links at once, with what became of each, and the way back. */
export function Changes() {
  useTitle(text.nav.changes);
  const me = useMe();
  const [shown, setShown] = useState<LinkChange | null>(null);
  const list = usePages({
    queryKey: ['changes', 'list'],
    page: (query, signal) => body(api.GET('/v1/link-changes', { params: { query: { limit: 50, ...query } }, signal })),
    isRunning,
  });
  const cancel = (id: string) =>
    body(api.POST('/v1/link-changes/{id}/cancel', { params: { path: { id }, header: { 'Idempotency-Key': crypto.randomUUID() } } }))
      .then(() => cache.invalidateQueries({ queryKey: ['changes'] }))
      .catch(toastError);
  const mayChange = isAtLeast(me, 'editor');
  return (
    <>
      <header class="page-head">
        <div>
          <h1>{text.nav.changes}</h1>
          <p class="lead">{text.changes.lead}</p>
        </div>
      </header>
      <section class="panel flush">
        <Shown query={list} rows={4}>
          {({ items }) =>
            items.length === 0 && !list.hasNextPage ? (
              <Empty title={text.changes.none} />
            ) : (
              <ScrollBox label={text.nav.changes}>
                <table class="list">
                  <thead>
                    <tr>
                      <th scope="col">{text.changes.started}</th>
                      <th scope="col">{text.changes.what}</th>
                      <th scope="col">{text.changes.status}</th>
                      <th scope="col" class="number">
                        {text.changes.changed}
                      </th>
                      <th scope="col" class="number">
                        {text.changes.notDone}
                      </th>
                      <th scope="col">{text.changes.by}</th>
                      <th scope="col">
                        <span class="visually-hidden">{text.links.actions}</span>
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((job) => (
                      <tr key={job.id}>
                        <td class="nowrap">{formatDateTime(job.created_at)}</td>
                        <td>
                          {text.changes.actions[job.action]}
                          {job.dry_run && <span class="badge">{importsText.dryRun}</span>}
                        </td>
                        <td>
                          <span class={`badge ${TONES[job.status]}`}>{text.changes.statuses[job.status]}</span>
                        </td>
                        <td class="number">{formatNumber(job.counts.changed)}</td>
                        <td class="number">{formatNumber(job.counts.failed + job.counts.conflicts)}</td>
                        <td class="muted small mono">{job.created_by}</td>
                        <td>
                          <span class="row tight">
                            <button type="button" class="button small" onClick={() => setShown(job)}>
                              {text.changes.results}
                            </button>
                            {mayChange && isRunning(job) && (
                              <button type="button" class="button small" disabled={job.cancelling} onClick={() => cancel(job.id)}>
                                {text.actions.cancel}
                              </button>
                            )}
                            {mayChange && !isRunning(job) && job.action !== 'undo' && !job.dry_run && job.counts.changed > 0 && (
                              <button type="button" class="button small" onClick={() => undoChange(job.id)}>
                                {text.actions.undo}
                              </button>
                            )}
                          </span>
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </ScrollBox>
            )
          }
        </Shown>
      </section>
      <More list={list} />
      {shown && <Results job={shown} onClose={() => setShown(null)} />}
    </>
  );
}

function Results({ job, onClose }: { job: LinkChange; onClose: () => void }) {
  const results = useQuery({
    queryKey: ['changes', 'results', job.id],
    queryFn: ({ signal }) =>
      body(api.GET('/v1/link-changes/{id}/results', { params: { path: { id: job.id }, query: { limit: 100 } }, signal })),
  });
  return (
    <Dialog title={text.changes.results} kind="wide" onClose={onClose}>
      {job.error && <p class="field-error">{job.error}</p>}
      <Shown query={results} rows={5}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={text.changes.noResults} />
          ) : (
            <table class="list">
              <thead>
                <tr>
                  <th scope="col">{text.links.address}</th>
                  <th scope="col">{text.changes.result}</th>
                  <th scope="col">{importsText.why}</th>
                </tr>
              </thead>
              <tbody>
                {items.map((item) => {
                  const address = item.moved_to ?? item.address;
                  return (
                    <tr key={item.id ?? `${address?.domain}/${address?.slug}`}>
                      <td class="wrap">
                        {address && item.result !== 'deleted' ? (
                          <a href={linkPath(address)}>
                            {address.domain}/{address.slug}
                          </a>
                        ) : address ? (
                          `${address.domain}/${address.slug}`
                        ) : (
                          item.id
                        )}
                      </td>
                      <td>{text.changes.resultNames[item.result]}</td>
                      <td class="wrap">
                        {[item.detail, ...item.errors.map((error) => `${error.pointer}: ${error.detail}`)].filter(Boolean).join(' ')}
                      </td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          )
        }
      </Shown>
    </Dialog>
  );
}
