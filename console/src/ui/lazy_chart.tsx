import { lazy } from 'preact-iso';

/** The plotting library comes when a chart is shown. */
export const LazyChart = lazy(() => import('./chart').then((module) => module.Chart));
