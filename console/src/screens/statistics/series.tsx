import { useMemo } from 'preact/hooks';
import type { Stats } from '../../api/types';
import { formatNumber } from '../../lib/format';
import { text } from '../../text';
import type { Line } from '../../ui/chart';
import { LazyChart } from '../../ui/lazy_chart';
import { ScrollBox } from '../../ui/scroll_box';
import type { BeforeStep } from './before';
import { stepName } from './labels';

const KINDS = ['clicks', 'visitors', 'bots'] as const;

interface Props {
  stats: Stats;
  view: 'chart' | 'table';
  /** The period before, step by step, if it is compared with. */
  before?: (BeforeStep | null)[] | null;
  low?: boolean;
}

/** The series as a chart, or as a table. */
export function Series({ stats, view, before, low = false }: Props) {
  const { interval, items } = stats.series;
  const steps = useMemo(
    () =>
      items.map(({ start }, at) => {
        const earlier = before?.[at]?.start;
        return {
          short: stepName(start, interval, stats.tz, true),
          long: stepName(start, interval, stats.tz, false),
          before: earlier === undefined ? undefined : stepName(earlier, interval, stats.tz, false),
        };
      }),
    [items, interval, stats.tz, before],
  );
  const lines = useMemo<Line[]>(
    () => [
      ...KINDS.filter((kind) => items.some((step) => step[kind] !== null && step[kind] !== undefined)).map((kind) => ({
        kind,
        name: text.stats.kinds[kind],
        values: items.map((step) => step[kind] ?? null),
      })),
      // The last line is drawn above the ground of the first.
      ...(before ? [{ kind: 'before' as const, name: text.stats.before, values: before.map((step) => step?.clicks ?? null) }] : []),
    ],
    [items, before],
  );
  if (view === 'chart') {
    const label = text.stats.chartLabel(formatNumber(stats.totals.clicks ?? 0), steps[0]?.long ?? '', steps.at(-1)?.long ?? '');
    return <LazyChart steps={steps} lines={lines} label={label} low={low} />;
  }
  return (
    <ScrollBox label={text.stats.table}>
      <table class="list">
        <thead>
          <tr>
            <th scope="col">{text.stats.step}</th>
            {KINDS.map((kind) => (
              <th scope="col" class="number" key={kind}>
                {text.stats.kinds[kind]}
              </th>
            ))}
            {before && (
              <th scope="col" class="number">
                {text.stats.before}
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {items.map((step, at) => (
            <tr key={step.start}>
              <th scope="row">{steps[at]?.long}</th>
              {KINDS.map((kind) => (
                <td class="number" key={kind}>
                  {step[kind] === null || step[kind] === undefined ? '–' : formatNumber(step[kind])}
                </td>
              ))}
              {before && (
                <td class="number" title={steps[at]?.before}>
                  {before[at] && before[at].clicks !== null ? formatNumber(before[at].clicks) : '–'}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}
