import { describe, expect, it } from 'vitest';
import { codeOf, drawWorld, shortPath } from '../../scripts/world';
import { SHADES, shadeOf } from '../../src/lib/shades';

describe('the map of the world', () => {
  const world = drawWorld();

  it('has every country once, as a shape or as a point', () => {
    const codes = [...world.shapes, ...world.points].map(([code]) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.length).toBeGreaterThan(230);
    for (const code of ['DE', 'US', 'SO', 'CY', 'XK', 'SG', 'MT', 'HK', 'VA']) expect(codes, code).toContain(code);
    for (const code of codes) expect(new Intl.DisplayNames('en', { type: 'region', fallback: 'none' }).of(code), code).toBeTruthy();
  });

  it('stays within its frame', () => {
    for (const [code, path] of world.shapes) {
      for (const ring of path.split('z').filter(Boolean)) {
        const numbers = (ring.match(/-?\d+/g) ?? []).map(Number);
        let [x, y] = [0, 0];
        for (let at = 0; at < numbers.length; at += 2) {
          x += numbers[at] ?? 0;
          y += numbers[at + 1] ?? 0;
          expect(x >= 0 && x <= world.width && y >= 0 && y <= world.height, `${code} ${x},${y}`).toBe(true);
        }
      }
    }
    for (const [code, x, y] of world.points) expect(x >= 0 && x <= world.width && y >= 0 && y <= world.height, code).toBe(true);
  });

  it('tells countries by number, and those without one by name', () => {
    const cases = { '276': 'DE', '840': 'US', '4': 'AF', '036': 'AU' };
    for (const [id, code] of Object.entries(cases)) expect(codeOf(id, ''), id).toBe(code);
    expect(codeOf(undefined, 'Kosovo')).toBe('XK');
    expect(codeOf(undefined, 'Atlantis')).toBe(null);
  });

  it('has short paths, without what is smaller than a point', () => {
    expect(shortPath('M10.2,20.1L11,22L11.2,22.1L9,23Z')).toBe('M10,20l1,2 -2,1z');
    expect(shortPath('M10,20L10.1,20.2L10.2,20ZM1,1L5,1L5,5Z')).toBe('M1,1l4,0 0,4z');
    expect(shortPath('')).toBe('');
  });
});

describe('a shade', () => {
  it('grows with the count, and the greatest has the darkest', () => {
    for (const most of [1, 2, 5, 100, 12_345, 1e9]) {
      let last = 0;
      for (let count = 0; count <= most; count = Math.max(count + 1, Math.floor(count * 1.3))) {
        const shade = shadeOf(count, most);
        expect(shade === 0, `${count} of ${most}`).toBe(count === 0);
        expect(shade).toBeGreaterThanOrEqual(last);
        last = shade;
      }
      expect(shadeOf(most, most)).toBe(SHADES);
    }
  });
});
