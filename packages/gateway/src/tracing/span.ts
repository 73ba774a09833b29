import { attribute } from '../export/index.ts';

export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** One span that is over. Times are milliseconds since the epoch, with fractions. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: the root of its trace. */
  readonly parentSpanId: string;
  readonly name: SpanName;
  readonly start: number;
  readonly end: number;
  readonly attributes: Attributes;
  /** Why it failed, a word of ours; null: it did not. */
  readonly failure: string | null;
}

export type SpanName = keyof typeof KINDS;

/** OTLP span kinds: internal, server, client. */
const KINDS = {
  operation: 2,
  connect: 2,
  authenticate: 1,
  reach: 3,
  decide: 1,
  hold: 1,
  forward: 3,
  reply: 1,
} as const;

const STATUS_ERROR = 2;

/** The request of OTLP 1.x for these spans, as its JSON has it: ids in hex, 64-bit numbers as texts. */
export function tracesOf(spans: readonly Span[]) {
  const resource = { attributes: [attribute('service.name', 'sallyport')] };
  const scope = { name: 'sallyport' };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: spans.map(encoded) }] }] };
}

function encoded({ traceId, spanId, parentSpanId, name, start, end, attributes, failure }: Span) {
  return {
    traceId,
    spanId,
    ...(parentSpanId === '' ? {} : { parentSpanId }),
    name,
    kind: KINDS[name],
    startTimeUnixNano: nanoseconds(start),
    endTimeUnixNano: nanoseconds(end),
    attributes: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
    ...(failure === null ? {} : { status: { code: STATUS_ERROR, message: failure } }),
  };
}

/** To the microsecond: nanoseconds since the epoch are more than a number holds exactly. */
function nanoseconds(milliseconds: number): string {
  return `${Math.round(milliseconds * 1_000)}000`;
}
