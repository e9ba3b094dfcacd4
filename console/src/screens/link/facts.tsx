import type { Link } from '../../api/types';
import { formatDateTime, formatNumber, formatRelative } from '../../lib/format';
import { linkPath } from '../../lib/targets';
import { text } from '../../text';

/** Why a check failed, in words. */
function failureName(reason: string): string {
  return text.link.failures[reason] ?? text.link.failedWith(reason.replace('status_', ''));
}

/** What checks of the target have found, if it does not work. */
export function BrokenNote({ link }: { link: Link }) {
  const check = link.target_check;
  if (!check?.reason || check.status === 'ok') return null;
  const reason = failureName(check.reason);
  const target = text.link.checkedTarget(check.target);
  const isBroken = check.status === 'broken' && check.broken_since;
  return (
    <p class="note warn" role="status">
      {isBroken ? text.link.broken(target, formatDateTime(check.broken_since ?? ''), reason) : text.link.failing(target, reason)}
    </p>
  );
}

/** What the link is besides its settings. */
export function Facts({ link }: { link: Link }) {
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>{text.link.about}</h2>
      </div>
      <dl class="facts">
        <dt>{text.link.facts.clicks}</dt>
        <dd>
          {link.clicks === null || link.clicks === undefined ? '–' : <a href={linkPath(link, 'statistics')}>{formatNumber(link.clicks)}</a>}
          {link.last_click_at && <span class="muted"> · {formatRelative(link.last_click_at)}</span>}
        </dd>
        {link.imported_clicks !== null && link.imported_clicks !== undefined && (
          <>
            <dt>{text.link.facts.imported}</dt>
            <dd>{formatNumber(link.imported_clicks)}</dd>
          </>
        )}
        {link.aliases.length > 0 && (
          <>
            <dt>{text.link.facts.aliases}</dt>
            <dd>{link.aliases.map(({ domain, slug }) => `${domain}/${slug}`).join(', ')}</dd>
          </>
        )}
        <dt>{text.link.facts.created}</dt>
        <dd>
          {formatDateTime(link.created_at)}
          {link.created_by && <span class="muted small"> · {link.created_by}</span>}
        </dd>
        {link.updated_at && (
          <>
            <dt>{text.link.facts.changed}</dt>
            <dd>
              {formatDateTime(link.updated_at)}
              {link.changed_by && <span class="muted small"> · {link.changed_by}</span>}
            </dd>
          </>
        )}
        <dt>{text.link.facts.id}</dt>
        <dd>
          <code class="small">{link.id}</code>
        </dd>
      </dl>
    </section>
  );
}
