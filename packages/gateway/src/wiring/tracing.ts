import type { Clock } from '../lib/clock.ts';
import type { Metrics } from '../metrics/index.ts';
import { createTracing, type Tracing, type TracingConfig } from '../tracing/index.ts';
import type { Owned } from './closing.ts';

/** Null where nothing is traced. */
export function openTracing(
  config: TracingConfig,
  deps: {
    readonly clock: Clock;
    readonly random: (bytes: number) => string;
    readonly metrics: Metrics;
    report(fault: unknown): void;
  },
  owned: Owned,
): Tracing | null {
  const { clock, random, metrics, report } = deps;
  const dropped = (count: number): void => metrics.spansDropped(count);
  const tracing = createTracing(config, { clock, random, draw: Math.random, dropped, report });
  return tracing === null ? null : owned(tracing);
}
