import type { Transcript } from '../protocols/protocol.ts';
import type { RecordedEvent } from './decode.ts';
import { readRecording, type Unfinished } from './read.ts';

/** A recorded event as people and programs read it: reply bytes are lines, parameters are text. Plain JSON. */
export type ReplayEvent =
  | Exclude<RecordedEvent, { kind: 'operation' | 'reply' }>
  | Unfinished
  | {
      readonly kind: 'operation';
      readonly at: number;
      readonly number: number;
      readonly operation: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'reply';
      readonly at: number;
      readonly number: number;
      readonly lines: readonly Transcript[];
    };

/** Most reply bytes held at once, over the operations under way; a hostile file must not choose. */
const REPLY_BYTES = 64 * 1024 * 1024;

/** Reads the reply bytes of a protocol; undefined for a protocol this gateway does not speak. */
export type TranscriberOf = (protocol: string) => ((reply: Buffer) => readonly Transcript[]) | undefined;

/** The events of a recording with each operation's reply as lines. Everything in it is hostile text: show it inert. */
export function* replayRecording(path: string, transcriberOf: TranscriberOf): Generator<ReplayEvent, void> {
  let transcribe: ReturnType<TranscriberOf>;
  const replies = new Map<number, Buffer[]>();
  let kept = 0;
  for (const event of readRecording(path)) {
    switch (event.kind) {
      case 'header':
        transcribe = transcriberOf(event.header.protocol);
        yield event;
        break;
      case 'operation':
        yield {
          ...event,
          operation: { ...event.operation, parameters: event.operation.parameters.map(shown) },
        };
        break;
      case 'reply': {
        const reply = replies.get(event.number) ?? [];
        if (kept + event.bytes.length <= REPLY_BYTES) reply.push(Buffer.from(event.bytes));
        kept += event.bytes.length;
        replies.set(event.number, reply);
        break;
      }
      case 'result': {
        const reply = Buffer.concat(replies.get(event.number) ?? []);
        replies.delete(event.number);
        kept -= reply.length;
        if (reply.length > 0) {
          const lines = transcribe?.(reply) ?? unreadable(reply.length);
          yield { kind: 'reply', at: event.at, number: event.number, lines };
        }
        yield event;
        break;
      }
      default:
        yield event;
    }
  }
}

function unreadable(bytes: number): readonly Transcript[] {
  return [{ kind: 'text', text: `(${bytes} bytes of a protocol this gateway does not speak)` }];
}

function shown(value: Uint8Array | null): string | null {
  return value === null
    ? null
    : Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
}
