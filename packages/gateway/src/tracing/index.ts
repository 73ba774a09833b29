export { type TracingConfig, tracingSection } from './section.ts';
export type { TracingDeps } from './tracer.ts';
export { createTracing, type Tracing } from './tracing.ts';
