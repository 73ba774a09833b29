import { FrameReader, FrontendType, WireError } from '@sallyport/postgres-wire';
import { type MaybePromise, whenReady } from '../../lib/async.ts';
import type { Line, Outcome, Permit, Refusal } from '../protocol.ts';
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
import { compileCopyPlan } from './mask/index.ts';
import { describePortal, ROLL_BACK_PARSE, ROLL_BACK_QUERY } from './messages.ts';
import { openPortal, operationOf, type Portal, type Prepared } from './portal.ts';
import { COPY_AMONG_OTHERS, combine, UNKNOWN_FUNCTION_CALL } from './statements.ts';
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
  #deferredBytes = 0;
  #segment = 0;
  /** The COPY whose data the target reads now: everything else is ignored by it, or breaks the connection. */
  #copying: Unit | null = null;

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
      this.#next(type, bytes, start, end);
      return;
    }
    this.#queue.push({ type, bytes, start, end });
    this.#queuedBytes += costOf(end - start);
    this.#talk.holdClient(this.#queuedBytes > this.#talk.line.limits.queueBytes);
  };

  #next(type: number, bytes: Buffer, start: number, end: number): void {
    if (this.#copying?.copying) return this.#copyData(type, bytes, start, end);
    this.#copying = null;
    this.#handle(type, bytes, start, end);
    if (this.#waiting || this.#talk.over) return;
    const { limits } = this.#talk.line;
    if (this.#deferredBytes > limits.queueBytes) this.#wait(this.#settleDeferred());
    else if (this.#talk.exchange.size >= limits.pipelinedOperations) this.#wait(this.#talk.room());
  }

  #handle(type: number, bytes: Buffer, start: number, end: number): void {
    const { exchange } = this.#talk;
    if (exchange.skipping && type !== FrontendType.Sync && type !== FrontendType.Terminate) return;
    switch (type) {
      case FrontendType.Query:
        return this.#wait(this.#query(bytes, start, end));
      case FrontendType.Parse:
        return this.#wait(this.#parse(bytes, start, end));
      case FrontendType.Bind:
        return this.#wait(this.#bind(bytes, start, end));
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
    return whenReady(this.#settleDeferred(), () => {
      if (this.#talk.exchange.skipping) return;
      return whenReady(this.#talk.bindStatement(text), (statement) => {
        if (statement.mixedCopy === true) {
          return this.#refuseQuery(this.#talk.line.refuse(statement.form, ...COPY_AMONG_OTHERS));
        }
        return whenReady(this.#talk.submit({ meaning: statement, text, parameters: [] }), (outcome) => {
          if (this.#talk.exchange.skipping) return skip(outcome);
          if (outcome.effect === 'deny') return this.#refuseQuery(outcome.refusal);
          const unit = new Unit(statement, outcome, null);
          const withheld = this.#withheld(unit);
          if (withheld !== null) return this.#refuseQuery(withheld);
          this.#talk.sendOperation(unit, bytes.subarray(start - HEADER, end), { kind: 'query', unit });
          return this.#awaitCopy(unit);
        });
      });
    });
  }

  #parse(bytes: Buffer, start: number, end: number): MaybePromise<void> {
    const { name, text } = readParse(bytes, start, end);
    const { line, statements } = this.#talk;
    if (statements.size >= line.limits.namedStatements) {
      const reason = `more than ${line.limits.namedStatements} prepared statements (limit namedStatements)`;
      return this.#refuseHere('prepare', 'limit-exceeded', reason, 'deallocate some');
    }
    return whenReady(this.#settleDeferred(), () => {
      if (this.#talk.exchange.skipping) return;
      return whenReady(this.#talk.bindStatement(text), (statement) =>
        whenReady(this.#talk.line.prepare({ meaning: statement, text, parameters: [] }), (outcome) => {
          if (this.#talk.exchange.skipping) return;
          if (outcome.effect === 'deny') return this.#refuseParse(outcome.refusal);
          const proposal = statements.propose(name, { statement, text }, this.#segment);
          if (name !== '') this.#talk.rememberPrepared(name, statement);
          line.target.forward(outcome.permit, bytes.subarray(start - HEADER, end));
          this.#talk.exchange.expect({ kind: 'parse', settle: { table: statements, proposal } });
        }),
      );
    });
  }

  #bind(bytes: Buffer, start: number, end: number): MaybePromise<void> {
    const message = readBind(bytes, start, end);
    const { portals, line } = this.#talk;
    const candidates = this.#talk.preparedUnder(message.statement, this.#segment);
    if (candidates.length === 0 || portals.size >= line.limits.namedStatements) {
      const reason =
        candidates.length === 0
          ? `prepared statement "${message.statement}" does not exist`
          : `more than ${line.limits.namedStatements} portals (limit namedStatements)`;
      return this.#refuseHere('bind', 'protocol-violation', reason, 'prepare it first');
    }
    return whenReady(this.#understoodAgain(candidates), (understood) => {
      if (this.#talk.exchange.skipping) return;
      const prepared = combine(understood);
      const portal = openPortal(prepared, message.parameters, message.parameterForms);
      const proposal = portals.propose(message.portal, portal, this.#segment);
      if (message.portal !== '') this.#talk.rememberPortal(message.portal, prepared.statement);
      const expectation = { kind: 'bind', settle: { table: portals, proposal } } as const;
      this.#keepBack({ bytes: bytes.subarray(start - HEADER, end), expectation, portal });
    });
  }

  /** The server resolves the names in a prepared statement at Bind, not at Parse. */
  #understoodAgain(candidates: readonly Prepared[]): MaybePromise<readonly Prepared[]> {
    const understood = candidates.map((one) => this.#talk.understoodAgain(one));
    const ready = understood.filter((one): one is Prepared => !(one instanceof Promise));
    return ready.length === understood.length ? ready : Promise.all(understood.map(async (one) => one));
  }

  #describe(bytes: Buffer, start: number, end: number): void {
    const message = readNamed(bytes, start, end);
    const portal = message.kind === 'portal' ? this.#portal(message) : null;
    if (portal !== null) portal.describedIn = this.#segment;
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
    if (portal === null) {
      const reason = `portal "${name}" does not exist`;
      return this.#refuseHere('execute', 'protocol-violation', reason, 'bind it first');
    }
    const { statement } = portal;
    // Going on with a suspended portal runs nothing anew: a change that was approved once is not asked about twice.
    const outcome = statement.changesState ? portal.outcome : null;
    return whenReady(outcome ?? this.#talk.submit(operationOf(portal)), (decided) => {
      if (this.#talk.exchange.skipping) return skip(decided);
      if (decided.effect === 'deny') return this.#refuseParse(decided.refusal);
      const unit = new Unit(statement, decided, portal);
      const withheld = this.#withheld(unit);
      if (withheld !== null) return this.#refuseParse(withheld);
      portal.outcome = decided;
      this.#sendDeferred(decided.permit);
      this.#describeOwn(name, portal, decided);
      this.#talk.sendOperation(unit, bytes.subarray(start - HEADER, end), { kind: 'execute', unit });
      return this.#awaitCopy(unit);
    });
  }

  /** Rows cannot be masked before their columns are known, under the mask in force now. */
  #describeOwn(name: string, portal: Portal, { permit, mask }: Outcome & { effect: 'permit' }): void {
    const known = portal.plan !== null ? portal.plan.mask === mask : portal.describedIn === this.#segment;
    if (known) return;
    portal.describedIn = this.#segment;
    this.#talk.line.target.forward(permit, describePortal(name));
    this.#talk.exchange.expect({ kind: 'describe-portal', portal, own: true });
  }

  /** Refuses a COPY whose rows could not be masked (L4), before anything of it is sent. */
  #withheld(unit: Unit): Refusal | null {
    const { statement, mask } = unit;
    if (statement.copy?.direction !== 'out') return null;
    const { withhold } = compileCopyPlan(statement, mask, this.#talk.catalog);
    if (withhold === null) return null;
    unit.end('cancelled');
    return this.#talk.line.refuse(statement.form, 'forbidden', withhold, 'SELECT the rows instead');
  }

  /** What follows a COPY from the client means one thing to a target that reads data, and another to one that failed. */
  #awaitCopy(unit: Unit): MaybePromise<void> {
    if (unit.statement.copy?.direction !== 'in') return;
    this.#copying = unit;
    this.#talk.flushToTarget();
    return unit.copyAnswered();
  }

  #sync(bytes: Buffer, start: number, end: number): void {
    this.#segment += 1;
    this.#forward(bytes, start, end);
    this.#talk.exchange.expectSync();
  }

  /** A message while the target reads COPY data (54.2.6): Flush and Sync are ignored by it, so they are dropped. */
  #copyData(type: number, bytes: Buffer, start: number, end: number): void {
    const { line } = this.#talk;
    const unit = this.#copying;
    if (unit === null || type === FrontendType.Sync || type === FrontendType.Flush) return;
    switch (type) {
      case FrontendType.CopyDone:
      case FrontendType.CopyFail:
        this.#copying = null;
        line.target.forward(unit.permit, bytes.subarray(start - HEADER, end));
        return;
      case FrontendType.CopyData:
        line.target.forward(unit.permit, bytes.subarray(start - HEADER, end));
        return;
      case FrontendType.Terminate:
        return this.#handle(type, bytes, start, end);
      default:
        throw new WireError(
          'trailing-bytes',
          `message type 0x${type.toString(16)} in the middle of COPY data`,
        );
    }
  }

  #portal({ name }: Omit<NamedMessage, 'kind'> & { kind: string }): Portal | null {
    const [portal, ...others] = this.#talk.portalsUnder(name, this.#segment);
    if (portal === undefined) return null;
    if (others.length === 0) return portal;
    return openPortal(combine([portal, ...others]), portal.parameters, portal.parameterForms);
  }

  /** Keeps the message back when one before it is; otherwise it goes at once. */
  #defer(bytes: Buffer, expectation: Expectation): void {
    if (this.#deferred.length > 0) {
      this.#keepBack({ bytes, expectation, portal: null });
      return;
    }
    this.#talk.line.target.forward(this.#talk.line.standing, bytes);
    this.#talk.exchange.expect(expectation);
  }

  #keepBack(deferred: Deferred): void {
    this.#deferred.push(deferred);
    this.#deferredBytes += costOf(deferred.bytes.length);
  }

  #takeDeferred(): readonly Deferred[] {
    this.#deferredBytes = 0;
    return this.#deferred.splice(0);
  }

  #sendDeferred(permit: Permit): void {
    for (const { bytes, expectation } of this.#takeDeferred()) {
      this.#talk.line.target.forward(permit, bytes);
      this.#talk.exchange.expect(expectation);
    }
  }

  /** Sends what waits for an Execute that does not come: bound and described, but not run. */
  #settleDeferred(): MaybePromise<void> {
    if (this.#talk.exchange.skipping) return this.#dropDeferred();
    const bound = this.#deferred.flatMap(({ portal }) => portal ?? []);
    return this.#prepareAll(bound, 0);
  }

  #prepareAll(bound: readonly Portal[], at: number): MaybePromise<void> {
    const portal = bound[at];
    if (portal === undefined) return;
    return whenReady(this.#talk.line.prepare(operationOf(portal)), (outcome) => {
      if (this.#talk.exchange.skipping) return this.#dropDeferred();
      if (outcome.effect === 'deny') return this.#refuseParse(outcome.refusal);
      if (at + 1 < bound.length) return this.#prepareAll(bound, at + 1);
      this.#sendDeferred(outcome.permit);
    });
  }

  #refuseQuery(refusal: Refusal): void {
    this.#talk.line.target.rollBack(refusal, ROLL_BACK_QUERY);
    this.#talk.exchange.expect({ kind: 'refused-query', denial: refusal.denial });
  }

  /** Refuses a message that names nothing; what came before it stands. */
  #refuseHere(...why: Parameters<Line['refuse']>): MaybePromise<void> {
    return whenReady(this.#settleDeferred(), () => {
      if (!this.#talk.exchange.skipping) this.#refuseParse(this.#talk.line.refuse(...why));
    });
  }

  #refuseParse(refusal: Refusal): void {
    this.#dropDeferred();
    this.#talk.line.target.rollBack(refusal, ROLL_BACK_PARSE);
    this.#talk.exchange.expect({ kind: 'refused-parse', denial: refusal.denial });
    this.#talk.exchange.skipUntilSync();
  }

  /** The target will never see these: it skips to the next Sync. */
  #dropDeferred(): void {
    for (const { expectation } of this.#takeDeferred()) this.#talk.discard(expectation);
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

/** An operation that was permitted, and is not sent because the target skips to the next Sync by now. */
function skip(outcome: Outcome): void {
  if (outcome.effect === 'permit') outcome.tape.end({ outcome: 'skipped', rows: null, bytes: 0, status: '' });
}

/** Bytes of a message before its body. */
const HEADER = 5;
/** Memory a message that is kept takes beside its bytes: many small ones must not cost more than one large. */
const KEPT_BYTES = 256;

function costOf(bytes: number): number {
  return KEPT_BYTES + bytes;
}
