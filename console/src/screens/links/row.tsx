import { useMemo } from 'preact/hooks';
import type { Link } from '../../api/types';
import { linkPath } from '../../lib/targets';
import { text } from '../../text';
import { CopyButton } from '../../ui/copy';
import { Icon } from '../../ui/icons';
import { ShortTarget } from '../files/names';
import { Cell, type Column, SHAPES } from './columns';
import { ROW_HEIGHT } from './list';
import type { ListRange } from './state';

interface Props {
  link: Link;
  index: number;
  columns: Column[];
  range: ListRange;
  selected: boolean;
  maySelect: boolean;
  onSelect: (link: Link, index: number, withShift: boolean) => void;
  onTag: (tag: string) => void;
}

/** A link in the list. It is drawn again only when something of its own has changed, so that scrolling costs little. */
export function Row(props: Props) {
  const { link, index, columns, range, selected, maySelect, onSelect, onTag } = props;
  return useMemo(() => draw(props), [link, index, columns.join(), range, selected, maySelect, onSelect, onTag]);
}

/** Stands for a link that is on its way. */
export function WaitingRow({ index }: { index: number }) {
  return (
    <div role="row" aria-rowindex={index + 2} aria-busy="true" class="link-row waiting" style={{ top: `${index * ROW_HEIGHT}px` }}>
      <div role="cell" class="address">
        <div class="skeleton" />
      </div>
    </div>
  );
}

function draw({ link, index, columns, range, selected, maySelect, onSelect, onTag }: Props) {
  const address = `${link.domain}/${link.slug}`;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      class={`link-row ${selected ? 'selected' : ''}`}
      style={{ top: `${index * ROW_HEIGHT}px` }}
      data-index={index}
    >
      {maySelect && (
        <div role="cell" class="pad">
          <input
            type="checkbox"
            checked={selected}
            aria-label={text.links.select(address)}
            onClick={(event) => onSelect(link, index, event.shiftKey)}
          />
        </div>
      )}
      <div role="cell" class="address">
        <div>
          <a class="slug clip" href={linkPath(link)} title={address} aria-label={address}>
            <span class="muted clip">{link.domain}/</span>
            <span class="clip">{link.slug}</span>
          </a>
          <LinkBadges link={link} />
        </div>
        <div class="muted small">
          <span class="clip" title={link.url}>
            {link.title ? `${link.title} · ` : ''}
            <ShortTarget url={link.url} />
          </span>
        </div>
      </div>
      {columns.map((column) => (
        <div role="cell" key={column} class={`${SHAPES[column].isNumber ? 'number' : ''} ${column === 'clicks' ? '' : 'wide'}`}>
          <Cell column={column} link={link} range={range} onTag={onTag} />
        </div>
      ))}
      <div role="cell" class="row-actions">
        <CopyButton value={link.short_url} label={text.links.copy(address)} />
      </div>
    </div>
  );
}

/** What is special about a link, in a word each. */
export function LinkBadges({ link }: { link: Link }) {
  const now = Date.now();
  const expired = link.expires_at && Date.parse(link.expires_at) <= now;
  const waits = link.starts_at && Date.parse(link.starts_at) > now;
  const used = link.max_clicks !== null && link.max_clicks !== undefined && link.used_clicks >= link.max_clicks;
  return (
    <>
      {link.archived && <span class="badge">{text.links.badges.archived}</span>}
      {expired && <span class="badge bad">{text.links.badges.expired}</span>}
      {used && <span class="badge bad">{text.links.badges.used}</span>}
      {waits && <span class="badge warn">{text.links.badges.waits}</span>}
      {link.target_check?.status === 'broken' && <span class="badge bad">{text.links.badges.broken}</span>}
      {link.has_password && (
        <span class="badge" title={text.links.badges.password}>
          <Icon name="lock" />
          <span class="visually-hidden">{text.links.badges.password}</span>
        </span>
      )}
    </>
  );
}
