import { BackendType, MESSAGE_HEADER_BYTES, WireError } from '@sallyport/postgres-wire';
import type { Conversation } from './conversation.ts';
import { EXCHANGE, REPLY_OF } from './exchange-table.ts';
import type { Outgoing } from './outgoing.ts';
import { ReplyDelivery } from './reply-delivery.ts';

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
  readonly #maxBytes: number;
  /** The part of a message whose rest has not arrived, copied out of the chunk. */
  #carry: Buffer | null = null;
  #carried = 0;
  #stalled = false;

  constructor(talk: Conversation, out: Outgoing) {
    this.#talk = talk;
    this.#out = out;
    this.#delivery = new ReplyDelivery(talk, out);
    this.#maxBytes = talk.line.limits.replyMessageBytes;
  }

  feed(chunk: Buffer): void {
    if (this.#talk.over) return;
    try {
      if (this.#stalled) return this.#keepForLater(chunk);
      const { bytes, own } = this.#withCarry(chunk);
      if (bytes === null) return;
      const used = this.#messages(bytes);
      if (used < bytes.length) this.#keepRest(bytes, used, own);
      this.#finishChunk(own);
    } catch (fault) {
      this.#talk.violation('target', fault);
    }
  }

  /** The client took what was waiting. */
  clientDrained(): void {
    if (!this.#stalled) this.#talk.line.target.resume();
  }

  #finishChunk(own: boolean): void {
    const ready = this.#out.flush();
    if (this.#out.pending && !own) this.#talk.line.target.keep();
    this.#talk.answeredSome();
    if (!ready) this.#talk.line.target.pause();
  }

  /** Handles the whole messages in `bytes`; returns how many bytes they were. */
  #messages(bytes: Buffer): number {
    let at = 0;
    while (bytes.length - at >= MESSAGE_HEADER_BYTES && !this.#stalled && !this.#talk.over) {
      const end = at + this.#length(bytes, at);
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
      const next = end + this.#length(bytes, end);
      if (next > bytes.length) break;
      end = next;
    }
    return end;
  }

  /** The catalog must be read anew before the rows can be masked: stop reading, go on when it is there. */
  #stall(refreshed: Promise<void>): void {
    this.#stalled = true;
    this.#talk.line.target.pause();
    const goOn = (): void => {
      this.#stalled = false;
      const rest = this.#carry?.subarray(0, this.#carried) ?? null;
      this.#carry = null;
      if (rest !== null && rest.length > 0) this.feed(rest);
      if (!this.#stalled) this.#talk.line.target.resume();
    };
    refreshed.then(goOn, (fault: unknown) => this.#talk.violation('target', fault));
  }

  /** What still arrives although reading was paused: at most what the connection had already read. */
  #keepForLater(chunk: Buffer): void {
    this.#carry = Buffer.concat([this.#carry?.subarray(0, this.#carried) ?? Buffer.alloc(0), chunk]);
    this.#carried = this.#carry.length;
  }

  #length(bytes: Buffer, at: number): number {
    const length = bytes.readInt32BE(at + 1);
    if (length < 4) throw new WireError('length-below-minimum', `a message says it is ${length} bytes long`);
    if (length >= this.#maxBytes) {
      throw new WireError(
        'length-over-limit',
        `a message of ${length} bytes is over the limit of ${this.#maxBytes} (replyMessageBytes)`,
      );
    }
    return length + 1;
  }

  /** The chunk with what was kept before it, or null when the first message is still not whole. */
  #withCarry(chunk: Buffer): { readonly bytes: Buffer | null; readonly own: boolean } {
    const carry = this.#carry;
    if (carry === null) return { bytes: chunk, own: false };
    if (this.#carried + chunk.length <= carry.length) {
      // A large message: its memory was set aside when its length was known.
      chunk.copy(carry, this.#carried);
      this.#carried += chunk.length;
      if (this.#carried < carry.length) return { bytes: null, own: true };
      this.#carry = null;
      return { bytes: carry, own: true };
    }
    const joined = Buffer.concat([carry.subarray(0, this.#carried), chunk]);
    this.#carry = null;
    const whole = joined.length >= MESSAGE_HEADER_BYTES;
    if (whole) return { bytes: joined, own: true };
    this.#carry = joined;
    this.#carried = joined.length;
    return { bytes: null, own: true };
  }

  #keepRest(bytes: Buffer, from: number, own: boolean): void {
    const rest = bytes.length - from;
    const known = rest >= MESSAGE_HEADER_BYTES && !this.#stalled ? this.#length(bytes, from) : rest;
    if (own && known === rest) {
      this.#carry = bytes.subarray(from);
    } else {
      this.#carry = Buffer.allocUnsafe(Math.max(known, rest));
      bytes.copy(this.#carry, 0, from);
    }
    this.#carried = rest;
  }
}
