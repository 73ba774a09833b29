import type { RecordingEvent } from '@sallyport/contract';
import { type Fields, fields, type Line, linesOf, number } from '../recorded-fields.ts';

/** An operation of a recording, put together from its events. Every text in it came from a client or a target. */
export interface ExportedOperation {
  readonly number: number;
  /** Milliseconds since the session began. */
  readonly at: number;
  readonly operation: Fields;
  reply: readonly Line[];
  /** Reply bytes that were not kept. */
  leftOut: number;
  /** Null: it was under way when the recording stopped. */
  result: Fields | null;
  endedAt: number | null;
}

export type Exported =
  | { readonly kind: 'header'; readonly header: Fields }
  | { readonly kind: 'operation'; readonly one: ExportedOperation }
  /** What belongs to no operation. */
  | { readonly kind: 'other'; readonly event: RecordingEvent };

/** A recording as operations, each where it ended; those without an end come last. */
export async function* exportedOf(events: AsyncIterable<RecordingEvent>): AsyncGenerator<Exported> {
  const underWay = new Map<number, ExportedOperation>();
  for await (const event of events) {
    const one = underWay.get(number(event.number));
    switch (event.kind) {
      case 'header':
        yield { kind: 'header', header: fields(event.header) };
        break;
      case 'operation': {
        const begun = {
          number: number(event.number),
          at: number(event.at),
          operation: fields(event.operation),
        };
        underWay.set(begun.number, { ...begun, reply: [], leftOut: 0, result: null, endedAt: null });
        break;
      }
      case 'reply':
        if (one !== undefined) one.reply = linesOf(event);
        break;
      case 'reply-truncated':
        if (one !== undefined) one.leftOut = number(event.leftOut);
        break;
      case 'result':
        if (one === undefined) break;
        underWay.delete(one.number);
        one.result = fields(event.result);
        one.endedAt = number(event.at);
        yield { kind: 'operation', one };
        break;
      default:
        yield { kind: 'other', event };
    }
  }
  for (const one of underWay.values()) yield { kind: 'operation', one };
}

/** When something happened, in ISO 8601; an event's own time is since the session began. */
export function timeOf(header: Fields, at: number): string {
  const time = new Date(number(header.startedAt) + at);
  return Number.isNaN(time.valueOf()) ? '' : time.toISOString();
}
