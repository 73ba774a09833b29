import { BackendType, BodyReader, MESSAGE_HEADER_BYTES, WireError } from '@sallyport/postgres-wire';
import type { Refusal } from '../protocol.ts';
import type { Conversation } from './conversation.ts';
import type { Expectation } from './exchange.ts';
import type { Step } from './exchange-table.ts';
import {
  compileCopyPlan,
  compileRowPlan,
  finishCopy,
  maskCopyData,
  maskErrorFields,
  maskNotification,
  maskRows,
  SinkMemory,
} from './mask/index.ts';
import { COPY_FAIL, denialMessage, ROLL_BACK_PARSE, ROLL_BACK_QUERY } from './messages.ts';
import type { Outgoing } from './outgoing.ts';
import { fit, fitsBeside, type Over, overLimit, SQLSTATE_OVER } from './reply-limit.ts';
import type { Unit } from './unit.ts';

/** ReadyForQuery's status byte outside a transaction, and in one that has not failed. */
const IDLE = 0x49;
const IN_TRANSACTION = 0x54;
/** Longest wait for a target to stop that was told to, in milliseconds: what it says meanwhile is thrown away. */
const STOP_MS = 30_000;
const UNSTOPPABLE = 'a reply is over its limit and cannot be stopped';
/** Statements that can fail for what others did before them. */
const ENDS_TRANSACTION = /\b(?:commit|end|constraints|prepare\s+transaction)\b/i;
/** The command tag of a finished COPY, with its rows. */
const COPIED = /^COPY (\d+)$/;

/** What is done with each message of the target: mask, record, deliver, and settle what it answers. */
export class ReplyDelivery {
  /** Where large masked runs are built; the owner of the stream says when it may be used again. */
  readonly memory = new SinkMemory();
  readonly #talk: Conversation;
  readonly #out: Outgoing;

  constructor(talk: Conversation, out: Outgoing) {
    this.#talk = talk;
    this.#out = out;
  }

  /** Whether what comes belongs to a reply that was cut, so that it is not delivered. */
  get draining(): boolean {
    return this.#unit()?.cut != null;
  }

  /**
   * The time of an operation is up: its reply is cut, and the target told to stop. Where the client cannot be told yet,
   * because something else is to be answered first, the target's failure is told as this when it comes.
   */
  late(unit: Unit): Promise<void> | undefined {
    const { exchange } = this.#talk;
    // Its turn has not come: the target is at something else.
    if (exchange.operation !== unit || unit.cut !== null || unit.late !== null) return undefined;
    if (this.#unit() === unit && unit.statement.copy?.direction !== 'in') return this.#cut(unit, 'timeoutMs');
    unit.late = this.#overLimit(unit, 'timeoutMs').message;
    if (unit.copying === true) {
      this.#talk.line.target.forward(unit.permit, COPY_FAIL);
      this.#talk.flushToTarget();
    }
    return this.#stopTarget();
  }

  /** Notices, notifications and parameter changes: scrubbed, delivered, whatever is awaited. */
  asynchronous(type: number, bytes: Buffer, at: number, end: number): void {
    const unit = this.#unit();
    const mask = unit?.mask ?? this.#talk.line.mask();
    if (type === BackendType.NoticeResponse) {
      if (unit !== null && !this.#noticeFits(unit, end - at)) return;
      this.#deliverOr(
        bytes,
        at,
        end,
        maskErrorFields(
          bytes,
          at + MESSAGE_HEADER_BYTES,
          end,
          unit?.statement ?? null,
          mask,
          this.#talk.catalog,
        ),
      );
    } else if (type === BackendType.NotificationResponse) {
      const masked = maskNotification(bytes, at + MESSAGE_HEADER_BYTES, end, mask, this.#talk.catalog);
      this.#deliverOr(bytes, at, end, masked);
    } else {
      const body = new BodyReader(bytes, at + MESSAGE_HEADER_BYTES, end);
      this.#talk.settingChanged(body.string(), body.string());
      this.#out.run(bytes, at, end);
    }
  }

  /** Carries out one step of the exchange table on [at, end). A promise: the rest must wait for it. */
  step(step: Step, bytes: Buffer, at: number, end: number): Promise<void> | undefined {
    const { exchange } = this.#talk;
    const oldest = exchange.oldest;
    const unit = this.#unit();
    if (unit !== null && unit.cut !== null) return this.#drain(step, unit, bytes, at, end);
    switch (step) {
      case 'deliver':
        this.#pass(bytes, at, end);
        return;
      case 'late-error':
        return this.#failed(bytes, at, end);
      case 'copy-in':
        this.#expectCopy('in').setCopying(true);
        this.#pass(bytes, at, end);
        return;
      case 'copy-done':
        return this.#copyDone(bytes, at, end);
      case 'answered':
        this.#pass(bytes, at, end);
        exchange.answered();
        return;
      case 'confirmed':
        this.#settle(oldest);
        this.#pass(bytes, at, end);
        exchange.answered();
        return;
      case 'columns':
        return this.#columns(bytes, at, end);
      case 'described':
        return this.#described(oldest, bytes, at, end);
      case 'rows':
        return this.#rows(bytes, at, end);
      case 'statement-done':
        this.#done(bytes, at, end);
        return;
      case 'execute-done':
        this.#done(bytes, at, end);
        this.#unit()?.end('completed');
        exchange.answered();
        return;
      case 'copy-out':
        return this.#copyOut(bytes, at, end);
      case 'copy-rows':
        return this.#copyRows(bytes, at, end);
      case 'query-failed':
        return this.#failed(bytes, at, end);
      case 'pipeline-failed':
        this.#failed(bytes, at, end);
        this.#unit()?.end('failed');
        return this.#skip();
      case 'refused':
      case 'refused-pipeline':
        this.#refused(oldest);
        if (step === 'refused-pipeline') this.#skip();
        return;
      case 'ready':
        return this.#ready(oldest, bytes, at, end);
      case 'violation':
        throw new WireError('trailing-bytes', 'the message does not fit what is awaited');
    }
  }

  #unit(): Unit | null {
    const oldest = this.#talk.exchange.oldest;
    return oldest !== undefined && 'unit' in oldest ? oldest.unit : null;
  }

  #pass(bytes: Buffer, at: number, end: number): void {
    this.#out.run(bytes, at, end);
    this.#unit()?.delivered(bytes, at, end);
  }

