import preact from '@preact/preset-vite';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { drawWorld } from './scripts/world.ts';

const api = process.env.WAYPOST_API ?? 'http://localhost:9000';

/** `virtual:world`: the shapes of the countries, as `src/ui/world.d.ts` says. */
const world: Plugin = {
  name: 'world',
  resolveId: (id) => (id === 'virtual:world' ? id : null),
  // A text that is parsed: browsers read JSON faster than the same as code.
  load: (id) => (id === 'virtual:world' ? `export default JSON.parse(${JSON.stringify(JSON.stringify(drawWorld()))})` : null),
};

export default defineConfig({
  base: '/console/',
  plugins: [preact(), world],
  build: {
    target: 'es2022',
    // The Content-Security-Policy allows no `data:` scripts or styles: every asset is a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
  },
  server: {
    host: '127.0.0.1',
    port: Number(process.env.WAYPOST_CONSOLE_PORT ?? 5173),
    strictPort: true,
    proxy: { '/v1': api, '/healthz': api, '/console/config.json': api },
  },
  test: {
    projects: [
      { extends: true, test: { name: 'unit', include: ['tests/unit/**/*.test.ts'], environment: 'node' } },
      {
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          environment: 'node',
          testTimeout: 60_000,
          hookTimeout: 90_000,
          // What a page does takes longer on a busy machine than the second after which vitest stops looking.
          expect: { poll: { timeout: 15_000 } },
          // One browser at a time: the tests measure nothing, and a machine of two cores runs them as fast.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'stack',
          include: ['e2e/**/*.test.ts'],
          environment: 'node',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
