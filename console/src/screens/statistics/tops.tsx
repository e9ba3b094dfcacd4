import type { ComponentChildren } from 'preact';
import type { Top } from '../../api/types';
import { formatNumber, formatShare } from '../../lib/format';
import { text } from '../../text';
import { valueName } from './labels';

/** What can be done with a value of a dimension; `null` for nothing. */
export type ActionOf = (dimension: string, value: string) => ComponentChildren;

interface Props {
  dimension: string;
  top: Top | null | undefined;
  /** The value that is filtered by. */
  chosen: string | null;
  /** Filters by a value; `null` where that is not possible. */
  onChoose: ((value: string | null) => void) | null;
  /** Why the values are not known. */
  because?: string | undefined;
  most?: number;
  actionOf?: ActionOf | undefined;
}

/** The most frequent values of a dimension, with bars of their shares. A click filters by one. */
export function Tops({ dimension, top, chosen, onChoose, because, most, actionOf }: Props) {
  if (top === null || top === undefined) return <p class="muted menu-text">{because ?? text.stats.notKnown}</p>;
  const sum = top.items.reduce((all, item) => all + item.clicks, 0) + top.other + top.unknown;
  if (sum === 0) return <p class="muted menu-text">{text.stats.noClicks}</p>;
  const items = most === undefined ? top.items : top.items.slice(0, most);
  const hidden = top.items.slice(items.length).reduce((all, item) => all + item.clicks, 0);
  const line = (key: string, name: ComponentChildren, clicks: number, kind: string, bar = true, action: ComponentChildren = null) => (
    <li key={key} class={kind}>
      {bar && <span class="bar" style={{ width: `${(100 * clicks) / sum}%` }} />}
      {name}
      {action}
      <span class="number">{formatNumber(clicks)}</span>
      <span class="share">{formatShare(clicks / sum)}</span>
    </li>
  );
  return (
    <ol class="tops">
      {items.map((item) => {
        const name = valueName(dimension, item.value);
        const isChosen = chosen === item.value;
        const label =
          onChoose === null ? (
            <span class="clip" title={name}>
              {name}
            </span>
          ) : (
            <button
              type="button"
              class="clip"
              title={isChosen ? text.stats.clearFilter : text.stats.filterBy(name)}
              aria-pressed={isChosen}
              onClick={() => onChoose(isChosen ? null : item.value)}
            >
              {name}
            </button>
          );
        return line(
          item.value + (item.link_id ?? ''),
          label,
          item.clicks,
          isChosen ? 'chosen' : '',
          true,
          actionOf?.(dimension, item.value) ?? null,
        );
      })}
      {top.other + hidden > 0 && line(' other', <span>{text.stats.other}</span>, top.other + hidden, 'rest', false)}
      {top.unknown > 0 &&
        line(' unknown', <span>{text.stats.unknown[dimension] ?? text.stats.unknownValue}</span>, top.unknown, 'rest', false)}
    </ol>
  );
}
