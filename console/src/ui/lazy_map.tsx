import type { ComponentProps } from 'preact';
import { ErrorBoundary, lazy } from 'preact-iso';
import type { WorldMap } from './world_map';

const Loaded = lazy(() => import('./world_map').then((module) => module.WorldMap));

/** A map of the world. Its shapes come when one is shown; its place is kept until then. */
export function LazyMap(props: ComponentProps<typeof WorldMap>) {
  return (
    <div class="map-place">
      <ErrorBoundary>
        <Loaded {...props} />
      </ErrorBoundary>
    </div>
  );
}
