import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatCount, formatNumber } from '../lib/format';

export interface Line {
  name: string;
  kind: 'clicks' | 'visitors' | 'bots' | 'before';
  values: (number | null)[];
}

interface Props {
  /** Names of the steps: short ones for the axis, long ones for the tip, and what the period before calls them. */
  steps: { short: string; long: string; before?: string | undefined }[];
  lines: Line[];
  label: string;
  low?: boolean;
}

interface Tip {
  at: number;
  left: number;
  top: number;
}

/** Colours as they are now, since a canvas does not know `light-dark()`. */
function colours(box: HTMLElement): Record<string, string> {
  const names = {
    clicks: '--accent',
    visitors: '--chart-visitors',
    bots: '--chart-bots',
    before: '--chart-before',
    line: '--line',
    text: '--muted',
    fill: '--bar',
  };
  const probe = document.createElement('span');
  box.append(probe);
  const found = Object.entries(names).map(([name, variable]) => {
    probe.style.color = `var(${variable})`;
    return [name, getComputedStyle(probe).color] as const;
  });
  probe.remove();
  return Object.fromEntries(found);
}

/** A series over time. The table beside it says the same to those who cannot see it. */
export function Chart({ steps, lines, label, low = false }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [tip, setTip] = useState<Tip | null>(null);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    let plot: uPlot | null = null;
    const draw = () => {
      plot?.destroy();
      const colour = colours(element);
      const font = '12px system-ui, sans-serif';
      const single = steps.length === 1;
      plot = new uPlot(
        {
          width: element.clientWidth,
          height: element.clientHeight,
          legend: { show: false },
          cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
          scales: { x: { time: false }, y: { range: (_, __, max) => [0, Math.max(4, max * 1.08)] } },
          axes: [
            {
              stroke: colour.text,
              font,
              grid: { show: false },
              ticks: { show: false },
              gap: 8,
              size: 30,
              space: 80,
              incrs: [1, 2, 3, 4, 6, 7, 10, 12, 14, 24, 28, 30, 48, 60, 90],
              values: (_, ticks) => ticks.map((tick) => steps[tick]?.short ?? ''),
            },
            {
              stroke: colour.text,
              font,
              size: 48,
              grid: { stroke: colour.line, width: 1 },
              ticks: { show: false },
              space: 46,
              values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? formatCount(tick) : '')),
            },
          ],
          series: [
            {},
            ...lines.map(
              (line): uPlot.Series => ({
                label: line.name,
                stroke: colour[line.kind],
                width: line.kind === 'clicks' ? 2 : 1.5,
                points: { show: single, size: 8 },
                ...(line.kind === 'clicks' ? { fill: colour.fill } : {}),
                ...(line.kind === 'bots' ? { dash: [4, 4] } : {}),
                ...(line.kind === 'before' ? { dash: [2, 3] } : {}),
              }),
            ),
          ],
          hooks: {
            setCursor: [
              (self) => {
                const at = self.cursor.idx;
                if (at === null || at === undefined || self.cursor.left === undefined || self.cursor.left < 0) setTip(null);
                else setTip({ at, left: self.valToPos(at, 'x') + self.bbox.left / devicePixelRatio, top: 8 });
              },
            ],
          },
        },
        [steps.map((_, at) => at), ...lines.map((line) => line.values)] as uPlot.AlignedData,
        element,
      );
      // The overlays of the plot are for the mouse alone.
      element.querySelector('.uplot')?.setAttribute('aria-hidden', 'true');
    };
    draw();
    const resized = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: element.clientHeight }));
    resized.observe(element);
    const media = matchMedia('(prefers-color-scheme: dark)');
    media.addEventListener('change', draw);
    document.addEventListener('themechange', draw);
    return () => {
      resized.disconnect();
      media.removeEventListener('change', draw);
      document.removeEventListener('themechange', draw);
      plot?.destroy();
    };
  }, [steps, lines]);

  const width = box.current?.clientWidth ?? 0;
  return (
    <div class={`chart ${low ? 'low' : ''}`} role="img" aria-label={label} ref={box}>
      {tip !== null && (
        <div
          class="chart-tip"
          style={
            tip.left > width / 2
              ? { right: `${width - tip.left + 12}px`, top: `${tip.top}px` }
              : { left: `${tip.left + 12}px`, top: `${tip.top}px` }
          }
        >
          <strong>{steps[tip.at]?.long}</strong>
          {lines.map((line) => (
            <span class="row" key={line.kind}>
              <span class={`dot ${line.kind}`} />
              {line.name} {formatNumberOrDash(line.values[tip.at])}
              {line.kind === 'before' && steps[tip.at]?.before && <span class="muted">{steps[tip.at]?.before}</span>}
            </span>
          ))}
        </div>
      )}
    </div>
  );
}

function formatNumberOrDash(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : formatNumber(value);
}
