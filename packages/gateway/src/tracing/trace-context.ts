/** A place in a trace of somebody else's: what a span of ours may stand below. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
}

/** W3C Trace Context, 3.2: version 00, which has exactly this form. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;
const LENGTH = 55;

/**
 * Reads a `traceparent`, attacker-chosen; null for anything the standard calls invalid, which is then as if none came. The
 * flags are not read: a client has no say in what is sampled.
 */
export function readTraceparent(text: string | null): TraceParent | null {
  if (text === null || text.length !== LENGTH) return null;
  const [, traceId = '', spanId = ''] = TRACEPARENT.exec(text) ?? [];
  return isZero(traceId) || isZero(spanId) ? null : { traceId, spanId };
}

/** An id of zeros is invalid (3.2.2.3, 3.2.2.4), and so is none. */
function isZero(id: string): boolean {
  return /^0*$/.test(id);
}
