/** How many shades a map has. */
export const SHADES = 5;

/** The shade of a count, from 1 (few) to `SHADES` (the most). Their steps grow, so that one great country does not pale all others. */
export function shadeOf(count: number, most: number): number {
  if (count <= 0) return 0;
  return Math.min(SHADES, Math.ceil(SHADES * Math.sqrt(count / most)));
}
