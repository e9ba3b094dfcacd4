/**
 * Draws the countries of the world once, when the console is built: what travels to the browser are finished shapes in whole units, a
 * quarter of the atlas and of the code that would draw it.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { geoEqualEarth, geoPath } from 'd3-geo';
import { feature, mergeArcs } from 'topojson-client';
import type { GeometryCollection, MultiPolygon, Polygon, Topology } from 'topojson-specification';

export interface World {
  width: number;
  height: number;
  /** The countries that have an outline at this size, each as the data of an SVG path. */
  shapes: [code: string, path: string][];
  /** Where the others are, as points. */
  points: [code: string, x: number, y: number][];
}

type Country = (Polygon | MultiPolygon) & { id?: string; properties: { name: string } };
type Atlas = Topology<{ countries: GeometryCollection<{ name: string }> }>;

const WIDTH = 960;
const HEIGHT = 448;
/** Areas without a number of ISO 3166-1, under the code that lists of IP addresses use for visitors from there. */
const WITHOUT_NUMBER: Record<string, string> = { Kosovo: 'XK', Somaliland: 'SO', 'N. Cyprus': 'CY' };
/** Nobody clicks there, and it would take a fifth of the map. */
const LEFT_OUT = 'AQ';

const require = createRequire(import.meta.url);

function read(scale: '50m' | '110m'): Atlas {
  return JSON.parse(readFileSync(require.resolve(`world-atlas/countries-${scale}.json`), 'utf8'));
}

/** The code of a country. `Intl` knows the numbers of ISO 3166-1 as other names of the codes of two letters. */
export function codeOf(id: string | undefined, name: string): string | null {
  if (id === undefined) return WITHOUT_NUMBER[name] ?? null;
  const code = Intl.getCanonicalLocales(`und-${id.padStart(3, '0')}`)[0]?.slice('und-'.length) ?? '';
  return /^[A-Z]{2}$/.test(code) ? code : null;
}

function byCode(atlas: Atlas): Map<string, Country[]> {
  const found = new Map<string, Country[]>();
  for (const country of atlas.objects.countries.geometries as unknown as Country[]) {
    const code = codeOf(country.id, country.properties.name);
    if (code !== null && code !== LEFT_OUT) found.set(code, [...(found.get(code) ?? []), country]);
  }
  return found;
}

/** `M10,20L11,22Z` -> `m10,20 1,2z`: steps of whole units, which need fewer digits than places. */
export function shortPath(path: string): string {
  return path
    .split('Z')
    .filter(Boolean)
    .map((ring) => {
      const places = ring
        .slice(1)
        .split('L')
        .map((place) => place.split(',').map((one) => Math.round(Number(one))) as [number, number]);
      const kept = places.filter((place, at) => at === 0 || place.join() !== places[at - 1]?.join());
      // What is no wider than a point at this size would only be dirt.
      if (kept.length < 3) return '';
      const [first = [0, 0], ...rest] = kept;
      let last = first;
      const steps = rest.map((place) => {
        const step = `${place[0] - last[0]},${place[1] - last[1]}`;
        last = place;
        return step;
      });
      return `M${first.join()}l${steps.join(' ')}z`;
    })
    .join('');
}

/** All countries, small ones as points. */
export function drawWorld(): World {
  const coarse = read('110m');
  const fine = read('50m');
  const countries = byCode(coarse);
  const whole = {
    type: 'FeatureCollection' as const,
    features: [...byCode(fine).values()].flat().map((country) => feature(fine, country as never)),
  };
  // Turned a little, so that Chukotka stays with the rest of Russia.
  const projection = geoEqualEarth()
    .rotate([-11, 0])
    .fitExtent(
      [
        [2, 2],
        [WIDTH - 2, HEIGHT - 2],
      ],
      whole as never,
    );
  const draw = geoPath(projection);
  const shapes: World['shapes'] = [];
  for (const [code, parts] of countries) {
    const path = shortPath(
      draw(parts.length > 1 ? (mergedOf(coarse, parts) as never) : (feature(coarse, parts[0] as never) as never)) ?? '',
    );
    if (path !== '') shapes.push([code, path]);
  }
  const points: World['points'] = [];
  for (const [code, parts] of byCode(fine)) {
    if (shapes.some(([known]) => known === code)) continue;
    const [x, y] = draw.centroid(feature(fine, parts[0] as never) as never);
    if (Number.isFinite(x) && Number.isFinite(y)) points.push([code, Math.round(x), Math.round(y)]);
  }
  return { width: WIDTH, height: HEIGHT, shapes: shapes.sort(), points: points.sort() };
}

function mergedOf(atlas: Atlas, parts: Country[]) {
  const merged = mergeArcs(atlas, parts as never);
  return feature(atlas, merged as never);
}
