import type { ComponentProps } from 'preact';
import { ErrorBoundary, lazy } from 'preact-iso';
import type { Chart } from './chart';

const Loaded = lazy(() => import('./chart').then((module) => module.Chart));

/** A chart. The plotting library comes when one is shown; its place is kept until then. */
export function LazyChart(props: ComponentProps<typeof Chart>) {
  return (
    <div class={`chart-place ${props.low ? 'low' : ''}`}>
      <ErrorBoundary>
        <Loaded {...props} />
      </ErrorBoundary>
    </div>
  );
}
