import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/api/types';
import { addDays, daysBetween } from '../../src/lib/dates';
import { besides, intervalBefore, rangeBefore, rowsOf } from '../../src/screens/statistics/before';

const stepOf = (start: string, clicks: number | null): Step => ({ start, clicks, bots: 0, visitors: null }) as Step;
const daysOf = (from: string, count: number) => Array.from({ length: count }, (_, at) => stepOf(addDays(from, at), 10 ** (at % 4)));
/** The steps that the API makes of a range: weeks from Monday, months from the first, the ends cut. */
function stepsOf(from: string, to: string, interval: 'day' | 'week' | 'month'): Step[] {
  const starts = Array.from({ length: daysBetween(from, to) }, (_, at) => addDays(from, at)).filter((day, at) => {
    const begins = interval === 'week' ? new Date(`${day}T00:00:00Z`).getUTCDay() === 1 : day.endsWith('-01');
    return interval === 'day' || at === 0 || begins;
  });
  return starts.map((start) => stepOf(start, 1));
}

describe('the period before', () => {
  it.each([
    [
      { from: '2026-11-01', to: '2026-11-30' },
      { from: '2026-10-02', to: '2026-10-31' },
    ],
    [
      { from: '2026-03-01', to: '2026-03-01' },
      { from: '2026-02-28', to: '2026-02-28' },
    ],
    [
      { from: '2024-01-01', to: '2024-12-31' },
      { from: '2022-12-31', to: '2023-12-31' },
    ],
  ])('of %o is %o', (range, before) => {
    expect(rangeBefore(range)).toEqual(before);
    expect(daysBetween(before.from, before.to)).toBe(daysBetween(range.from, range.to));
  });

  it('stands beside each step with the clicks of the same days, and loses none', () => {
    for (const length of [1, 2, 7, 8, 30, 90, 365, 366]) {
      for (const first of ['2026-01-01', '2026-02-27', '2026-06-15', '2024-02-28']) {
        const range = { from: first, to: addDays(first, length - 1) };
        const before = daysOf(rangeBefore(range).from, length);
        for (const interval of ['day', 'week', 'month'] as const) {
          const steps = stepsOf(range.from, range.to, interval);
          const found = besides(steps, interval, range, before);
          expect(found.length).toBe(steps.length);
          const sum = (all: (number | null | undefined)[]) => all.reduce<number>((total, one) => total + (one ?? 0), 0);
          expect(sum(found.map((step) => step?.clicks)), `${length} days from ${first} by ${interval}`).toBe(
            sum(before.map(({ clicks }) => clicks)),
          );
          expect(found[0]?.start).toBe(before[0]?.start);
        }
      }
    }
  });

  it('has a week that begins before the range at its first day', () => {
    const range = { from: '2026-11-04', to: '2026-11-10' };
    const before = daysOf('2026-10-28', 7);
    const steps = [stepOf('2026-11-02', 1), stepOf('2026-11-09', 1)];
    expect(besides(steps, 'week', range, before).map((step) => step?.start)).toEqual(['2026-10-28', '2026-11-02']);
  });

  it('is not known where a part of it is not', () => {
    const range = { from: '2026-11-02', to: '2026-11-15' };
    const before = daysOf('2026-10-19', 14).map((step, at) => (at === 3 ? { ...step, clicks: null } : step));
    const found = besides(stepsOf(range.from, range.to, 'week'), 'week', range, before);
    expect(found.map((step) => step?.clicks === null)).toEqual([true, false]);
    expect(besides(stepsOf(range.from, range.to, 'day'), 'day', range, before.slice(0, 2)).slice(2)).toEqual(Array(12).fill(null));
  });

  it('is asked by day where weeks and months would be cut elsewhere', () => {
    expect((['minute', 'hour', 'day', 'week', 'month'] as const).map(intervalBefore)).toEqual(['minute', 'hour', 'day', 'day', 'day']);
  });

  it('is part of the table to download', () => {
    expect(rowsOf([stepOf('2026-11-02', 5)], [{ start: '2026-11-01', clicks: 4 }])).toEqual([
      ['start', 'clicks', 'visitors', 'bots', 'start_before', 'clicks_before'],
      ['2026-11-02', 5, null, 0, '2026-11-01', 4],
    ]);
  });
});
