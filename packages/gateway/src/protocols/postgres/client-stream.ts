import { FrameReader, FrontendType, MESSAGE_HEADER_BYTES, WireError } from '@sallyport/postgres-wire';
import { type MaybePromise, whenReady } from '../../lib/async.ts';
import type { Refusal } from '../protocol.ts';
import { readQuery } from './client-messages.ts';
import type { Conversation } from './conversation.ts';
import { CopyIn } from './copy-in.ts';
import { ExtendedQuery } from './extended-query.ts';
import { costOf } from './kept-back.ts';
import { ROLL_BACK_QUERY } from './messages.ts';
import { carryOutOwnSetting, namesOwnSetting } from './own-settings.ts';
import { EMPTY_QUERY } from './reveal-setting.ts';
import { COPY_AMONG_OTHERS, UNKNOWN_FUNCTION_CALL } from './statements.ts';
import { skipped, Unit, withheldCopy } from './unit.ts';

interface Frame {
  readonly type: number;
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/**
 * Everything the client sends, one message at a time and in order. While an operation waits for a decision, what
 * comes after it waits too, up to a limit; then the client's socket is paused.
 *
 * Attacker-controlled throughout. A message this class does not know ends the session.
 */
export class ClientStream {
  readonly #talk: Conversation;
  readonly #frames: FrameReader;
  #waiting = false;
  readonly #queue: Frame[] = [];
  #queuedBytes = 0;
  readonly #copyIn: CopyIn;
  readonly #extended: ExtendedQuery;

  constructor(talk: Conversation) {
    this.#talk = talk;
    this.#frames = new FrameReader(talk.line.limits.messageBytes);
    this.#copyIn = new CopyIn(talk);
    this.#extended = new ExtendedQuery(talk, this.#copyIn);
  }

  feed(chunk: Buffer): void {
    try {
      this.#frames.push(chunk, this.#take);
    } catch (fault) {
      this.#fail(fault);
      return;
    }
    this.#talk.flushToTarget();
  }

  readonly #take = (type: number, bytes: Buffer, start: number, end: number): void => {
    if (this.#talk.over) return;
    if (!this.#waiting) {
      this.#next(type, bytes, start, end);
      return;
    }
    this.#queue.push({ type, bytes, start, end });
    this.#queuedBytes += costOf(end - start);
    this.#talk.holdClient(this.#queuedBytes > this.#talk.line.limits.queueBytes);
  };

  #next(type: number, bytes: Buffer, start: number, end: number): void {
    if (type !== FrontendType.Terminate && this.#copyIn.reading)
      return this.#copyIn.take(type, bytes, start, end);
    this.#handle(type, bytes, start, end);
    if (this.#waiting || this.#talk.over) return;
    const { limits } = this.#talk.line;
    if (this.#extended.kept.bytes > limits.queueBytes) this.#wait(this.#extended.kept.settle());
    else if (this.#talk.exchange.size >= limits.pipelinedOperations) this.#wait(this.#talk.room());
  }

  #handle(type: number, bytes: Buffer, start: number, end: number): void {
    const { exchange } = this.#talk;
    if (exchange.skipping && type !== FrontendType.Sync && type !== FrontendType.Terminate) return;
    switch (type) {
      case FrontendType.Query:
        return this.#wait(this.#query(bytes, start, end));
      case FrontendType.Parse:
        return this.#wait(this.#extended.parse(bytes, start, end));
      case FrontendType.Bind:
        return this.#wait(this.#extended.bind(bytes, start, end));
      case FrontendType.Describe:
        return this.#extended.describe(bytes, start, end);
      case FrontendType.Execute:
        return this.#wait(this.#extended.execute(bytes, start, end));
      case FrontendType.Close:
        return this.#extended.close(bytes, start, end);
      case FrontendType.Sync:
        return this.#wait(
          whenReady(this.#extended.kept.settle(), () => this.#extended.sync(bytes, start, end)),
        );
      case FrontendType.Flush:
        return this.#wait(whenReady(this.#extended.kept.settle(), () => this.#forward(bytes, start, end)));
      case FrontendType.CopyData:
      case FrontendType.CopyDone:
      case FrontendType.CopyFail:
        // Out of a COPY the target ignores these (54.2.6), so they are dropped.
        return;
      case FrontendType.FunctionCall:
        return this.#refuseQuery(this.#talk.line.refuse(...UNKNOWN_FUNCTION_CALL));
      case FrontendType.Terminate:
        this.#forward(bytes, start, end);
        return this.#talk.close();
      default:
        throw new WireError(
          'trailing-bytes',
          `message type 0x${type.toString(16)} is unknown or out of place`,
        );
    }
  }

  #query(bytes: Buffer, start: number, end: number): MaybePromise<void> {
    const text = readQuery(bytes, start, end);
    return whenReady(this.#extended.kept.settle(), () => {
      if (this.#talk.exchange.skipping) return;
      return whenReady(this.#talk.bindStatement(text), (statement) => {
        if (namesOwnSetting(statement)) return this.#ownSetting(text);
        if (statement.mixedCopy === true) {
          return this.#refuseQuery(this.#talk.line.refuse(statement.form, ...COPY_AMONG_OTHERS));
        }
        return whenReady(this.#talk.submit({ meaning: statement, text, parameters: [] }), (outcome) => {
          if (this.#talk.exchange.skipping) return skipped(outcome);
          if (outcome.effect === 'deny') return this.#refuseQuery(outcome.refusal);
          const unit = new Unit(statement, outcome, null);
          const withheld = withheldCopy(unit, this.#talk);
          if (withheld !== null) return this.#refuseQuery(withheld);
          this.#talk.sendOperation(unit, bytes.subarray(start - MESSAGE_HEADER_BYTES, end), {
            kind: 'query',
            unit,
          });
          return this.#talk.limited(unit, false) ?? this.#copyIn.begin(unit);
        });
      });
    });
  }

  /** One of the gateway's own: see own-settings.ts. */
  #ownSetting(text: string): MaybePromise<void> {
    return whenReady(carryOutOwnSetting(this.#talk, text), (carried) => {
      if (this.#talk.exchange.skipping || this.#talk.over) return;
      if ('refusal' in carried) return this.#refuseQuery(carried.refusal);
      this.#talk.sendOperation(carried.unit, EMPTY_QUERY, { kind: 'query', unit: carried.unit });
    });
  }

  #refuseQuery(refusal: Refusal): void {
    this.#talk.line.target.rollBack(refusal, ROLL_BACK_QUERY);
    this.#talk.exchange.expect({ kind: 'refused-query', denial: refusal.denial });
  }

  #forward(bytes: Buffer, start: number, end: number): void {
    this.#talk.line.target.forward(
      this.#talk.line.standing,
      bytes.subarray(start - MESSAGE_HEADER_BYTES, end),
    );
  }

  #wait(done: MaybePromise<void>): void {
    if (!(done instanceof Promise)) return;
    this.#waiting = true;
    done.then(
      () => this.#resume(),
      (fault: unknown) => this.#fail(fault),
    );
  }

  #resume(): void {
    this.#waiting = false;
    try {
      while (!this.#waiting && !this.#talk.over) {
        const next = this.#queue.shift();
        if (next === undefined) break;
        this.#queuedBytes -= costOf(next.end - next.start);
        this.#next(next.type, next.bytes, next.start, next.end);
      }
    } catch (fault) {
      this.#fail(fault);
      return;
    }
    if (!this.#waiting) this.#talk.holdClient(false);
    this.#talk.flushToTarget();
  }

  #fail(fault: unknown): void {
    this.#talk.violation('client', fault);
  }
}
