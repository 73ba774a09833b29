import { type OtlpPoster, SinkFailure, waitAfter } from '../export/index.ts';
import { Fault } from '../lib/fault.ts';
import type { TracingConfig } from './section.ts';
import { type Span, tracesOf } from './span.ts';

/** Longest wait between two attempts, in milliseconds. */
const RETRY_MOST_MS = 60_000;
/** Longest that stopping waits for the collector to take the last spans, in milliseconds. */
const DRAIN_MS = 2_000;
/** What a collector may answer and be sent the same again (OTLP, "Retryable Response Codes"); 0 is no answer. */
const RETRYABLE: ReadonlySet<number> = new Set([0, 429, 502, 503, 504]);

export interface ExporterDeps {
  readonly poster: OtlpPoster;
  /** From 0 to 1. */
  readonly draw: () => number;
  /** Told of every span that will not arrive. */
  readonly dropped: (count: number) => void;
  /** Told when the collector begins to fail, not of each attempt. */
  readonly report: (fault: unknown) => void;
}

/** Spans on their way to the collector. Taking one is an addition to a list of limited length: nobody ever waits. */
export class Exporter {
  readonly #config: TracingConfig;
  readonly #deps: ExporterDeps;
  readonly #queue: Span[] = [];
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | null = null;
  #failures = 0;
  #closed = false;

  constructor(config: TracingConfig, deps: ExporterDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  /**
   * Takes all spans of a trace, or drops all. One that is there only because it was denied or held, which a client can bring
   * about as often as it likes, leaves half of the queue to those the gateway chose.
   */
  add(spans: readonly Span[], chosen: boolean): void {
    const { queueSpans, batchSpans } = this.#config;
    const most = chosen ? queueSpans : Math.floor(queueSpans / 2);
    if (this.#closed || this.#queue.length + spans.length > most) return this.#deps.dropped(spans.length);
    this.#queue.push(...spans);
    if (this.#sending !== null) return;
    if (this.#failures === 0 && this.#queue.length >= batchSpans) this.#arm(0);
    else if (this.#timer === undefined) this.#arm(this.#pause());
  }

  /** Gives the collector a moment for the rest; what it does not take is dropped. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const patience = setTimeout(() => this.#stop.abort(), DRAIN_MS);
    await this.#sending;
    while (this.#queue.length > 0 && this.#failures === 0) await this.#send();
    clearTimeout(patience);
    if (this.#queue.length > 0) this.#deps.dropped(this.#queue.length);
    this.#deps.poster.close();
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#sending = this.#send().finally(() => {
        this.#sending = null;
        if (!this.#closed && this.#queue.length > 0) this.#arm(this.#pause());
      });
    }, ms).unref();
  }

  #pause(): number {
    const { batchSpans, intervalMs: retryMs } = this.#config;
    if (this.#failures === 0) return this.#queue.length >= batchSpans ? 0 : retryMs;
    return waitAfter(
      this.#failures,
      { retryMs, retryMostMs: Math.max(retryMs, RETRY_MOST_MS) },
      this.#deps.draw(),
    );
  }

  /** Sends one batch. Never rejects: a collector that fails is waited for, one that refuses costs the batch. */
  async #send(): Promise<void> {
    const { dropped, report, poster } = this.#deps;
    const batch = this.#queue.slice(0, this.#config.batchSpans);
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(this.#config.timeoutMs)]);
    try {
      const rejected = await poster.post(tracesOf(batch), signal);
      this.#queue.splice(0, batch.length);
      this.#failures = 0;
      // Their number is their claim: no more than was sent.
      if (rejected > 0) dropped(Math.min(Math.floor(rejected), batch.length));
    } catch (fault) {
      if (this.#failures === 0) report(unavailable(fault));
      this.#failures += 1;
      if (fault instanceof SinkFailure && RETRYABLE.has(fault.status)) return;
      this.#queue.splice(0, batch.length);
      dropped(batch.length);
    }
  }
}

function unavailable(fault: unknown): Fault {
  const why = fault instanceof SinkFailure ? fault.message : 'it could not be sent';
  return new Fault(
    'collector-unavailable',
    `the collector of traces takes no spans; they wait, and what tracing.queue_spans has no room for is dropped: ${why}`,
  );
}
