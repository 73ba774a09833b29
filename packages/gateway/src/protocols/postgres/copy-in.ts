import { FrontendType, MESSAGE_HEADER_BYTES, WireError } from '@sallyport/postgres-wire';
import type { MaybePromise } from '../../lib/async.ts';
import type { Conversation } from './conversation.ts';
import type { Unit } from './unit.ts';

/** The COPY whose data the target reads now: everything else is ignored by it, or breaks the connection. */
export class CopyIn {
  readonly #talk: Conversation;
  #unit: Unit | null = null;

  constructor(talk: Conversation) {
    this.#talk = talk;
  }

  /** What follows a COPY from the client means one thing to a target that reads data, and another to one that failed. */
  begin(unit: Unit): MaybePromise<void> {
    if (unit.statement.copy?.direction !== 'in') return;
    this.#unit = unit;
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
      case FrontendType.CopyFail:
        this.#unit = null;
        line.target.forward(unit.permit, bytes.subarray(start - MESSAGE_HEADER_BYTES, end));
        return;
      case FrontendType.CopyData:
        line.target.forward(unit.permit, bytes.subarray(start - MESSAGE_HEADER_BYTES, end));
        return;
      default:
        throw new WireError(
          'trailing-bytes',
          `message type 0x${type.toString(16)} in the middle of COPY data`,
        );
    }
  }
}
