import { useMemo, useState } from 'preact/hooks';
import { csvOf, download } from '../../lib/csv';
import { daysBetween } from '../../lib/dates';
import { useQueryState } from '../../lib/query';
import { text } from '../../text';
import { Dialog } from '../../ui/dialog';
import { Icon } from '../../ui/icons';
import { Menu } from '../../ui/menu';
import { Shown } from '../../ui/states';
import { toastError } from '../../ui/toasts';
import { readCsv, type Subject, useStatistics } from './ask';
import { besides, intervalBefore, rangeBefore, rowsOf } from './before';
import { Figures } from './figures';
import { type Dimension, type Group, groupsOf, valueName } from './labels';
import { CountryMap } from './places';
import { Series } from './series';
import { partsOf, possibleIntervals, readStats, seriesQuery, topsQuery } from './state';
import { Toolbar } from './toolbar';
import { type ActionOf, Tops } from './tops';

const SHOWN_VALUES = 8;
/** The breakdowns that take the whole width. */
const WIDE: string[] = ['paths', 'places'];

interface Props {
  subject: Subject;
  /** What can be done with a value beside filtering by it. */
  actionOf?: ActionOf;
}

/** The statistics of a subject: range, figures, series, breakdowns. All of it stands in the address. */
export function Statistics({ subject, actionOf }: Props) {
  const { parameters, set } = useQueryState();
  const state = readStats(parameters);
  const series = useStatistics(subject, seriesQuery(state));
  const earlier = useStatistics(
    subject,
    { ...seriesQuery({ ...state, compare: false }), ...rangeBefore(state.range), interval: intervalBefore(state.interval) },
    state.compare,
  );
  const steps = series.data?.series.items;
  const stepsBefore = earlier.data?.series.items;
  // While one of them is still that of another range, they do not belong beside each other.
  const isReady = state.compare && !series.isPlaceholderData && !earlier.isPlaceholderData;
  const before = useMemo(
    () => (isReady && steps && stepsBefore ? besides(steps, state.interval, state.range, stepsBefore) : null),
    [isReady, steps, stepsBefore, state.interval, state.range.from],
  );
  const tops = useStatistics(subject, topsQuery(state, 10));
  const [dimension, value] = state.filter === '' ? [null, null] : partsOf(state.filter);
  const days = daysBetween(state.range.from, state.range.to);
  const save = async (what: 'series' | 'values') => {
    try {
      const name = `waypost-${what}-${state.range.from}-${state.range.to}.csv`;
      if (what === 'series' && before && steps) {
        download(new Blob([csvOf(rowsOf(steps, before))], { type: 'text/csv' }), name);
        return;
      }
      const query = what === 'series' ? { ...seriesQuery(state), compare: undefined } : topsQuery(state, 100);
      download(await readCsv(subject, query as never), name);
    } catch (error) {
      toastError(error);
    }
  };
  return (
    <>
      <Toolbar state={state} set={set} intervals={possibleIntervals(days, state.filter)}>
        <Menu
          label={
            <>
              <Icon name="download" />
              CSV
            </>
          }
        >
          {(close) => (
            <>
              <button
                type="button"
                onClick={() => {
                  close();
                  save('series');
                }}
              >
                {text.stats.csvSeries}
              </button>
              <button
                type="button"
                onClick={() => {
                  close();
                  save('values');
                }}
              >
                {text.stats.csvValues}
              </button>
            </>
          )}
        </Menu>
      </Toolbar>
      {dimension !== null && value !== null && (
        <p class="row filters">
          <span class="chip">
            {text.stats.dimensions[dimension] ?? dimension}: {valueName(dimension, value)}
            <button type="button" aria-label={text.stats.clearFilter} onClick={() => set({ filter: null })}>
              <Icon name="close" />
            </button>
          </span>
          <span class="muted small">{text.stats.filterHint}</span>
        </p>
      )}
      <section class="panel" aria-busy={series.isPlaceholderData}>
        <Shown query={series} rows={6}>
          {(stats) => (
            <>
              <Figures stats={stats} />
              <Series stats={stats} view={state.view} before={before} />
              {!stats.exact && <p class="hint">{text.stats.notExact}</p>}
            </>
          )}
        </Shown>
      </section>
      <div class="grid tops-grid">
        {groupsOf(subject).map((group) => (
          <Breakdown
            key={group.name}
            group={group}
            subject={subject}
            state={state}
            query={tops}
            actionOf={actionOf}
            chosen={dimension === null ? null : { dimension, value: value ?? '' }}
            onChoose={(of, chosen) => set({ filter: chosen === null ? null : `${of}:${chosen}`, tz: null })}
          />
        ))}
      </div>
    </>
  );
}

