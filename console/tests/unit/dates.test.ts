import { describe, expect, it } from 'vitest';
import { addDays, bestInterval, dayIn, daysBetween, fromLocalInput, intervalsFor, rangeOf, toLocalInput } from '../../src/lib/dates';

describe('times in fields', () => {
  it('come back as they were, to the minute', () => {
    for (const time of ['2026-01-02T03:04:00.000Z', '2026-07-31T23:59:00.000Z', '2024-02-29T00:00:00.000Z', '0999-12-31T12:00:00.000Z']) {
      expect(fromLocalInput(toLocalInput(time))).toBe(time);
    }
  });

  it('are empty where there is none, and null where they are none', () => {
    expect(toLocalInput(null)).toBe('');
    expect(toLocalInput('soon')).toBe('');
    expect(fromLocalInput('')).toBeNull();
    expect(fromLocalInput('2026-13-45T99:00')).toBeNull();
  });
});

describe('days', () => {
  it.each([
    ['UTC', '2026-03-01T00:30:00Z', '2026-03-01'],
    ['America/New_York', '2026-03-01T00:30:00Z', '2026-02-28'],
    ['Pacific/Auckland', '2026-03-01T12:30:00Z', '2026-03-02'],
    ['Asia/Kolkata', '2026-12-31T18:30:00Z', '2027-01-01'],
  ])('in %s', (zone, moment, day) => {
    expect(dayIn(zone, new Date(moment))).toBe(day);
  });

  it('go over the ends of months and years', () => {
    expect(addDays('2026-03-01', -1)).toBe('2026-02-28');
    expect(addDays('2024-02-28', 1)).toBe('2024-02-29');
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01');
    expect(daysBetween('2026-03-28', '2026-03-30')).toBe(3);
  });

  it('of a preset are as many as its name says, and end today', () => {
    const now = new Date('2026-11-30T22:00:00Z');
    const lengths = { today: 1, '7d': 7, '30d': 30, '90d': 90, '12m': 365 } as const;
    for (const [preset, days] of Object.entries(lengths)) {
      const { from, to } = rangeOf(preset as keyof typeof lengths, 'UTC', now);
      expect(to).toBe('2026-11-30');
      expect(daysBetween(from, to)).toBe(days);
    }
    expect(rangeOf('month', 'Asia/Tokyo', now)).toEqual({ from: '2026-12-01', to: '2026-12-01' });
  });

  it('have an interval that the API answers', () => {
    for (let days = 1; days <= 366; days++) {
      expect(intervalsFor(days)).toContain('day');
      expect(intervalsFor(days).includes('hour')).toBe(days <= 31);
      expect(intervalsFor(days)).toContain(bestInterval(days));
    }
  });
});
