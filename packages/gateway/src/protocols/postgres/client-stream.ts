import { FrameReader, FrontendType, WireError } from '@sallyport/postgres-wire';
import { type MaybePromise, whenReady } from '../../lib/async.ts';
import type { Refusal } from '../protocol.ts';
import {
  type NamedMessage,
  readBind,
  readExecute,
  readNamed,
  readParse,
  readQuery,
} from './client-messages.ts';
import type { Conversation } from './conversation.ts';
import type { Expectation } from './exchange.ts';
import { describePortal, ROLL_BACK_PARSE, ROLL_BACK_QUERY } from './messages.ts';
import type { Portal } from './portal.ts';
import { combine, UNKNOWN_FUNCTION_CALL } from './statements.ts';
import { Unit } from './unit.ts';

/** A message kept back until its operation is decided: Bind and Describe wait for their Execute. */
interface Deferred {
  readonly bytes: Buffer;
  readonly expectation: Expectation;
  readonly portal: Portal | null;
}

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
  readonly #deferred: Deferred[] = [];
  #segment = 0;

  constructor(talk: Conversation) {
    this.#talk = talk;
    this.#frames = new FrameReader(talk.line.limits.messageBytes);
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
      this.#handle(type, bytes, start, end);
      return;
    }
    this.#queue.push({ type, bytes, start, end });
    this.#queuedBytes += end - start;
    this.#talk.holdClient(this.#queuedBytes > this.#talk.line.limits.queueBytes);
  };

  #handle(type: number, bytes: Buffer, start: number, end: number): void {
    const { exchange } = this.#talk;
    if (exchange.skipping && type !== FrontendType.Sync && type !== FrontendType.Terminate) return;
    switch (type) {
      case FrontendType.Query:
        return this.#wait(this.#query(bytes, start, end));
      case FrontendType.Parse:
        return this.#wait(this.#parse(bytes, start, end));
      case FrontendType.Bind:
        return this.#bind(bytes, start, end);
      case FrontendType.Describe:
        return this.#describe(bytes, start, end);
      case FrontendType.Execute:
        return this.#wait(this.#execute(bytes, start, end));
      case FrontendType.Close:
        return this.#close(bytes, start, end);
      case FrontendType.Sync:
        return this.#wait(whenReady(this.#settleDeferred(), () => this.#sync(bytes, start, end)));
      case FrontendType.Flush:
        return this.#wait(whenReady(this.#settleDeferred(), () => this.#forward(bytes, start, end)));
      case FrontendType.CopyData:
      case FrontendType.CopyDone:
      case FrontendType.CopyFail:
        return this.#copy(bytes, start, end);
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
    return whenReady(this.#settleDeferred(), () =>
      whenReady(this.#talk.bindStatement(text), (statement) =>
        whenReady(this.#talk.submit({ meaning: statement, text, parameters: [] }), (outcome) => {
          if (this.#talk.exchange.skipping) return;
          if (outcome.effect === 'deny') return this.#refuseQuery(outcome.refusal);
          const unit = new Unit(statement, outcome, null);
          this.#talk.sendOperation(unit, bytes.subarray(start - HEADER, end), { kind: 'query', unit });
        }),
      ),
    );
  }

  #parse(bytes: Buffer, start: number, end: number): MaybePromise<void> {
    const { name, text } = readParse(bytes, start, end);
    const { line, statements } = this.#talk;
    if (statements.size >= line.limits.namedStatements) {
      const reason = `more than ${line.limits.namedStatements} prepared statements (limit namedStatements)`;
      return this.#refuseParse(line.refuse('prepare', 'limit-exceeded', reason, 'deallocate some'));
    }
    return whenReady(this.#settleDeferred(), () =>
      whenReady(this.#talk.bindStatement(text), (statement) =>
        whenReady(this.#talk.line.prepare({ meaning: statement, text, parameters: [] }), (outcome) => {
          if (this.#talk.exchange.skipping) return;
          if (outcome.effect === 'deny') return this.#refuseParse(outcome.refusal);
          const proposal = statements.propose(name, { statement, text }, this.#segment);
          if (name !== '') this.#talk.rememberPrepared(name, statement);
          line.target.forward(outcome.permit, bytes.subarray(start - HEADER, end));
          this.#talk.exchange.expect({ kind: 'parse', settle: { table: statements, proposal } });
        }),
      ),
    );
  }

  #bind(bytes: Buffer, start: number, end: number): void {
    const message = readBind(bytes, start, end);
    const { portals, line } = this.#talk;
    const candidates = this.#talk.preparedUnder(message.statement, this.#segment);
    if (candidates.length === 0 || portals.size >= line.limits.namedStatements) {
      const reason =
        candidates.length === 0
          ? `prepared statement "${message.statement}" does not exist`
          : `more than ${line.limits.namedStatements} portals (limit namedStatements)`;
      return this.#refuseParse(line.refuse('bind', 'protocol-violation', reason, 'prepare it first'));
    }
    const { statement, text } = combine(candidates);
    const { parameters } = message;
    const portal: Portal = { statement, text, parameters, described: false, plan: null, outcome: null };
    const proposal = portals.propose(message.portal, portal, this.#segment);
    if (message.portal !== '') this.#talk.rememberPortal(message.portal, statement);
    const expectation = { kind: 'bind', settle: { table: portals, proposal } } as const;
    this.#deferred.push({ bytes: bytes.subarray(start - HEADER, end), expectation, portal });
  }

  #describe(bytes: Buffer, start: number, end: number): void {
    const message = readNamed(bytes, start, end);
    const portal = message.kind === 'portal' ? this.#portal(message) : null;
    if (portal !== null) portal.described = true;
    this.#defer(
      bytes.subarray(start - HEADER, end),
      message.kind === 'portal'
        ? { kind: 'describe-portal', portal, own: false }
        : { kind: 'describe-statement' },
    );
  }

  #close(bytes: Buffer, start: number, end: number): void {
    const { kind, name } = readNamed(bytes, start, end);
    const { portals, statements } = this.#talk;
    const settle =
      kind === 'portal'
        ? { table: portals, proposal: portals.propose(name, null, this.#segment) }
        : { table: statements, proposal: statements.propose(name, null, this.#segment) };
    this.#defer(bytes.subarray(start - HEADER, end), { kind: 'close', settle });
  }

  #execute(bytes: Buffer, start: number, end: number): MaybePromise<void> {
    const name = readExecute(bytes, start, end);
    const portal = this.#portal({ kind: 'portal', name });
    const { line } = this.#talk;
    if (portal === null) {
      const reason = `portal "${name}" does not exist`;
      return this.#refuseParse(line.refuse('execute', 'protocol-violation', reason, 'bind it first'));
    }
    const { statement, text, parameters } = portal;
    // Going on with a suspended portal runs nothing anew: a change that was approved once is not asked about twice.
    const outcome = statement.changesState ? portal.outcome : null;
    return whenReady(outcome ?? this.#talk.submit({ meaning: statement, text, parameters }), (decided) => {
      if (this.#talk.exchange.skipping) return;
      if (decided.effect === 'deny') return this.#refuseParse(decided.refusal);
      portal.outcome = decided;
      for (const deferred of this.#deferred.splice(0)) {
        line.target.forward(decided.permit, deferred.bytes);
        this.#talk.exchange.expect(deferred.expectation);
      }
      // Columns that were described under another mask, before the policy changed, are compiled anew.
      if (!portal.described || (portal.plan !== null && portal.plan.mask !== decided.mask)) {
        portal.described = true;
        line.target.forward(decided.permit, describePortal(name));
        this.#talk.exchange.expect({ kind: 'describe-portal', portal, own: true });
      }
      const unit = new Unit(statement, decided, portal);
      this.#talk.sendOperation(unit, bytes.subarray(start - HEADER, end), { kind: 'execute', unit });
    });
  }

  #sync(bytes: Buffer, start: number, end: number): void {
    this.#segment += 1;
    this.#forward(bytes, start, end);
    this.#talk.exchange.expectSync();
  }

  /** COPY data belongs to the operation that asked for it; without one the target would ignore it, so it is dropped. */
  #copy(bytes: Buffer, start: number, end: number): void {
    const unit = this.#talk.exchange.copyIn();
    if (unit !== null) this.#talk.line.target.forward(unit.permit, bytes.subarray(start - HEADER, end));
  }

  #portal({ name }: Omit<NamedMessage, 'kind'> & { kind: string }): Portal | null {
    const [portal, ...others] = this.#talk.portalsUnder(name, this.#segment);
    if (portal === undefined) return null;
    if (others.length === 0) return portal;
    const { statement, text } = combine([portal, ...others]);
    return { ...portal, statement, text, described: false, plan: null, outcome: null };
  }

  /** Keeps the message back when one before it is; otherwise it goes at once. */
  #defer(bytes: Buffer, expectation: Expectation): void {
    if (this.#deferred.length > 0) {
      this.#deferred.push({ bytes, expectation, portal: null });
      return;
    }
    this.#talk.line.target.forward(this.#talk.line.standing, bytes);
    this.#talk.exchange.expect(expectation);
  }

  /** Sends what waits for an Execute that does not come: bound and described, but not run. */
  #settleDeferred(): MaybePromise<void> {
    const bound = this.#deferred.find(({ portal }) => portal !== null)?.portal;
    if (bound === null || bound === undefined) return;
    const { statement: meaning, text, parameters } = bound;
    return whenReady(this.#talk.line.prepare({ meaning, text, parameters }), (outcome) => {
      if (outcome.effect === 'deny') return this.#refuseParse(outcome.refusal);
      for (const { bytes, expectation } of this.#deferred.splice(0)) {
        this.#talk.line.target.forward(outcome.permit, bytes);
        this.#talk.exchange.expect(expectation);
      }
    });
  }

  #refuseQuery(refusal: Refusal): void {
    this.#talk.line.target.rollBack(refusal, ROLL_BACK_QUERY);
    this.#talk.exchange.expect({ kind: 'refused-query', denial: refusal.denial });
  }

  #refuseParse(refusal: Refusal): void {
    for (const { expectation } of this.#deferred.splice(0)) this.#talk.discard(expectation);
    this.#talk.line.target.rollBack(refusal, ROLL_BACK_PARSE);
    this.#talk.exchange.expect({ kind: 'refused-parse', denial: refusal.denial });
    this.#talk.exchange.skipUntilSync();
  }

  #forward(bytes: Buffer, start: number, end: number): void {
    this.#talk.line.target.forward(this.#talk.line.standing, bytes.subarray(start - HEADER, end));
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
        this.#queuedBytes -= next.end - next.start;
        this.#handle(next.type, next.bytes, next.start, next.end);
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

/** Bytes of a message before its body. */
const HEADER = 5;
