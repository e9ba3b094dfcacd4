import type { Step } from '../../api/types';
import { addDays, daysBetween, type Interval, type Range } from '../../lib/dates';

/** The range before a range, as long: the one that the API compares with. */
export function rangeBefore({ from, to }: Range): Range {
  const days = daysBetween(from, to);
  return { from: addDays(from, -days), to: addDays(from, -1) };
}

/** The interval to ask the period before in, so that its sums can be put beside steps of `interval`. */
export function intervalBefore(interval: Interval): Interval {
  // Weeks and months of the period before begin on other days of it, so they are added up from days.
  return interval === 'week' || interval === 'month' ? 'day' : interval;
}

/** A step of the period before. */
export interface BeforeStep {
  start: string;
  clicks: number | null;
}

/** Puts the period before beside the steps of a range: what was clicked on the same days, counted from the beginning of each. */
export function besides(steps: Step[], interval: Interval, range: Range, before: Step[]): (BeforeStep | null)[] {
  const clicksOf = (step: Step) => step.clicks ?? null;
  if (intervalBefore(interval) === interval) {
    return steps.map((_, at) => {
      const step = before[at];
      return step === undefined ? null : { start: step.start, clicks: clicksOf(step) };
    });
  }
  const offsetOf = (start: string) => Math.max(0, daysBetween(range.from, start.slice(0, 10)) - 1);
  return steps.map((step, at) => {
    const next = steps[at + 1];
    const days = before.slice(offsetOf(step.start), next === undefined ? before.length : offsetOf(next.start));
    const [first] = days;
    if (first === undefined) return null;
    const clicks = days.map(clicksOf);
    return {
      start: first.start,
      clicks: clicks.some((one) => one === null) ? null : clicks.reduce<number>((sum, one) => sum + (one ?? 0), 0),
    };
  });
}

/** The series as a table, with the period before beside it. */
export function rowsOf(steps: Step[], before: (BeforeStep | null)[]): (string | number | null)[][] {
  const head = ['start', 'clicks', 'visitors', 'bots', 'start_before', 'clicks_before'];
  return [
    head,
    ...steps.map((step, at) => {
      const beside = before[at];
      return [step.start, step.clicks ?? null, step.visitors ?? null, step.bots ?? null, beside?.start ?? null, beside?.clicks ?? null];
    }),
  ];
}
