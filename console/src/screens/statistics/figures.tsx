import type { Stats } from '../../api/types';
import { formatChange, formatCount, formatNumber, formatRelative } from '../../lib/format';
import { text } from '../../text';

const KINDS = ['clicks', 'visitors', 'bots'] as const;

/** The sums of a range, each with its change since the period before. */
export function Figures({ stats }: { stats: Stats }) {
  return (
    <div class="figures">
      {KINDS.map((kind) => {
        const value = stats.totals[kind];
        const change = stats.change?.[kind];
        const before = stats.change?.before[kind];
        return (
          <div class="figure" key={kind}>
            <div class="name">
              <span class={`dot ${kind}`} aria-hidden="true" />
              {text.stats.kinds[kind]}
            </div>
            <div class="value" title={value === null || value === undefined ? stats.null_because[`totals.${kind}`] : formatNumber(value)}>
              {value === null || value === undefined ? '–' : formatCount(value)}
            </div>
            {stats.change && (
              <div class="change muted">
                {change === null || change === undefined ? (
                  (before ?? 0) === 0 && text.stats.noneBefore
                ) : (
                  <>
                    <span class={change < 0 ? 'down' : change > 0 ? 'up' : ''}>{formatChange(change)}</span>{' '}
                    {text.stats.since(formatCount(before ?? 0))}
                  </>
                )}
              </div>
            )}
          </div>
        );
      })}
      {stats.all_time && (
        <div class="figure">
          <div class="name">{text.stats.allTime}</div>
          <div class="value small">{formatCount(stats.all_time.clicks)}</div>
          {stats.all_time.last_click_at && (
            <div class="change muted">{text.stats.lastClick(formatRelative(stats.all_time.last_click_at))}</div>
          )}
        </div>
      )}
    </div>
  );
}
