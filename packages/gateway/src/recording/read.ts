import { z } from 'zod';
import { Fault } from '../lib/fault.ts';
import { ByteReader, PastEnd } from './byte-reader.ts';
import { decodeEvent, type RecordedEvent } from './decode.ts';
import { FileWindow } from './file-window.ts';
import { countedHeadBytes, frameHeadBytes, magic, magicOfFirst, maxEventBytes } from './format.ts';
import { readFrameHead, unpackFrame } from './frame.ts';
import type { RecordedOperation } from './recording.ts';

/** What a crash, or someone, left where the next event should be. */
export interface Unfinished {
  readonly kind: 'unfinished';
  /** Byte offset in the file. */
  readonly offset: number;
  readonly reason: string;
}

/**
 * The events of a recording in order; memory does not grow with the file. Whoever can write the folder controls every
 * byte: a file that is no recording is Fault `recording-unavailable`, one that stops making sense ends with `unfinished`.
 * Whether the bytes are those that were recorded is for `verifyRecordings` to say.
 */
export function* readRecording(path: string): Generator<RecordedEvent | Unfinished, void> {
  const reader = new RecordingReader(path);
  try {
    for (let event = reader.next(); event !== null; event = reader.next()) {
      yield event;
      if (event.kind === 'unfinished') return;
    }
  } finally {
    reader.close();
  }
}

/** Reads the events of a recording, which may be growing. */
export class RecordingReader {
  readonly #file: FileWindow;
  readonly #events: EventSource;
  #previous: RecordedOperation | null = null;

  constructor(path: string) {
    this.#file = new FileWindow(path);
    const begin = this.#file.peek(magic.length);
    const isFirst = begin?.equals(magicOfFirst) === true;
    if (!isFirst && begin?.equals(magic) !== true) {
      this.#file.close();
      throw new Fault('recording-unavailable', `${path} is not a recording: it does not begin as one`);
    }
    this.#file.pass(magic.length);
    this.#events = isFirst ? new BareEvents(this.#file) : new FramedEvents(this.#file);
  }

  /**
   * The next event, or null where the file ends between two of them. After null, and after an `unfinished` with
   * `endsEarly`, it may be asked again: the file may have grown.
   */
  next(): RecordedEvent | Unfinished | null {
    const event = this.#events.next();
    if (event === null) return null;
    if ('reason' in event) return { kind: 'unfinished', ...event };
    if (event.isFirst) this.#previous = null;
    const decoded = decoding(event, this.#previous);
    if (decoded.kind === 'operation') this.#previous = decoded.operation;
    return decoded;
  }

  /** Whether the last `unfinished` was only an end of the file that came too early. */
  get endsEarly(): boolean {
    return this.#events.endsEarly;
  }

  close(): void {
    this.#file.close();
  }
}

interface EventBytes {
  readonly offset: number;
  readonly bytes: Buffer;
  /** Whether it may not refer to an operation before it. */
  readonly isFirst: boolean;
}

interface NoEvent {
  readonly offset: number;
  readonly reason: string;
}

interface EventSource {
  endsEarly: boolean;
  next(): EventBytes | NoEvent | null;
}

const cutShort = 'the file ends within an event';

/** Events that follow one another in the file. */
class BareEvents implements EventSource {
  readonly #file: FileWindow;
  endsEarly = false;

  constructor(file: FileWindow) {
    this.#file = file;
  }

  next(): EventBytes | NoEvent | null {
    this.endsEarly = false;
    const { offset } = this.#file;
    const head = this.#file.peek(4);
    if (head === null) return this.#file.left === 0 ? null : this.#early(offset);
    const length = head.readUInt32LE(0);
    const wrong = wrongLength(length);
    if (wrong !== null) return { offset, reason: wrong };
    const event = this.#file.peek(4 + length);
    if (event === null) return this.#early(offset);
    this.#file.pass(4 + length);
    return { offset, bytes: event.subarray(4), isFirst: false };
  }

  #early(offset: number): NoEvent {
    this.endsEarly = true;
    return { offset, reason: cutShort };
  }
}

/** Events in frames, compressed or not; none goes on in the next frame. */
class FramedEvents implements EventSource {
  readonly #file: FileWindow;
  #frame: Buffer = Buffer.alloc(0);
  #at = 0;
  #offset = 0;
  endsEarly = false;

  constructor(file: FileWindow) {
    this.#file = file;
  }

  next(): EventBytes | NoEvent | null {
    this.endsEarly = false;
    while (this.#at === this.#frame.length) {
      const problem = this.#nextFrame();
      if (problem !== 'read') return problem;
    }
    const offset = this.#offset;
    const start = this.#at;
    const left = this.#frame.length - start;
    const length = left < 4 ? -1 : this.#frame.readUInt32LE(start);
    const wrong = length < 0 || 4 + length > left ? 'a chunk ends within an event' : wrongLength(length);
    if (wrong !== null) return { offset, reason: wrong };
    this.#at = start + 4 + length;
    return { offset, bytes: this.#frame.subarray(start + 4, this.#at), isFirst: start === 0 };
  }

  #nextFrame(): NoEvent | null | 'read' {
    const { offset } = this.#file;
    const bytes = this.#file.peek(frameHeadBytes);
    if (bytes === null) return this.#file.left === 0 ? null : this.#early(offset);
    const head = readFrameHead(bytes);
    if (typeof head === 'string') return { offset, reason: head };
    const whole = this.#file.peek(frameHeadBytes + head.stored);
    if (whole === null) return this.#early(offset);
    const frame = unpackFrame(head, whole.subarray(frameHeadBytes));
    if (frame === null) return { offset, reason: 'a chunk cannot be unpacked' };
    this.#file.pass(frameHeadBytes + head.stored);
    this.#frame = frame;
    this.#at = 0;
    this.#offset = offset;
    return 'read';
  }

  #early(offset: number): NoEvent {
    this.endsEarly = true;
    return { offset, reason: cutShort };
  }
}

function wrongLength(length: number): string | null {
  if (length >= countedHeadBytes && length <= maxEventBytes) return null;
  return `the event length ${length} is outside ${countedHeadBytes}..${maxEventBytes}`;
}

function decoding(
  { bytes, offset }: EventBytes,
  previous: RecordedOperation | null,
): RecordedEvent | Unfinished {
  try {
    return decodeEvent(new ByteReader(bytes), previous);
  } catch (error) {
    if (!(error instanceof PastEnd || error instanceof SyntaxError || error instanceof z.ZodError))
      throw error;
    return { kind: 'unfinished', offset, reason: `this is not an event: ${error.message}` };
  }
}