interface BreakdownProps {
  group: Group;
  subject: Subject;
  state: ReturnType<typeof readStats>;
  query: ReturnType<typeof useStatistics>;
  actionOf: ActionOf | undefined;
  chosen: { dimension: string; value: string } | null;
  onChoose: (dimension: Dimension, value: string | null) => void;
}

function Breakdown({ group, subject, state, query, actionOf, chosen, onChoose }: BreakdownProps) {
  const dimensions: readonly Dimension[] = group.dimensions;
  const [dimension, setDimension] = useState<Dimension>(
    dimensions.find((one) => one === chosen?.dimension) ?? (dimensions[0] as Dimension),
  );
  const [more, setMore] = useState(false);
  const all = useStatistics(subject, topsQuery(state, 100, dimension), more);
  const value = chosen?.dimension === dimension ? chosen.value : null;
  const choose = (next: string | null) => {
    setMore(false);
    onChoose(dimension, next);
  };
  const head = dimensions.length > 1;
  return (
    <section class={`panel ${WIDE.includes(group.name) ? '' : 'half'}`} aria-label={text.stats.groups[group.name]}>
      <div class="panel-head">
        <h2>{text.stats.groups[group.name]}</h2>
        {head && (
          <div class="segments" role="group" aria-label={text.stats.groups[group.name]}>
            {dimensions.map((one) => (
              <button key={one} type="button" aria-pressed={one === dimension} onClick={() => setDimension(one)}>
                {text.stats.dimensions[one]}
              </button>
            ))}
          </div>
        )}
      </div>
      <Shown query={query} rows={5}>
        {(stats) => {
          const top = stats.top[dimension];
          return (
            <div class={group.name === 'places' ? 'places' : ''}>
              {group.name === 'places' && (
                <CountryMap
                  subject={subject}
                  range={{ from: state.range.from, to: state.range.to, tz: state.tz }}
                  chosen={chosen?.dimension === 'country' ? chosen.value : null}
                  onChoose={(code) => onChoose('country', code)}
                />
              )}
              <div>
                <Tops
                  dimension={dimension}
                  top={top}
                  chosen={value}
                  onChoose={choose}
                  because={stats.null_because[`top.${dimension}`]}
                  actionOf={actionOf}
                  most={SHOWN_VALUES}
                />
                {(top?.items.length ?? 0) >= SHOWN_VALUES && (
                  <button type="button" class="button small ghost" onClick={() => setMore(true)}>
                    {text.stats.more}
                  </button>
                )}
              </div>
            </div>
          );
        }}
      </Shown>
      {more && (
        <Dialog title={text.stats.dimensions[dimension] ?? dimension} onClose={() => setMore(false)}>
          <Shown query={all} rows={10}>
            {(stats) => (
              <Tops
                dimension={dimension}
                top={stats.top[dimension]}
                chosen={value}
                onChoose={choose}
                because={stats.null_because[`top.${dimension}`]}
                actionOf={actionOf}
              />
            )}
          </Shown>
        </Dialog>
      )}
    </section>
  );
}
