import type { RecordingEvent } from '@sallyport/contract';
import { fields, linesOf } from './recorded-fields.ts';

/** Most events of operations that have not been found to match yet: whoever recorded chooses how many are under way. */
const WAITING = 100_000;

/**
 * The operations of a recording that have `text` in them, each with its reply and result; and what belongs to no operation.
 * The recording holds what the client was shown: what was masked for the client is found by nobody.
 */
export async function* operationsWith(
  events: AsyncIterable<RecordingEvent>,
  text: string,
): AsyncGenerator<RecordingEvent> {
  const wanted = text.toLowerCase();
  const waiting = new Map<unknown, RecordingEvent[]>();
  let count = 0;
  for await (const event of events) {
    const { kind, number } = event;
    if (kind === 'note') {
      if (has(event, wanted)) yield event;
      continue;
    }
    if (typeof number !== 'number' || number === 0) {
      yield event;
      continue;
    }
    const pieces = waiting.get(number) ?? [];
    waiting.set(number, pieces);
    if (count < WAITING) {
      pieces.push(event);
      count += 1;
    }
    if (kind !== 'result') continue;
    waiting.delete(number);
    count -= pieces.length;
    if (pieces.some((piece) => has(piece, wanted))) yield* pieces;
  }
  // Those that were under way when it stopped.
  for (const pieces of waiting.values()) if (pieces.some((piece) => has(piece, wanted))) yield* pieces;
}

/** Whether what the client sent, or was told, has this in it. */
function has(event: RecordingEvent, wanted: string): boolean {
  switch (event.kind) {
    case 'operation': {
      const { text, parameters, reason } = fields(event.operation);
      return holds([text, parameters, reason], wanted);
    }
    case 'reply':
      return linesOf(event).some(({ text, names, values }) => holds([text, names, values], wanted));
    case 'result':
      return holds(fields(event.result).status, wanted);
    default:
      return holds(event.text, wanted);
  }
}

function holds(value: unknown, wanted: string): boolean {
  if (typeof value === 'string') return value.toLowerCase().includes(wanted);
  return Array.isArray(value) && value.some((one) => holds(one, wanted));
}
