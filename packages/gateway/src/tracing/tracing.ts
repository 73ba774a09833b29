import type { Onlooker } from '../data-path/index.ts';
import { otlpPoster } from '../export/index.ts';
import { TracingAttendant } from './attendant.ts';
import { Exporter } from './exporter.ts';
import type { TracingConfig } from './section.ts';
import { Tracer, type TracingDeps } from './tracer.ts';

/** Traces of what the data path does, for a collector. Nothing of an operation is in them but what it does and to which target. */
export interface Tracing extends Onlooker {
  close(): Promise<void>;
}

/** Null where nothing is traced. Connects to nothing yet. */
export function createTracing(config: TracingConfig, deps: TracingDeps): Tracing | null {
  const { url } = config;
  if (url === undefined) return null;
  const poster = otlpPoster({ ...config, url }, 'rejectedSpans');
  const exporter = new Exporter(config, { ...deps, poster });
  const tracer = new Tracer(config, deps, exporter);
  return {
    arrived: (protocol) => new TracingAttendant(tracer, protocol),
    close: () => exporter.close(),
  };
}
