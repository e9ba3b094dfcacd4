import world from 'virtual:world';
import { useMemo, useRef, useState } from 'preact/hooks';
import '../styles/map.css';
import { countryName, formatCount, formatNumber, formatShare } from '../lib/format';
import { SHADES, shadeOf } from '../lib/shades';
import { text } from '../text';

interface Props {
  /** Clicks by code of the country. */
  items: { value: string; clicks: number }[];
  /** All clicks, for shares. */
  sum: number;
  chosen: string | null;
  onChoose: (code: string | null) => void;
}

interface Tip {
  code: string;
  left: number;
  top: number;
}

/**
 * Countries by clicks. The list beside it says the same. A mouse points, a keyboard walks: one country can be reached with Tab, the
 * others from there with the arrows, from the most clicks to the fewest.
 */
export function WorldMap({ items, sum, chosen, onChoose }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [tip, setTip] = useState<Tip | null>(null);
  const [current, setCurrent] = useState<string | null>(null);
  const counts = useMemo(() => new Map(items.map(({ value, clicks }) => [value, clicks])), [items]);
  const order = useMemo(() => {
    const drawn = new Set([...world.shapes, ...world.points].map(([code]) => code));
    return items.filter(({ value, clicks }) => clicks > 0 && drawn.has(value)).map(({ value }) => value);
  }, [items]);
  const most = Math.max(0, ...counts.values());
  const tabStop = current !== null && order.includes(current) ? current : (order[0] ?? null);

  const show = (code: string, at: { x: number; y: number }) => {
    const around = box.current?.getBoundingClientRect();
    if (around && counts.has(code)) setTip({ code, left: at.x - around.left, top: at.y - around.top });
  };
  const centre = (element: Element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return { x: left + width / 2, y: top + height / 2 };
  };
  const walk = (event: KeyboardEvent, code: string) => {
    if (event.key === 'Escape') setTip(null);
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      onChoose(chosen === code ? null : code);
    }
    const at = order.indexOf(code);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -at, End: order.length - 1 - at }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = order[Math.max(0, Math.min(order.length - 1, at + step))];
    box.current?.querySelector<SVGElement>(`[data-code="${next}"]`)?.focus();
  };
  const propsOf = (code: string) => {
    const clicks = counts.get(code) ?? 0;
    const shade = `shade-${shadeOf(clicks, most)}`;
    if (clicks === 0) return { class: shade };
    return {
      class: `${shade} ${chosen === code ? 'chosen' : ''}`,
      role: 'button' as const,
      tabIndex: code === tabStop ? 0 : -1,
      'data-code': code,
      'aria-pressed': chosen === code,
      'aria-label': labelOf(code, clicks, sum),
      onClick: () => onChoose(chosen === code ? null : code),
      onKeyDown: (event: KeyboardEvent) => walk(event, code),
      onMouseMove: (event: MouseEvent) => show(code, event),
      onMouseLeave: () => setTip(null),
      onFocus: (event: FocusEvent) => {
        setCurrent(code);
        show(code, centre(event.currentTarget as Element));
      },
      onBlur: () => setTip(null),
    };
  };
  // What is chosen is drawn last, so that its neighbours do not cover its outline.
  const shapes = [...world.shapes].sort(([a], [b]) => Number(a === chosen) - Number(b === chosen));
  const width = box.current?.clientWidth ?? 0;
  return (
    <div class="world-map" ref={box}>
      <svg viewBox={`0 0 ${world.width} ${world.height}`} role="group" aria-label={text.stats.map(order.length)}>
        {shapes.map(([code, path]) => (
          <path key={code} d={path} {...propsOf(code)} />
        ))}
        {world.points
          .filter(([code]) => counts.has(code))
          .map(([code, x, y]) => (
            <circle key={code} cx={x} cy={y} r={5} {...propsOf(code)} />
          ))}
      </svg>
      {tip !== null && (
        <div
          class="chart-tip"
          style={
            tip.left > width / 2
              ? { right: `${width - tip.left + 12}px`, top: `${tip.top + 12}px` }
              : { left: `${tip.left + 12}px`, top: `${tip.top + 12}px` }
          }
        >
          <strong>{countryName(tip.code)}</strong>
          <span>
            {text.home.clicks(formatNumber(counts.get(tip.code) ?? 0), counts.get(tip.code) ?? 0)}
            <span class="muted"> · {formatShare((counts.get(tip.code) ?? 0) / Math.max(1, sum))}</span>
          </span>
        </div>
      )}
      {most > 0 && (
        <p class="map-legend muted small" aria-hidden="true">
          <span>{most > 1 ? 1 : ''}</span>
          {Array.from({ length: SHADES }, (_, at) => (
            <span key={at} class={`shade shade-${at + 1}`} />
          ))}
          <span>{formatCount(most)}</span>
        </p>
      )}
    </div>
  );
}

function labelOf(code: string, clicks: number, sum: number): string {
  return `${countryName(code)}: ${text.home.clicks(formatNumber(clicks), clicks)}, ${formatShare(clicks / Math.max(1, sum))}`;
}
