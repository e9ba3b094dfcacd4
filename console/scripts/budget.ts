/**
 * Holds the size of the first screen: all JavaScript and CSS that the home screen loads, its chart included, compressed as it travels.
 * The other screens have a bound of their own, on top of what is there already.
 */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const FIRST_SCREEN_BYTES = 75 * 1024;
const FURTHER_SCREEN_BYTES = 20 * 1024;
const DIST = new URL('../dist/', import.meta.url);

interface Chunk {
  file: string;
  css?: string[];
  imports?: string[];
  dynamicImports?: string[];
  isEntry?: boolean;
}

const manifest: Record<string, Chunk> = JSON.parse(readFileSync(new URL('.vite/manifest.json', DIST), 'utf8'));

function filesOf(names: string[]): Set<string> {
  const files = new Set<string>();
  const seen = new Set<string>();
  const visit = (name: string) => {
    const chunk = manifest[name];
    if (chunk === undefined) throw new Error(`the build has no ${name}`);
    if (seen.has(name)) return;
    seen.add(name);
    files.add(chunk.file);
    for (const file of chunk.css ?? []) files.add(file);
    for (const next of chunk.imports ?? []) visit(next);
  };
  names.forEach(visit);
  return files;
}

const bytesOf = (files: Iterable<string>): number =>
  [...files].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, DIST)), { level: 9 }).length, 0);
const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;

const first = filesOf(['index.html', 'src/screens/home.tsx', 'src/ui/chart.tsx']);
const firstBytes = bytesOf(first);
let failed = firstBytes > FIRST_SCREEN_BYTES;
process.stdout.write(`first screen: ${kib(firstBytes)} of ${kib(FIRST_SCREEN_BYTES)}\n`);
for (const name of [...(manifest['index.html']?.dynamicImports ?? []), 'src/ui/world_map.tsx']) {
  const more = bytesOf([...filesOf([name])].filter((file) => !first.has(file)));
  failed ||= more > FURTHER_SCREEN_BYTES;
  process.stdout.write(`${name}: ${kib(more)} more\n`);
}
if (failed) {
  process.stderr.write('error: a screen is larger than it may be; the bounds stand in scripts/budget.ts\n');
  process.exit(1);
}
