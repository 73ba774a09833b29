import { BackendType, BodyReader, MESSAGE_HEADER_BYTES, WireError } from '@sallyport/postgres-wire';
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
import { denialMessage } from './messages.ts';
import type { Outgoing } from './outgoing.ts';
import type { Unit } from './unit.ts';

/** ReadyForQuery's status byte outside a transaction. */
const IDLE = 0x49;
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

  /** Notices, notifications and parameter changes: scrubbed, delivered, whatever is awaited. */
  asynchronous(type: number, bytes: Buffer, at: number, end: number): void {
    const unit = this.#unit();
    const mask = unit?.mask ?? this.#talk.line.mask();
    if (type === BackendType.NoticeResponse) {
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
      this.#deliverOr(bytes, at, end, maskNotification(bytes, at + MESSAGE_HEADER_BYTES, end, mask));
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

  #rows(bytes: Buffer, at: number, end: number): undefined {
    const unit = this.#owner();
    const plan = unit.rowPlan ?? unit.portal?.plan ?? null;
    if (plan === null) throw new WireError('trailing-bytes', 'rows came before their columns');
    const masked = maskRows(bytes, at, end, plan, this.memory);
    unit.rows += masked.rows;
    if (masked.bytes === null) return this.#pass(bytes, at, end) as undefined;
    this.#out.push(masked.bytes);
    unit.delivered(masked.bytes, 0, masked.bytes.length);
  }

  #done(bytes: Buffer, at: number, end: number): void {
    const unit = this.#owner();
    if (bytes[at] === BackendType.CommandComplete)
      unit.status = bytes.toString('latin1', at + MESSAGE_HEADER_BYTES, end - 1);
    else unit.status = bytes[at] === BackendType.PortalSuspended ? 'suspended' : '';
    this.#pass(bytes, at, end);
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

  #copyRows(bytes: Buffer, at: number, end: number): undefined {
    const unit = this.#owner();
    if (unit.copyPlan === null) throw new WireError('trailing-bytes', 'COPY data came before its start');
    this.#deliverOr(bytes, at, end, maskCopyData(bytes, at, end, unit.copyPlan, this.memory));
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
    const mask = unit?.mask ?? this.#talk.line.mask();
    // What fails when a transaction ends, a deferred constraint, quotes rows that other statements touched.
    const scope = unit === null || ENDS_TRANSACTION.test(unit.statement.form) ? null : unit.statement;
    const masked = maskErrorFields(bytes, at + MESSAGE_HEADER_BYTES, end, scope, mask, this.#talk.catalog);
    this.#deliverOr(bytes, at, end, masked);
  }

  #refused(oldest: Expectation | undefined): void {
    if (oldest === undefined || !('denial' in oldest)) return;
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
    this.#pass(bytes, at, end);
    if (oldest !== undefined && 'unit' in oldest)
      oldest.unit.end(oldest.unit.failed ? 'failed' : 'completed');
    this.#talk.exchange.answered();
    if (bytes[at + MESSAGE_HEADER_BYTES] === IDLE) this.#talk.transactionEnded();
  }

  #owner(): Unit {
    const unit = this.#unit();
    if (unit === null) throw new WireError('trailing-bytes', 'the message belongs to no operation');
    return unit;
  }
}
