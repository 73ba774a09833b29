import { closeSync, openSync, readSync } from 'node:fs';
import { z } from 'zod';
import { Fault } from '../lib/fault.ts';
import { ByteReader, PastEnd } from './byte-reader.ts';
import { decodeEvent, type RecordedEvent } from './decode.ts';
import { countedHeadBytes, magic, maxEventBytes } from './format.ts';
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
  const file = new EventFile(path);
  try {
    let previous: RecordedOperation | null = null;
    for (let event = file.next(); event !== null; event = file.next()) {
      if ('reason' in event) {
        yield { kind: 'unfinished', ...event };
        return;
      }
      const decoded = decoding(event, previous);
      yield decoded;
      if (decoded.kind === 'unfinished') return;
      if (decoded.kind === 'operation') previous = decoded.operation;
    }
  } finally {
    file.close();
  }
}

interface EventBytes {
  readonly offset: number;
  readonly bytes: Buffer;
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

/** Cuts a file into events, through one buffer. */
class EventFile {
  readonly #path: string;
  readonly #fd: number;
  #buffer = Buffer.allocUnsafeSlow(64 * 1024);
  /** In the file, of buffer[0]. */
  #position = 0;
  #at: number;
  #filled = 0;

  constructor(path: string) {
    this.#path = path;
    try {
      this.#fd = openSync(path, 'r');
    } catch (error) {
      throw new Fault('recording-unavailable', `cannot open the recording ${path}: ${String(error)}`, {
        cause: error,
      });
    }
    this.#at = 0;
    if (!this.#fill(magic.length) || !this.#buffer.subarray(0, magic.length).equals(magic)) {
      this.close();
      throw new Fault('recording-unavailable', `${path} is not a recording: it does not begin as one`);
    }
    this.#at = magic.length;
  }

  /** What the length of the next event counts, or why there is none, or null at the end. */
  next(): EventBytes | { readonly offset: number; readonly reason: string } | null {
    const offset = this.#position + this.#at;
    if (!this.#fill(4)) {
      const rest = this.#filled - this.#at;
      return rest === 0 ? null : { offset, reason: 'the file ends within an event' };
    }
    const length = this.#buffer.readUInt32LE(this.#at);
    if (length < countedHeadBytes || length > maxEventBytes) {
      return {
        offset,
        reason: `the event length ${length} is outside ${countedHeadBytes}..${maxEventBytes}`,
      };
    }
    if (!this.#fill(4 + length))
      return { offset: this.#position + this.#at, reason: 'the file ends within an event' };
    const start = this.#at + 4;
    this.#at = start + length;
    return { offset, bytes: this.#buffer.subarray(start, this.#at) };
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Makes `count` bytes ready at `#at`; false when the file has fewer. Grows the buffer only by what the file holds. */
  #fill(count: number): boolean {
    while (this.#filled - this.#at < count) {
      if (this.#at > 0) {
        this.#buffer.copyWithin(0, this.#at, this.#filled);
        this.#position += this.#at;
        this.#filled -= this.#at;
        this.#at = 0;
      }
      if (this.#filled === this.#buffer.length) {
        const larger = Buffer.allocUnsafeSlow(this.#buffer.length * 2);
        this.#buffer.copy(larger, 0, 0, this.#filled);
        this.#buffer = larger;
      }
      const read = this.#read();
      if (read === 0) return false;
      this.#filled += read;
    }
    return true;
  }

  #read(): number {
    try {
      return readSync(
        this.#fd,
        this.#buffer,
        this.#filled,
        this.#buffer.length - this.#filled,
        this.#position + this.#filled,
      );
    } catch (error) {
      throw new Fault('recording-unavailable', `cannot read the recording ${this.#path}: ${String(error)}`, {
        cause: error,
      });
    }
  }
}
