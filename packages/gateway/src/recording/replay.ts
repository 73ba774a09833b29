import type { Transcript } from '../protocols/protocol.ts';
import type { RecordedEvent } from './decode.ts';
import { RecordingReader, readRecording, type Unfinished } from './read.ts';

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
  const shown = new Shown(transcriberOf);
  for (const event of readRecording(path)) yield* shown.next(event);
}

export interface Following {
  /** Whether the session is still being recorded. */
  isOpen(): boolean;
  /** Milliseconds since the epoch after which it is not followed any more. */
  readonly until: number;
  now(): number;
  pause(ms: number): Promise<void>;
}

/** How often a recording that is followed is looked at, in milliseconds, and how many looks in vain are passed over. */
const LOOK_MS = 100;
const QUIET_LOOKS = 150;

/** A recording with what is recorded meanwhile, until its session ends; null where nothing came for a while. */
export async function* followRecording(
  path: string,
  transcriberOf: TranscriberOf,
  { isOpen, until, now, pause }: Following,
): AsyncGenerator<ReplayEvent | null, void> {
  const shown = new Shown(transcriberOf);
  const reader = new RecordingReader(path);
  try {
    for (let quiet = 0; ; ) {
      // Before reading: what is written after the last look is not missed.
      const goesOn = isOpen() && now() < until;
      let event = reader.next();
      while (event !== null && !(event.kind === 'unfinished' && reader.endsEarly && goesOn)) {
        yield* shown.next(event);
        if (event.kind === 'end' || event.kind === 'unfinished') return;
        quiet = 0;
        event = reader.next();
      }
      if (!goesOn) return;
      await pause(LOOK_MS);
      quiet += 1;
      if (quiet % QUIET_LOOKS === 0) yield null;
    }
  } finally {
    reader.close();
  }
}

/** Puts the pieces of replies together, and shows what follows one another in a recording. */
class Shown {
  readonly #transcriberOf: TranscriberOf;
  #transcribe: ReturnType<TranscriberOf>;
  readonly #replies = new Map<number, Buffer[]>();
  #kept = 0;

  constructor(transcriberOf: TranscriberOf) {
    this.#transcriberOf = transcriberOf;
  }

  *next(event: RecordedEvent | Unfinished): Generator<ReplayEvent, void> {
    switch (event.kind) {
      case 'header':
        this.#transcribe = this.#transcriberOf(event.header.protocol);
        yield event;
        break;
      case 'operation':
        yield {
          ...event,
          operation: { ...event.operation, parameters: event.operation.parameters.map(shown) },
        };
        break;
      case 'reply': {
        const reply = this.#replies.get(event.number) ?? [];
        if (this.#kept + event.bytes.length > REPLY_BYTES) break;
        reply.push(event.bytes);
        this.#kept += event.bytes.length;
        this.#replies.set(event.number, reply);
        break;
      }
      case 'result': {
        const reply = Buffer.concat(this.#replies.get(event.number) ?? []);
        this.#replies.delete(event.number);
        this.#kept -= reply.length;
        if (reply.length > 0) {
          const lines = this.#transcribe?.(reply) ?? unreadable(reply.length);
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
