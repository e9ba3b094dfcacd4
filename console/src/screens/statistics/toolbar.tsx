import type { ComponentChildren } from 'preact';
import { addDays, dayIn, type Interval, PRESETS } from '../../lib/dates';
import { TIME_ZONE } from '../../lib/format';
import type { Changes } from '../../lib/query';
import { text } from '../../text';
import type { StatsState } from './state';

interface Props {
  state: StatsState;
  set: (changes: Changes, replace?: boolean) => void;
  intervals: Interval[];
  children: ComponentChildren;
}

/** Range, interval, time zone, comparison, and how the series is shown. */
export function Toolbar({ state, set, intervals, children }: Props) {
  const today = dayIn(state.tz, new Date());
  return (
    <div class="toolbar">
      <div class="segments" role="group" aria-label={text.stats.range}>
        {PRESETS.map((preset) => (
          <button
            key={preset}
            type="button"
            aria-pressed={state.preset === preset}
            onClick={() =>
              set(
                preset === 'custom'
                  ? { range: 'custom', from: state.range.from, to: state.range.to, interval: null }
                  : { range: preset === '30d' ? null : preset, from: null, to: null, interval: null },
              )
            }
          >
            {text.stats.presets[preset]}
          </button>
        ))}
      </div>
      {state.preset === 'custom' && (
        <div class="row tight">
          <input
            type="date"
            aria-label={text.stats.from}
            max={state.range.to}
            min={addDays(state.range.to, -365)}
            value={state.range.from}
            onChange={(event) => set({ range: 'custom', from: event.currentTarget.value, to: state.range.to, interval: null })}
          />
          <span class="muted">–</span>
          <input
            type="date"
            aria-label={text.stats.to}
            min={state.range.from}
            max={today}
            value={state.range.to}
            onChange={(event) => set({ range: 'custom', from: state.range.from, to: event.currentTarget.value, interval: null })}
          />
        </div>
      )}
      <select aria-label={text.stats.interval} value={state.interval} onChange={(event) => set({ interval: event.currentTarget.value })}>
        {intervals.map((interval) => (
          <option key={interval} value={interval}>
            {text.stats.intervals[interval]}
          </option>
        ))}
      </select>
      {TIME_ZONE !== 'UTC' && (
        <select
          aria-label={text.stats.zone}
          title={text.stats.zoneHint}
          value={state.tz}
          disabled={state.filter !== ''}
          onChange={(event) => set({ tz: event.currentTarget.value === 'UTC' ? null : event.currentTarget.value })}
        >
          {[...new Set(['UTC', TIME_ZONE, state.tz])].map((zone) => (
            <option key={zone} value={zone}>
              {zone}
            </option>
          ))}
        </select>
      )}
      <label>
        <input type="checkbox" checked={state.compare} onChange={(event) => set({ compare: event.currentTarget.checked ? null : 'no' })} />
        {text.stats.compare}
      </label>
      <div class="row tight view">
        <div class="segments" role="group" aria-label={text.stats.view}>
          <button type="button" aria-pressed={state.view === 'chart'} onClick={() => set({ view: null })}>
            {text.stats.chart}
          </button>
          <button type="button" aria-pressed={state.view === 'table'} onClick={() => set({ view: 'table' })}>
            {text.stats.table}
          </button>
        </div>
        {children}
      </div>
    </div>
  );
}
