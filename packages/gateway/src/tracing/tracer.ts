import type { Clock } from '../lib/clock.ts';
import type { Exporter } from './exporter.ts';
import type { TracingConfig } from './section.ts';
import type { Attributes, Span, SpanName } from './span.ts';
import type { TraceParent } from './trace-context.ts';

/** One part of a trace: from when to when, in milliseconds of the clock that only grows. */
export interface Stage {
  readonly name: SpanName;
  readonly start: number;
  readonly end: number;
  readonly attributes?: Attributes;
  readonly failure?: string;
}

/** W3C Trace Context, 3.2.2. */
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

/** Makes traces of stages. */
export class Tracer {
  readonly identities: boolean;
  readonly #ratio: number;
  readonly #deps: TracingDeps;
  readonly #exporter: Exporter;

  constructor({ ratio, identities }: TracingConfig, deps: TracingDeps, exporter: Exporter) {
    this.identities = identities;
    this.#ratio = ratio;
    this.#deps = deps;
    this.#exporter = exporter;
  }

  elapsed(): number {
    return this.#deps.clock.elapsed();
  }

  /** Whether the next trace is one of those kept whatever comes of it. No client has a part in it. */
  choose(): boolean {
    return this.#ratio > 0 && this.#deps.draw() < this.#ratio;
  }

  /** A whole trace: its root, and what stands below it. */
  keep(root: Stage, children: readonly Stage[], parent: TraceParent | null, chosen: boolean): void {
    const { clock, random } = this.#deps;
    // What the wall clock said when the other one began, as of now: it may have been set since.
    const origin = clock.now() - clock.elapsed();
    // Random numbers for all ids at once: each call costs more than its bytes.
    const hex = random(SPAN_ID_BYTES * (children.length + 1) + TRACE_ID_BYTES);
    const idAt = (at: number): string => hex.slice(at * SPAN_ID_BYTES * 2, (at + 1) * SPAN_ID_BYTES * 2);
    const traceId = parent?.traceId ?? hex.slice(-TRACE_ID_BYTES * 2);
    const rootId = idAt(0);
    const spanOf = (stage: Stage, spanId: string, parentSpanId: string): Span => ({
      ...{ traceId, spanId, parentSpanId, name: stage.name },
      start: origin + stage.start,
      end: origin + stage.end,
      attributes: stage.attributes ?? {},
      failure: stage.failure ?? null,
    });
    const below = children.map((stage, at) => spanOf(stage, idAt(at + 1), rootId));
    this.#exporter.add([spanOf(root, rootId, parent?.spanId ?? ''), ...below], chosen);
  }
}

export interface TracingDeps {
  readonly clock: Clock;
  /** `bytes` random bytes as lower-case hex. */
  random(bytes: number): string;
  /** From 0 to 1: which operations are traced. */
  draw(): number;
  /** Told of every span that will not arrive. */
  dropped(count: number): void;
  report(fault: unknown): void;
}
