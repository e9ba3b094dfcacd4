import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { text } from '../../text';
import { visibleRows } from './visible';

export const ROW_HEIGHT = 56;
/** Rows that are ready above and below the window, so that a quick scroll shows no gap. */
const SPARE_ROWS = 12;

interface Props {
  rows: number;
  head: ComponentChildren;
  columns: string;
  row: (index: number) => ComponentChildren;
  /** Says which rows are shown, as often as that changes. */
  onShow: (first: number, last: number) => void;
  total: number;
}

/** Rows that scroll with the page, of which only those near the window exist. */
export function VirtualList({ rows, head, columns, row, onShow, total }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState({ first: 0, last: 40 });

  useEffect(() => {
    let frame = 0;
    const measure = () => {
      frame = 0;
      const top = box.current?.getBoundingClientRect().top ?? 0;
      const next = visibleRows({ scrollTop: Math.max(0, -top), height: innerHeight, rowHeight: ROW_HEIGHT, rows, spare: SPARE_ROWS });
      onShow(next.first, next.last);
      setShown((last) => (last.first === next.first && last.last === next.last ? last : next));
    };
    const schedule = () => {
      if (frame === 0) frame = requestAnimationFrame(measure);
    };
    measure();
    addEventListener('scroll', schedule, { passive: true });
    addEventListener('resize', schedule);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('scroll', schedule);
      removeEventListener('resize', schedule);
    };
  }, [rows, onShow]);

  const moveFocus = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (event.metaKey || event.ctrlKey || event.altKey || (target instanceof HTMLInputElement && target.type !== 'checkbox')) return;
    const current = Number(target.closest<HTMLElement>('[data-index]')?.dataset.index ?? Number.NaN);
    if (Number.isNaN(current)) return;
    if (event.key === 'x') {
      target.closest('[data-index]')?.querySelector<HTMLInputElement>('input[type="checkbox"]')?.click();
      return;
    }
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = box.current?.querySelector<HTMLElement>(`[data-index="${current + step}"] a.slug`);
    next?.focus();
    next?.scrollIntoView({ block: 'nearest' });
  };

  const indices = Array.from({ length: Math.max(0, Math.min(shown.last, rows - 1) - shown.first + 1) }, (_, at) => shown.first + at);
  return (
    <div
      class="links"
      role="table"
      aria-label={text.links.title}
      aria-rowcount={total + 1}
      style={{ '--columns': columns } as never}
      onKeyDown={moveFocus}
    >
      <div role="rowgroup">{head}</div>
      <div role="rowgroup" class="rows" ref={box} style={{ height: `${rows * ROW_HEIGHT}px` }}>
        {indices.map(row)}
      </div>
    </div>
  );
}
