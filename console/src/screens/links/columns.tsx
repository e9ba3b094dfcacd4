import type { Link } from '../../api/types';
import { formatCount, formatDate, formatNumber, formatRelative } from '../../lib/format';
import { linkPath } from '../../lib/targets';
import { text } from '../../text';
import type { ListRange, Sort } from './state';

export const COLUMNS = ['tags', 'clicks', 'last_click', 'created', 'changed', 'expires'] as const;
export type Column = (typeof COLUMNS)[number];
export const FIRST_COLUMNS: Column[] = ['tags', 'clicks', 'created'];

interface Shape {
  width: string;
  sort?: Sort;
  isNumber?: boolean;
}

export const SHAPES: Record<Column, Shape> = {
  tags: { width: 'minmax(90px, 220px)' },
  clicks: { width: '84px', sort: 'clicks', isNumber: true },
  last_click: { width: '110px', sort: 'last_click', isNumber: true },
  created: { width: '104px', sort: 'created', isNumber: true },
  changed: { width: '110px', sort: 'changed', isNumber: true },
  expires: { width: '110px', sort: 'expires', isNumber: true },
};

export function Cell({ column, link, range, onTag }: { column: Column; link: Link; range: ListRange; onTag: (tag: string) => void }) {
  switch (column) {
    case 'tags':
      return (
        <div class="tags">
          {link.tags.map((tag) => (
            <button type="button" class="chip" key={tag} onClick={() => onTag(tag)} aria-label={text.links.filterByTag(tag)}>
              {tag}
            </button>
          ))}
        </div>
      );
    case 'clicks': {
      const clicks = range === 'all' ? link.clicks : link.clicks_in_range;
      if (clicks === null || clicks === undefined) return <span title={text.links.clicksUnknown}>–</span>;
      return (
        <a
          href={linkPath(link, 'statistics')}
          title={formatNumber(clicks)}
          aria-label={text.links.clicksOf(formatNumber(clicks), link.slug)}
        >
          {formatCount(clicks)}
        </a>
      );
    }
    case 'last_click':
      return <Moment time={link.last_click_at} relative />;
    case 'created':
      return <Moment time={link.created_at} />;
    case 'changed':
      return <Moment time={link.updated_at} relative />;
    case 'expires':
      return <Moment time={link.expires_at} />;
  }
}

function Moment({ time, relative = false }: { time: string | null | undefined; relative?: boolean }) {
  if (!time) return <span class="muted">–</span>;
  return (
    <time dateTime={time} title={formatDate(time)} class="muted">
      {relative ? formatRelative(time) : formatDate(time)}
    </time>
  );
}
