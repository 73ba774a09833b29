import type { Mask, OperationResult, Outcome, Permit, Refusal, ReplyLimit, Tape } from '../protocol.ts';
import type { Conversation } from './conversation.ts';
import { type CopyPlan, compileCopyPlan, type RowPlan } from './mask/index.ts';
import type { Portal } from './portal.ts';
import type { Taken } from './reply-limit.ts';
import type { StatementMeaning } from './statement/index.ts';

/** One permitted operation on its way: what masks its reply, what records it, and how much came so far. */
export class Unit {
  readonly statement: StatementMeaning;
  readonly permit: Permit;
  readonly mask: Mask;
  readonly portal: Portal | null;
  rowPlan: RowPlan | null = null;
  copyPlan: CopyPlan | null = null;
  rows = 0;
  bytes = 0;
  status = '';
  failed = false;
  /** What the reply may have at most, or null. */
  readonly limit: ReplyLimit | null;
  readonly taken: Taken;
  /** Set once the reply went over its limit: the client was told, and nothing more of it is delivered. */
  cut: Refusal | null = null;
  /** Set when its time was up and the target was told to stop: its failure is told as this. */
  late: Buffer | null = null;
  /** What the client is told in place of the target's answer; null: what the target says. */
  answer: Buffer | null = null;
  #ended = false;
  #onEnd: (() => void) | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** Whether the target reads the client's messages as COPY data; null until it has answered. */
  copying: boolean | null = null;
  #onCopying: (() => void) | null = null;
  readonly #tape: Tape;

  constructor(statement: StatementMeaning, outcome: Outcome & { effect: 'permit' }, portal: Portal | null) {
    this.statement = statement;
    this.permit = outcome.permit;
    this.mask = outcome.mask;
    this.#tape = outcome.tape;
    this.portal = portal;
    this.limit = outcome.limit;
    this.taken = portal?.taken ?? { rows: 0, bytes: 0 };
    this.rowPlan = portal?.plan ?? null;
  }

  /** Reply bytes as the client gets them. */
  delivered(bytes: Buffer, start: number, end: number): void {
    this.bytes += end - start;
    this.#tape.reply(bytes, start, end);
  }

  /** The columns, which the recording needs to be read, whether or not the client asked for them. */
  described(bytes: Buffer, start: number, end: number): void {
    this.#tape.reply(bytes, start, end);
  }

  /** Resolves once the target took up the COPY, or will not. */
  copyAnswered(): Promise<void> {
    if (this.copying !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onCopying = resolve;
    });
  }

  /** The target began, or ended, reading COPY data. */
  setCopying(copying: boolean): void {
    this.copying = copying;
    this.#onCopying?.();
    this.#onCopying = null;
  }

  /** Calls `late` when its time is up, and again each time that passes until it ends. */
  watch(late: () => void): void {
    const timeoutMs = this.limit?.timeoutMs ?? null;
    if (timeoutMs === null || this.#ended) return;
    this.#timer = setInterval(late, Math.min(timeoutMs, LONGEST_TIMER_MS)).unref();
  }

  /** Calls `stuck` when it is not over by then although the target was told to stop. */
  expectEnd(stopMs: number, stuck: () => void): void {
    clearInterval(this.#timer);
    this.#timer = setTimeout(stuck, stopMs).unref();
  }

  /** Resolves once its reply is over. */
  ended(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEnd = resolve;
    });
  }

  end(outcome: OperationResult['outcome']): void {
    this.setCopying(false);
    clearInterval(this.#timer);
    const cut = this.cut === null ? null : this.cut.denial.code;
    this.#tape.end({
      outcome: cut === null ? outcome : 'cancelled',
      rows: this.rows,
      bytes: this.bytes,
      status: cut ?? this.status,
    });
    this.#ended = true;
    this.#onEnd?.();
    this.#onEnd = null;
  }
}

/** Longest delay of one timer. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Refuses a COPY whose rows could not be masked (L4), before anything of it is sent. */
export function withheldCopy(
  unit: Unit,
  { line, catalog }: Pick<Conversation, 'line' | 'catalog'>,
): Refusal | null {
  const { statement, mask } = unit;
  if (statement.copy?.direction !== 'out') return null;
  const { withhold } = compileCopyPlan(statement, mask, catalog);
  if (withhold === null) return null;
  unit.end('cancelled');
  return line.refuse(statement.form, 'forbidden', withhold, 'SELECT the rows instead');
}

/** An operation that was permitted, and is not sent because the target skips to the next Sync by now. */
export function skipped(outcome: Outcome): void {
  if (outcome.effect === 'permit') outcome.tape.end({ outcome: 'skipped', rows: null, bytes: 0, status: '' });
}
