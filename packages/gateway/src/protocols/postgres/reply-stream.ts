import { BackendType, MESSAGE_HEADER_BYTES, WireError } from '@sallyport/postgres-wire';
import type { Conversation } from './conversation.ts';
import { EXCHANGE, REPLY_OF } from './exchange-table.ts';
import type { Outgoing } from './outgoing.ts';
import { ReplyDelivery } from './reply-delivery.ts';
import { SplitMessage } from './split-message.ts';
import type { Unit } from './unit.ts';

/**
 * Everything the target sends, whole messages at a time. A run of rows is handled as one run, never as an object per
 * row; what passes unchanged leaves as the slice it arrived in.
 *
 * The target is as untrusted as the client (L8): each message must fit what the exchange awaits.
 */
export class ReplyStream {
  readonly #talk: Conversation;
  readonly #out: Outgoing;
  readonly #delivery: ReplyDelivery;
  /** A message whose rest has not arrived. */
  readonly #split: SplitMessage;
  /** What arrived while the catalog was read anew. */
  #later: Buffer | null = null;
  #stalled = false;

  constructor(talk: Conversation, out: Outgoing) {
    this.#talk = talk;
    this.#out = out;
    this.#delivery = new ReplyDelivery(talk, out);
    this.#split = new SplitMessage(talk.line.limits.replyMessageBytes);
    talk.onLate = (unit) => this.#late(unit);
  }

  feed(chunk: Buffer): void {
    if (this.#talk.over) return;
    try {
      this.#take(chunk);
    } catch (fault) {
      this.#talk.violation('target', fault);
    }
  }

  /** The client took what was waiting. */
  clientDrained(): void {
    if (!this.#stalled) this.#talk.line.target.resume();
  }

  #take(chunk: Buffer): void {
    let at = 0;
    while (!this.#stalled && this.#split.waiting && at < chunk.length) {
      at += this.#split.add(chunk, at);
      const whole = this.#split.whole();
      if (whole !== null) this.#messages(whole, 0);
    }
    if (!this.#stalled && !this.#split.waiting) at = this.#messages(chunk, at);
    if (this.#stalled) this.#keepForLater(chunk.subarray(at));
    else if (at < chunk.length) this.#split.begin(chunk, at);
    this.#flush();
  }

  #flush(): void {
    const ready = this.#out.flush();
    const { pending } = this.#out;
    if (pending) this.#talk.line.target.keep();
    if (this.#talk.exchange.size === 0) this.#delivery.memory.drop();
    else this.#delivery.memory.reset(pending);
    this.#talk.answeredSome();
    // A target that was told to stop is listened to until it does, whether or not the client reads.
    if (!ready && !this.#delivery.draining) this.#talk.line.target.pause();
  }

  /** The time of an operation is up. */
  #late(unit: Unit): void {
    if (this.#talk.over) return;
    const cancelled = this.#delivery.late(unit);
    if (cancelled === undefined) return;
    this.#flush();
    this.#stall(cancelled);
  }

  /** Handles the whole messages in `bytes` from `from` on; returns where they end. */
  #messages(bytes: Buffer, from: number): number {
    let at = from;
    while (bytes.length - at >= MESSAGE_HEADER_BYTES && !this.#stalled && !this.#talk.over) {
      const end = at + this.#split.length(bytes, at);
      if (end > bytes.length) break;
      at = this.#message(bytes, at, end);
    }
    return at;
  }

  #message(bytes: Buffer, at: number, end: number): number {
    const type = bytes[at] as number;
    switch (type) {
      case BackendType.NoticeResponse:
      case BackendType.NotificationResponse:
      case BackendType.ParameterStatus:
        this.#delivery.asynchronous(type, bytes, at, end);
        return end;
      default:
    }
    const { exchange } = this.#talk;
    const awaited = exchange.awaited;
    const reply = REPLY_OF[type];
    const step = reply === undefined ? 'violation' : EXCHANGE[awaited][reply];
    if (step === 'violation') {
      throw new WireError(
        'trailing-bytes',
        `message ${JSON.stringify(String.fromCharCode(type))} while ${awaited} was awaited`,
      );
    }
    const runs = step === 'rows' || step === 'copy-rows';
    const runEnd = runs ? this.#run(type, bytes, end) : end;
    const refreshed = this.#delivery.step(step, bytes, at, runEnd);
    if (refreshed !== undefined) this.#stall(refreshed);
    return runEnd;
  }

  /** Where the run of whole messages of this type that starts before `at` ends. */
  #run(type: number, bytes: Buffer, at: number): number {
    let end = at;
    while (bytes.length - end >= MESSAGE_HEADER_BYTES && bytes[end] === type) {
      const next = end + this.#split.length(bytes, end);
      if (next > bytes.length) break;
      end = next;
    }
    return end;
  }

  /** Something must be done before the rest: the catalog read anew, or the target told to stop. */
  #stall(refreshed: Promise<void>): void {
    if (this.#stalled) return;
    this.#stalled = true;
    this.#talk.line.target.pause();
    const goOn = (): void => {
      this.#stalled = false;
      const rest = this.#later;
      this.#later = null;
      if (rest !== null) this.feed(rest);
      if (!this.#stalled) this.#talk.line.target.resume();
    };
    refreshed.then(goOn, (fault: unknown) => this.#talk.violation('target', fault));
  }

  /** The rest of a chunk, and what still arrives although reading was paused: what had already been read. */
  #keepForLater(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#later = Buffer.concat([this.#later ?? Buffer.alloc(0), bytes]);
  }
}
