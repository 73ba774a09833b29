import { FrontendType, MESSAGE_HEADER_BYTES, WireError } from '@sallyport/postgres-wire';
import type { MaybePromise } from '../../lib/async.ts';
import { MarkFinder } from '../../lib/marks.ts';
import type { Conversation } from './conversation.ts';
import { COPY_FAIL, denialMessage } from './messages.ts';
import type { Unit } from './unit.ts';

/** The COPY whose data the target reads now: everything else is ignored by it, or breaks the connection. */
export class CopyIn {
  readonly #talk: Conversation;
  #unit: Unit | null = null;
  #marks: MarkFinder | null = null;

  constructor(talk: Conversation) {
    this.#talk = talk;
  }

  /** What follows a COPY from the client means one thing to a target that reads data, and another to one that failed. */
  begin(unit: Unit): MaybePromise<void> {
    if (unit.statement.copy?.direction !== 'in') return;
    this.#unit = unit;
    const { format, options } = unit.statement.copy;
    this.#marks = new MarkFinder(format === 'binary' ? '' : options.delimiter + options.quote);
    this.#talk.flushToTarget();
    return unit.copyAnswered();
  }

  /** Whether the target reads data: then `take` has the message. */
  get reading(): boolean {
    if (this.#unit?.copying === true) return true;
    this.#unit = null;
    return false;
  }

  /** A message while the target reads COPY data (54.2.6): Flush and Sync are ignored by it, so they are dropped. */
  take(type: number, bytes: Buffer, start: number, end: number): void {
    const { line } = this.#talk;
    const unit = this.#unit;
    if (unit === null || type === FrontendType.Sync || type === FrontendType.Flush) return;
    switch (type) {
      case FrontendType.CopyDone:
        if (this.#marks?.finish() === true) return this.#fail(unit);
        this.#unit = null;
        line.target.forward(unit.permit, bytes.subarray(start - MESSAGE_HEADER_BYTES, end));
        return;
      case FrontendType.CopyFail:
        this.#unit = null;
        line.target.forward(unit.permit, bytes.subarray(start - MESSAGE_HEADER_BYTES, end));
        return;
      case FrontendType.CopyData:
        if (this.#marks?.push(bytes, start, end) === true) return this.#fail(unit);
        line.target.forward(unit.permit, bytes.subarray(start - MESSAGE_HEADER_BYTES, end));
        return;
      default:
        throw new WireError(
          'trailing-bytes',
          `message type 0x${type.toString(16)} in the middle of COPY data`,
        );
    }
  }

  /** A masked value among the rows: the target gives up the COPY, and what the client still sends of it is dropped. */
  #fail(unit: Unit): void {
    const { line } = this.#talk;
    unit.late = denialMessage(line.refuse(unit.statement.form, ...WRITES_BACK).denial, 'ERROR');
    this.#unit = null;
    line.target.forward(unit.permit, COPY_FAIL);
  }
}

const WRITES_BACK = [
  'forbidden',
  'a row holds a masked value: what is there would be lost',
  'copy only the columns you have values of; leave the masked ones out',
] as const;