  #deliverOr(bytes: Buffer, at: number, end: number, masked: Buffer | null): void {
    if (masked === null) return this.#pass(bytes, at, end);
    this.#out.push(masked);
    this.#unit()?.delivered(masked, 0, masked.length);
  }

  #columns(bytes: Buffer, at: number, end: number): Promise<void> | undefined {
    const unit = this.#owner();
    this.#pass(bytes, at, end);
    return this.#compile(bytes, at, end, unit, (plan) => {
      unit.rowPlan = plan;
    });
  }

  #described(
    oldest: Expectation | undefined,
    bytes: Buffer,
    at: number,
    end: number,
  ): Promise<void> | undefined {
    const { exchange } = this.#talk;
    if (oldest?.kind !== 'describe-portal') return;
    const { portal, own } = oldest;
    exchange.answered();
    if (!own) this.#out.run(bytes, at, end);
    const next = exchange.oldest;
    const unit = next?.kind === 'execute' && next.unit.portal === portal ? next.unit : null;
    unit?.described(bytes, at, end);
    if (portal === null || bytes[at] === BackendType.NoData) return;
    const { statement, outcome } = portal;
    const mask = outcome?.mask ?? this.#talk.line.mask();
    return this.#compile(bytes, at, end, { statement, mask }, (plan) => {
      portal.plan = plan;
      if (unit !== null) unit.rowPlan = plan;
    });
  }

  /** Compiles the columns; when one is of a table the catalog does not know, once more after reading it anew. */
  #compile(
    bytes: Buffer,
    at: number,
    end: number,
    { statement, mask }: Pick<Unit, 'statement' | 'mask'>,
    keep: (plan: NonNullable<Unit['rowPlan']>) => void,
  ): Promise<void> | undefined {
    const { catalog } = this.#talk;
    const plan = compileRowPlan(bytes, at + MESSAGE_HEADER_BYTES, end, statement, mask, catalog);
    keep(plan);
    if (!plan.unknownOid || !catalog.mayRefresh) return undefined;
    const description = Buffer.from(bytes.subarray(at + MESSAGE_HEADER_BYTES, end));
    return catalog.refresh().then(() => {
      keep(compileRowPlan(description, 0, description.length, statement, mask, catalog));
    });
  }

  #rows(bytes: Buffer, at: number, runEnd: number): Promise<void> | undefined {
    const unit = this.#owner();
    const plan = unit.rowPlan ?? unit.portal?.plan ?? null;
    if (plan === null) throw new WireError('trailing-bytes', 'rows came before their columns');
    let end = runEnd;
    let over: Over | null = null;
    if (unit.limit !== null) ({ end, over } = fit(bytes, at, runEnd, unit.limit, unit.taken));
    if (end > at) {
      const masked = maskRows(bytes, at, end, plan, this.memory);
      unit.rows += masked.rows;
      this.#deliverOr(bytes, at, end, masked.bytes);
    }
    return over === null ? undefined : this.#cut(unit, over);
  }

  #done(bytes: Buffer, at: number, end: number): void {
    const unit = this.#owner();
    if (bytes[at] === BackendType.CommandComplete)
      unit.status = bytes.toString('latin1', at + MESSAGE_HEADER_BYTES, end - 1);
    else unit.status = bytes[at] === BackendType.PortalSuspended ? 'suspended' : '';
    this.#deliverOr(bytes, at, end, unit.answer);
    unit.rowPlan = null;
    if (unit.copyPlan !== null) unit.rows += Number(COPIED.exec(unit.status)?.[1] ?? 0);
    unit.copyPlan = null;
    this.#talk.succeeded(unit.statement);
  }

  #expectCopy(direction: 'in' | 'out'): Unit {
    const unit = this.#owner();
    // A target that asks for data nobody meant to send wants to read the client's files.
    if (unit.statement.copy?.direction !== direction) {
      throw new WireError('trailing-bytes', `COPY ${direction} was started by the target alone`);
    }
    return unit;
  }

  #copyOut(bytes: Buffer, at: number, end: number): undefined {
    const unit = this.#expectCopy('out');
    unit.copyPlan = compileCopyPlan(unit.statement, unit.mask, this.#talk.catalog);
    // Refused before it was sent; only a catalog that changed since can bring it here.
    if (unit.copyPlan.withhold !== null) throw new WireError('trailing-bytes', unit.copyPlan.withhold);
    this.#pass(bytes, at, end);
  }

  #copyRows(bytes: Buffer, at: number, runEnd: number): Promise<void> | undefined {
    const unit = this.#owner();
    if (unit.copyPlan === null) throw new WireError('trailing-bytes', 'COPY data came before its start');
    let end = runEnd;
    let over: Over | null = null;
    if (unit.limit !== null) ({ end, over } = fit(bytes, at, runEnd, unit.limit, unit.taken));
    if (end > at) this.#deliverOr(bytes, at, end, maskCopyData(bytes, at, end, unit.copyPlan, this.memory));
    return over === null ? undefined : this.#cut(unit, over);
  }

  #copyDone(bytes: Buffer, at: number, end: number): undefined {
    const unit = this.#owner();
    if (unit.copyPlan === null) throw new WireError('trailing-bytes', 'COPY ended before its start');
    const rest = finishCopy(unit.copyPlan);
    if (rest !== null) {
      this.#out.push(rest);
      unit.delivered(rest, 0, rest.length);
    }
    this.#pass(bytes, at, end);
  }

  #failed(bytes: Buffer, at: number, end: number): undefined {
    const unit = this.#unit();
    if (unit !== null) {
      unit.failed = true;
      unit.setCopying(false);
    }
    const late = this.#talk.exchange.operation?.late ?? null;
    if (late !== null) return this.#out.push(late) as undefined;
    // An error can quote as much as it likes of what was read.
    if (unit !== null && unit.limit !== null && !fitsBeside(end - at, unit.limit, unit.taken))
      return this.#out.push(this.#overLimit(unit, 'bytes').message) as undefined;
    const mask = unit?.mask ?? this.#talk.line.mask();
    // What fails when a transaction ends, a deferred constraint, quotes rows that other statements touched.
    const scope = unit === null || ENDS_TRANSACTION.test(unit.statement.form) ? null : unit.statement;
    const masked = maskErrorFields(bytes, at + MESSAGE_HEADER_BYTES, end, scope, mask, this.#talk.catalog);
    this.#deliverOr(bytes, at, end, masked);
  }

  #refused(oldest: Expectation | undefined): void {
    if (oldest === undefined || !('denial' in oldest) || oldest.denial === null) return;
    this.#out.push(denialMessage(oldest.denial, 'ERROR'));
  }

  /** The target skips to the next Sync: what was to be answered before it never will be. */
  #skip(): undefined {
    for (const skipped of this.#talk.exchange.failPipeline()) {
      this.#talk.discard(skipped);
      if ('unit' in skipped && !skipped.unit.failed) skipped.unit.end('skipped');
    }
    this.#talk.cancelHold();
  }

  #settle(oldest: Expectation | undefined): void {
    if (oldest === undefined || !('settle' in oldest) || oldest.settle === null) return;
    const { table, proposal } = oldest.settle as {
      table: { confirm(proposal: unknown): void };
      proposal: unknown;
    };
    table.confirm(proposal);
  }

  #ready(oldest: Expectation | undefined, bytes: Buffer, at: number, end: number): undefined {
    const unit = oldest !== undefined && 'unit' in oldest ? oldest.unit : null;
    const status = bytes[at + MESSAGE_HEADER_BYTES];
    if (unit !== null && unit.cut !== null && status === IN_TRANSACTION)
      return this.#failTransaction(unit, unit.cut);
    this.#pass(bytes, at, end);
    unit?.end(unit.failed ? 'failed' : 'completed');
    this.#talk.exchange.answered();
    if (status === IDLE) this.#talk.transactionEnded();
  }

  /**
   * The reply goes no further: the client is told why, and the target to stop. In a pipeline a failure follows at the
   * target whether or not it stops in time, as the client was told that everything up to Sync is skipped.
   */
  #cut(unit: Unit, over: Over): Promise<void> {
    const { line, exchange } = this.#talk;
    const { refusal, message } = this.#overLimit(unit, over);
    unit.cut = refusal;
    this.#out.push(message);
    unit.delivered(message, 0, message.length);
    if (unit.portal !== null) {
      line.target.rollBack(refusal, ROLL_BACK_PARSE);
      exchange.expect({ kind: 'refused-parse', denial: null });
      exchange.skipUntilSync();
      this.#talk.flushToTarget();
    }
    unit.expectEnd(STOP_MS, () => this.#talk.targetFailed(UNSTOPPABLE, '08006'));
    return this.#stopTarget();
  }

  /** What the client is told, and that on record. */
  #overLimit(unit: Unit, over: Over): { readonly refusal: Refusal; readonly message: Buffer } {
    const { limit, permit, statement } = unit;
    if (limit === null) throw new TypeError('an operation without a limit is not over it');
    const [reason, hint] = overLimit(over, limit, permit.evaluationId);
    const refusal = this.#talk.line.refuse(statement.form, 'limit-exceeded', reason, hint);
    return { refusal, message: denialMessage(refusal.denial, 'ERROR', SQLSTATE_OVER[over]) };
  }

  /**
   * Resolves once the target has been told. Nothing more is read before: the client could send the next statement, and
   * that would be what is stopped.
   */
  #stopTarget(): Promise<void> {
    return this.#talk.line.target.cancel().catch(() => this.#talk.targetFailed(UNSTOPPABLE, '08006'));
  }

  /** What still comes of a reply that was cut. Nothing of it is delivered. */
  #drain(step: Step, unit: Unit, bytes: Buffer, at: number, end: number): undefined {
    switch (step) {
      case 'deliver':
      case 'columns':
      case 'rows':
      case 'copy-out':
      case 'copy-rows':
      case 'copy-done':
        return;
      // It was over before it could be stopped.
      case 'statement-done':
        return this.#talk.succeeded(unit.statement) as undefined;
      case 'execute-done':
        this.#talk.succeeded(unit.statement);
        unit.end('completed');
        return this.#talk.exchange.answered() as undefined;
      case 'query-failed':
        unit.failed = true;
        return;
      case 'pipeline-failed':
        unit.end('failed');
        return this.#skip();
      case 'ready':
        return this.#ready(this.#talk.exchange.oldest, bytes, at, end);
      default:
        throw new WireError('trailing-bytes', 'the message does not fit a reply that was stopped');
    }
  }

  /** The client was told of a failure, so its transaction has failed: the target's must have, too. */
  #failTransaction(unit: Unit, refusal: Refusal): undefined {
    const { line, exchange } = this.#talk;
    line.target.rollBack(refusal, ROLL_BACK_QUERY);
    exchange.answered();
    exchange.expect({ kind: 'refused-query', denial: null });
    this.#talk.flushToTarget();
    unit.end('completed');
  }

  /** Whether a notice may be delivered: none is once the reply was cut, and what it says counts as much as a row. */
  #noticeFits(unit: Unit, size: number): boolean {
    if (unit.cut !== null) return false;
    return unit.limit === null || fitsBeside(size, unit.limit, unit.taken);
  }

  #owner(): Unit {
    const unit = this.#unit();
    if (unit === null) throw new WireError('trailing-bytes', 'the message belongs to no operation');
    return unit;
  }
}
