import { useState } from 'preact/hooks';
import { cache } from '../../api/cache';
import { api, body } from '../../api/client';
import { useMe } from '../../api/me';
import { usePages } from '../../api/pages';
import type { AbuseReport } from '../../api/types';
import { formatDateTime, formatRelative } from '../../lib/format';
import { useTitle } from '../../lib/hooks';
import { useQueryState } from '../../lib/query';
import { linkPath } from '../../lib/targets';
import { text } from '../../text';
import { operatorText } from '../../text/operator';
import { More } from '../../ui/more';
import { Empty, Shown } from '../../ui/states';
import { toast, toastError } from '../../ui/toasts';
import { Decide } from './decide';
import { NotForYou } from './not_for_you';
import { REASONS } from './reason';

const STATUSES = ['open', 'closed'] as const;

/** What visitors have reported, with what an operator decides about it. */
export function AbuseReports() {
  useTitle(text.nav.abuse);
  const { is_operator } = useMe();
  return is_operator ? <List /> : <NotForYou title={text.nav.abuse} />;
}

function List() {
  const { parameters, set } = useQueryState();
  const status = parameters.get('status') === 'closed' ? 'closed' : 'open';
  const [decided, setDecided] = useState<{ report: AbuseReport; block: boolean } | null>(null);
  const list = usePages({
    queryKey: ['abuse', status],
    page: (query, signal) => body(api.GET('/v1/abuse-reports', { params: { query: { limit: 25, status, ...query } }, signal })),
  });
  const reopen = (report: AbuseReport) =>
    body(api.PATCH('/v1/abuse-reports/{link_id}', { params: { path: { link_id: report.link_id } }, body: { status: 'open' } }))
      .then(() => {
        toast(operatorText.abuse.opened);
        return cache.invalidateQueries({ queryKey: ['abuse'] });
      })
      .catch(toastError);
  return (
    <>
      <header class="page-head">
        <div>
          <h1>{text.nav.abuse}</h1>
          <p class="lead">{operatorText.abuse.lead}</p>
        </div>
        <div class="segments" role="group" aria-label={operatorText.abuse.show}>
          {STATUSES.map((one) => (
            <button key={one} type="button" aria-pressed={one === status} onClick={() => set({ status: one === 'open' ? null : one })}>
              {operatorText.abuse.statuses[one]}
            </button>
          ))}
        </div>
      </header>
      <Shown query={list} rows={5}>
        {({ items }) =>
          items.length === 0 && !list.hasNextPage ? (
            <section class="panel">
              <Empty title={operatorText.abuse.none[status]}>{operatorText.abuse.noneHint}</Empty>
            </section>
          ) : (
            <div class="stack">
              {items.map((report) => (
                <Report
                  key={report.link_id}
                  report={report}
                  onDecide={(block) => setDecided({ report, block })}
                  onReopen={() => reopen(report)}
                />
              ))}
            </div>
          )
        }
      </Shown>
      <More list={list} />
      {decided && <Decide report={decided.report} block={decided.block} onClose={() => setDecided(null)} />}
    </>
  );
}

interface ReportProps {
  report: AbuseReport;
  onDecide: (block: boolean) => void;
  onReopen: () => void;
}

function Report({ report, onDecide, onReopen }: ReportProps) {
  const me = useMe();
  const address = `${report.domain}/${report.slug}`;
  const reasons = REASONS.filter((reason) => report.reasons[reason]);
  return (
    <article class="panel" aria-label={address}>
      <div class="panel-head">
        <h2 class="row">
          {report.workspace === me.workspace ? <a href={linkPath(report)}>{address}</a> : address}
          <span class="badge bad">{operatorText.abuse.count(report.count)}</span>
          {reasons.map((reason) => (
            <span class="badge" key={reason}>
              {operatorText.reasons[reason]}
              {reasons.length > 1 && ` ${report.reasons[reason]}`}
            </span>
          ))}
        </h2>
        <span class="muted small">
          {operatorText.abuse.ofWorkspace(report.workspace)} · {operatorText.abuse.last(formatRelative(report.last_reported_at))}
        </span>
      </div>
      {/* No link: what is reported should not be opened by a slip of the mouse. */}
      <p class="mono reported-url">{report.url}</p>
      {report.first.length > 0 && (
        <details>
          <summary>{operatorText.abuse.first(report.first.length)}</summary>
          <ul class="plain-list">
            {report.first.map((entry, at) => (
              <li key={at}>
                <span class="badge">{operatorText.reasons[entry.reason]}</span>
                <span class="grow">
                  {entry.comment ?? <span class="muted">{operatorText.abuse.noComment}</span>}
                  {entry.email && <span class="muted small">{entry.email}</span>}
                </span>
                <span class="muted small nowrap">{formatDateTime(entry.at)}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      {report.note && (
        <p class="muted">
          {operatorText.note}: {report.note}
        </p>
      )}
      {report.closed_at && report.status === 'closed' && (
        <p class="muted small">{operatorText.abuse.closedBy(report.closed_by ?? '', formatDateTime(report.closed_at))}</p>
      )}
      <div class="row report-actions">
        {report.status === 'open' ? (
          <>
            <button type="button" class="button danger" onClick={() => onDecide(true)}>
              {operatorText.abuse.block}
            </button>
            <button type="button" class="button" onClick={() => onDecide(false)}>
              {operatorText.abuse.harmless}
            </button>
          </>
        ) : (
          <button type="button" class="button" onClick={onReopen}>
            {operatorText.abuse.reopen}
          </button>
        )}
      </div>
    </article>
  );
}
