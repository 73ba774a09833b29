import { type MaybePromise, whenReady } from '../../lib/async.ts';
import type { Permit, Refusal } from '../protocol.ts';
import type { Conversation } from './conversation.ts';
import type { Expectation } from './exchange.ts';
import { ROLL_BACK_PARSE } from './messages.ts';
import { operationOf, type Portal } from './portal.ts';

/** A message kept back until its operation is decided. */
interface KeptMessage {
  readonly bytes: Buffer;
  readonly expectation: Expectation;
  /** The portal a Bind makes; null for what came after it. */
  readonly portal: Portal | null;
}

/** Memory a message that is kept takes beside its bytes: many small ones must not cost more than one large. */
const KEPT_BYTES = 256;

export function costOf(bytes: number): number {
  return KEPT_BYTES + bytes;
}

/**
 * Bind and what follows it, kept back until their Execute is decided: the values are part of the operation, so they
 * reach the target with its permit or not at all.
 */
export class KeptBack {
  readonly #talk: Conversation;
  #messages: KeptMessage[] = [];
  #bytes = 0;

  constructor(talk: Conversation) {
    this.#talk = talk;
  }

  /** What the kept messages cost, to be compared with a limit. */
  get bytes(): number {
    return this.#bytes;
  }

  keep(message: KeptMessage): void {
    this.#messages.push(message);
    this.#bytes += costOf(message.bytes.length);
  }

  /** Keeps the message back when one before it is; otherwise it goes at once. */
  follow(bytes: Buffer, expectation: Expectation): void {
    if (this.#messages.length > 0) {
      this.keep({ bytes, expectation, portal: null });
      return;
    }
    this.#talk.line.target.forward(this.#talk.line.standing, bytes);
    this.#talk.exchange.expect(expectation);
  }

  send(permit: Permit): void {
    for (const { bytes, expectation } of this.#take()) {
      this.#talk.line.target.forward(permit, bytes);
      this.#talk.exchange.expect(expectation);
    }
  }

  /** The target will never see these: it skips to the next Sync. */
  drop(): void {
    for (const { expectation } of this.#take()) this.#talk.discard(expectation);
  }

  /** Sends what waits for an Execute that does not come: bound and described, but not run. */
  settle(): MaybePromise<void> {
    if (this.#talk.exchange.skipping) return this.drop();
    const bound = this.#messages.flatMap(({ portal }) => portal ?? []);
    return this.#prepareAll(bound, 0);
  }

  /** Refuses in the middle of a pipeline: what is kept goes with it, and so does everything up to the next Sync. */
  refuse(refusal: Refusal): void {
    this.drop();
    this.#talk.line.target.rollBack(refusal, ROLL_BACK_PARSE);
    this.#talk.exchange.expect({ kind: 'refused-parse', denial: refusal.denial });
    this.#talk.exchange.skipUntilSync();
  }

  #prepareAll(bound: readonly Portal[], at: number): MaybePromise<void> {
    const portal = bound[at];
    if (portal === undefined) return;
    return whenReady(this.#talk.line.prepare(operationOf(portal)), (outcome) => {
      if (this.#talk.exchange.skipping) return this.drop();
      if (outcome.effect === 'deny') return this.refuse(outcome.refusal);
      if (at + 1 < bound.length) return this.#prepareAll(bound, at + 1);
      this.send(outcome.permit);
    });
  }

  #take(): readonly KeptMessage[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return messages;
  }
}
