import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useMe } from '../../api/me';
import { useDebounced } from '../../lib/hooks';
import type { Changes } from '../../lib/query';
import { text } from '../../text';
import { Icon } from '../../ui/icons';
import { Menu } from '../../ui/menu';
import { useTags } from '../../ui/tag_input';
import { COLUMNS, type Column } from './columns';
import { EXPIRIES, isFiltered, type ListState, RANGES } from './state';

interface Props {
  state: ListState;
  set: (changes: Changes, replace?: boolean) => void;
  columns: Column[];
  onColumns: (columns: Column[]) => void;
}

/** Typing pauses of this length ask the API. */
const PAUSE_MILLISECONDS = 180;

const LOOKS = ['', 'broken', ...EXPIRIES] as const;

export function Filters({ state, set, columns, onColumns }: Props) {
  const me = useMe();
  const tags = useTags().data?.items ?? [];
  const [typed, setTyped] = useState(state.search);
  const settled = useDebounced(typed, PAUSE_MILLISECONDS);
  const sent = useRef(state.search);
  useEffect(() => {
    sent.current = settled;
    // Each letter in the history would bury the page before.
    if (settled !== state.search)
      set({ search: settled, ...(settled ? {} : { sort: state.sort === 'relevance' ? null : state.sort }) }, true);
  }, [settled]);
  // "Back" and a click on "clear" change the address; the box follows. What the box itself asked for changes nothing there:
  // more may have been typed by then.
  useLayoutEffect(() => {
    if (state.search !== sent.current) setTyped(state.search);
    sent.current = state.search;
  }, [state.search]);

  return (
    <div class="filters" role="search">
      <div class="search-box">
        <Icon name="search" />
        <input
          id="search"
          type="search"
          aria-label={text.links.search}
          placeholder={text.links.search}
          maxLength={200}
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </div>
      <Menu
        label={
          <>
            <Icon name="tag" />
            {state.tags.length === 0 ? text.links.tag : state.tags.join(', ')}
          </>
        }
      >
        {() =>
          tags.length === 0 ? (
            <p class="menu-text muted">{text.tags.none}</p>
          ) : (
            tags.map(({ tag, links }) => (
              <div class="check" key={tag}>
                <input
                  id={`tag-${tag}`}
                  type="checkbox"
                  checked={state.tags.includes(tag)}
                  onChange={() => set({ tag: state.tags.includes(tag) ? state.tags.filter((one) => one !== tag) : [...state.tags, tag] })}
                />
                <label for={`tag-${tag}`}>
                  {tag} <span class="muted">{links}</span>
                </label>
              </div>
            ))
          )
        }
      </Menu>
      {me.domains.length > 1 && (
        <select aria-label={text.links.domain} value={state.domain} onChange={(event) => set({ domain: event.currentTarget.value })}>
          <option value="">{text.links.allDomains}</option>
          {me.domains.map((domain) => (
            <option key={domain} value={domain}>
              {domain}
            </option>
          ))}
        </select>
      )}
      <select
        aria-label={text.links.state}
        value={state.archived}
        onChange={(event) => set({ archived: event.currentTarget.value === 'false' ? null : event.currentTarget.value })}
      >
        <option value="false">{text.links.states.active}</option>
        <option value="true">{text.links.states.archived}</option>
        <option value="any">{text.links.states.any}</option>
      </select>
      <select
        aria-label={text.links.look}
        value={state.broken ? 'broken' : (state.expires ?? '')}
        onChange={({ currentTarget: { value } }) =>
          set(value === 'broken' ? { broken: 'true', expires: null } : { broken: null, expires: value })
        }
      >
        {LOOKS.map((look) => (
          <option key={look} value={look}>
            {text.links.looks[look]}
          </option>
        ))}
      </select>
      <select
        aria-label={text.links.range}
        value={state.range}
        onChange={(event) => set({ range: event.currentTarget.value === '30d' ? null : event.currentTarget.value })}
      >
        {RANGES.map((range) => (
          <option key={range} value={range}>
            {text.links.ranges[range]}
          </option>
        ))}
      </select>
      <Menu label={<Icon name="settings" />} name={text.links.columns} class="button icon-only">
        {() =>
          COLUMNS.map((column) => (
            <div class="check" key={column}>
              <input
                id={`column-${column}`}
                type="checkbox"
                checked={columns.includes(column)}
                onChange={() => onColumns(COLUMNS.filter((one) => (one === column ? !columns.includes(column) : columns.includes(one))))}
              />
              <label for={`column-${column}`}>{text.links.columnNames[column]}</label>
            </div>
          ))
        }
      </Menu>
      {isFiltered(state) && (
        <button
          type="button"
          class="button ghost"
          onClick={() => {
            setTyped('');
            set({ search: null, tag: null, domain: null, archived: null, broken: null, expires: null });
          }}
        >
          {text.links.clear}
        </button>
      )}
    </div>
  );
}
