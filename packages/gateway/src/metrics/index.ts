export { createHealth, type Vitals } from './health.ts';
export { listenForScrapers, type MetricsListener } from './listen.ts';
export { createMetrics, type Metrics, type MetricsDependencies, type Readings } from './metrics.ts';
export { type MetricsConfig, metricsSection } from './section.ts';
