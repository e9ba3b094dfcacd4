import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { isAtLeast, useMe } from '../../api/me';
import type { Link } from '../../api/types';
import { useTitle } from '../../lib/hooks';
import { useQueryState } from '../../lib/query';
import { store, stored } from '../../lib/theme';
import { text } from '../../text';
import { Icon } from '../../ui/icons';
import { Empty, ErrorBox, Loading } from '../../ui/states';
import { BulkBar } from './bulk';
import { COLUMNS, type Column, FIRST_COLUMNS, SHAPES } from './columns';
import { Filters } from './filters';
import { idsBetween } from './known';
import { VirtualList } from './list';
import { Row, WaitingRow } from './row';
import { filterOf, isFiltered, naturalOrder, nextSort, queryOf, readState, type Sort, selectsAll, sortOf } from './state';
import { useLinkList } from './use_link_list';

const STORED_COLUMNS = 'waypost.columns';

function readColumns(): Column[] {
  const names = stored(STORED_COLUMNS)?.split(',');
  return names ? COLUMNS.filter((column) => names.includes(column)) : FIRST_COLUMNS;
}

export function Links() {
  useTitle(text.links.title);
  const me = useMe();
  const { parameters, set } = useQueryState();
  const state = useMemo(() => readState(parameters), [parameters]);
  const [columns, setColumns] = useState(readColumns);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [all, setAll] = useState(false);
  const anchor = useRef(-1);
  const mayChange = isAtLeast(me, 'editor');
  // One moment for all that is asked of this list, so that its pages, and a change of all of it, mean the same links.
  const now = useMemo(() => new Date(), [parameters]);
  const query = queryOf(state, now);
  const list = useLinkList(query);
  const { rows, total, known } = list;

  const clear = useCallback(() => {
    setSelected(new Set());
    setAll(false);
  }, []);
  // What is selected must be in sight: another list begins without a selection.
  useLayoutEffect(clear, [parameters]);

  const shownPages = useRef(known);
  shownPages.current = known;
  const onSelect = useCallback((link: Link, index: number, withShift: boolean) => {
    setAll(false);
    setSelected((before) => {
      const next = new Set(before);
      if (withShift && anchor.current >= 0) {
        const [from, to] = [Math.min(anchor.current, index), Math.max(anchor.current, index)];
        for (const id of idsBetween(shownPages.current, from, to)) next.add(id);
      } else if (!next.delete(link.id)) next.add(link.id);
      return next;
    });
    anchor.current = index;
  }, []);
  const onTag = useCallback((tag: string) => set({ tag: [...new Set([...state.tags, tag])] }), [set, state.tags]);
  const onColumns = (next: Column[]) => {
    setColumns(next);
    store(STORED_COLUMNS, next.join(','));
  };

  const isNarrow = useNarrow();
  // Who asks what expires wants to see when.
  const wanted = state.expires === null ? columns : COLUMNS.filter((column) => column === 'expires' || columns.includes(column));
  const visible = isNarrow ? columns.filter((column) => column === 'clicks') : wanted;
  const widths = [
    ...(mayChange ? ['24px'] : []),
    'minmax(0, 1fr)',
    ...visible.map((column) => (isNarrow ? '56px' : SHAPES[column].width)),
    '32px',
  ].join(' ');
  const sorted = sortOf(state) ?? (state.search ? 'relevance' : 'created');

  return (
    <>
      <header class="page-head">
        <h1>{text.links.title}</h1>
        {mayChange && (
          <a class="button" href="/console/links/new">
            <Icon name="plus" />
            {text.links.create}
          </a>
        )}
      </header>
      <Filters state={state} set={set} columns={columns} onColumns={onColumns} />
      {(selected.size > 0 || all) && (
        <BulkBar
          count={all ? (total ?? rows) : selected.size}
          total={total}
          allSelected={all}
          select={
            all
              ? { filter: filterOf(state, now), ...(selectsAll(state) ? { all: true } : {}) }
              : { links: [...selected].map((id) => ({ id })) }
          }
          onSelectAll={() => setAll(true)}
          onDone={clear}
        />
      )}
      {list.error !== null && <ErrorBox error={list.error} retry={list.retry} />}
      {!list.isLoaded ? (
        list.error === null && (list.isPaused ? <Empty title={text.states.offline}>{text.states.offlineHint}</Empty> : <Loading rows={8} />)
      ) : rows === 0 && !list.hasMore ? (
        <div class="panel">
          {isFiltered(state) ? (
            <Empty title={text.links.noMatch}>{text.links.noMatchHint}</Empty>
          ) : (
            <Empty title={text.links.none}>{text.links.noneHint}</Empty>
          )}
        </div>
      ) : (
        <VirtualList
          rows={rows}
          total={total ?? rows}
          columns={widths}
          onShow={list.show}
          head={
            <div role="row" class="head" aria-rowindex={1}>
              {mayChange && (
                <div role="columnheader" class="pad">
                  <input
                    type="checkbox"
                    aria-label={text.links.selectLoaded}
                    checked={all || (selected.size > 0 && selected.size === rows)}
                    onChange={(event) => {
                      setAll(false);
                      setSelected(new Set(event.currentTarget.checked ? idsBetween(known, 0, rows) : []));
                    }}
                  />
                </div>
              )}
              <Head name={text.links.address} sort="title" sorted={sorted} state={state} set={set} />
              {visible.map((column) => {
                const { sort, isNumber } = SHAPES[column];
                return (
                  <Head
                    key={column}
                    name={text.links.columnNames[column]}
                    {...(sort ? { sort } : {})}
                    isNumber={isNumber ?? false}
                    sorted={sorted}
                    state={state}
                    set={set}
                  />
                );
              })}
              <div role="columnheader">
                <span class="visually-hidden">{text.links.actions}</span>
              </div>
            </div>
          }
          row={(index) => {
            const link = list.linkAt(index);
            if (link === null) return <WaitingRow key={index} index={index} />;
            return (
              <Row
                key={link.id}
                link={link}
                index={index}
                columns={visible}
                range={state.range}
                selected={all || selected.has(link.id)}
                maySelect={mayChange}
                onSelect={onSelect}
                onTag={onTag}
              />
            );
          }}
        />
      )}
      {rows > 0 && (
        <p class="footer-count" role="status">
          {list.isReadingMore ? text.links.loadingMore : total !== null ? text.links.counted(total) : text.links.shown(rows)}
        </p>
      )}
    </>
  );
}

interface HeadProps {
  name: string;
  sort?: Sort;
  isNumber?: boolean;
  sorted: Sort;
  state: ReturnType<typeof readState>;
  set: ReturnType<typeof useQueryState>['set'];
}

function Head({ name, sort, isNumber = false, sorted, state, set }: HeadProps) {
  const isSorted = sort === sorted;
  const order = state.order ?? naturalOrder(sorted);
  return (
    <div
      role="columnheader"
      class={isNumber ? 'number' : ''}
      aria-sort={isSorted ? (order === 'asc' ? 'ascending' : 'descending') : undefined}
    >
      {sort ? (
        <button type="button" onClick={() => set(nextSort(state, sort))} title={text.links.sortBy(name)}>
          {name}
          {isSorted && <Icon name={order === 'asc' ? 'up' : 'down'} />}
        </button>
      ) : (
        name
      )}
    </div>
  );
}

/** Whether the window shows the short form of the list. */
function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia('(max-width: 860px)').matches);
  useEffect(() => {
    const media = matchMedia('(max-width: 860px)');
    const update = () => setNarrow(media.matches);
    media.addEventListener('change', update);
    return () => media.removeEventListener('change', update);
  }, []);
  return narrow;
}
