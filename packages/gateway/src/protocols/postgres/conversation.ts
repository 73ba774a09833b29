import type { Socket } from 'node:net';
import type { MaybePromise } from '../../lib/async.ts';
import type { HoldListener, HoldNotice, Line, Operation, Outcome } from '../protocol.ts';
import { Exchange, type Expectation } from './exchange.ts';
import { errorMessage, FLUSH, holdMessage } from './messages.ts';
import { NameTable } from './name-table.ts';
import type { Portal, Prepared } from './portal.ts';
import {
  applyEffects,
  initialSessionState,
  type SessionState,
  type StatementMeaning,
} from './statement/index.ts';
import type { TargetCatalog } from './target-catalog.ts';
import type { Unit } from './unit.ts';

/**
 * What both directions of one session share: the exchange, the names, the tracked session state, and the two sockets
 * with their back-pressure. No protocol decision is made here.
 */
export class Conversation {
  readonly line: Line;
  readonly exchange = new Exchange();
  readonly statements = new NameTable<Prepared>();
  readonly portals = new NameTable<Portal>();
  readonly catalog: TargetCatalog;
  readonly #client: Socket;
  readonly #state: SessionState;
  readonly #close: () => void;
  #hold = new AbortController();
  #holdListener: HoldListener = { held: (notice) => this.#onHeld(notice), signal: this.#hold.signal };
  #held = false;
  #over = false;
  #clientHeld = false;
  #targetSlow = false;

  constructor(line: Line, client: Socket, catalog: TargetCatalog, close: () => void) {
    this.line = line;
    this.#client = client;
    this.catalog = catalog;
    this.#state = initialSessionState(line.target.facts);
    this.#close = close;
  }

  get over(): boolean {
    return this.#over;
  }

  /** What the text means in this session's state; at once when it was understood before. */
  bindStatement(text: string): MaybePromise<StatementMeaning> {
    return this.catalog.binder.bind(text, this.#state);
  }

  submit(operation: Operation): MaybePromise<Outcome> {
    return this.line.submit(operation, this.#holdListener);
  }

  /** Sends a permitted operation and notes what it changes: what follows in the pipeline is judged with that in mind. */
  sendOperation(unit: Unit, bytes: Buffer, expectation: Expectation): void {
    if (unit.statement.effects.length > 0) applyEffects(this.#state, unit.statement);
    this.line.target.forward(unit.permit, bytes);
    this.exchange.expect(expectation);
  }

  /** SQL can EXECUTE what a message prepared: one namespace on the server, so one here. */
  rememberPrepared(name: string, statement: StatementMeaning): void {
    this.#state.rememberPrepared(name, statement);
  }

  preparedUnder(name: string, segment: number): readonly Prepared[] {
    const bySql = this.#state.preparedUnder(name).map((statement) => ({ statement, text: statement.form }));
    return [...this.statements.candidates(name, segment), ...bySql];
  }

  portalsUnder(name: string, segment: number): readonly Portal[] {
    const found = this.portals.candidates(name, segment);
    if (found.length > 0) return found;
    // A cursor declared in SQL is a portal too.
    return this.#state.cursorsUnder(name).map((statement) => ({
      ...{ statement, text: statement.form, parameters: [], described: false, plan: null, outcome: null },
    }));
  }

  discard(expectation: Expectation): void {
    if (!('settle' in expectation) || expectation.settle === null) return;
    const { table, proposal } = expectation.settle as { table: NameTable<unknown>; proposal: never };
    table.discard(proposal);
  }

  /** Stops a hold: the client cancelled, or an earlier message of the pipeline failed. True when there was one. */
  cancelHold(): boolean {
    if (!this.#held) return false;
    const hold = this.#hold;
    this.#hold = new AbortController();
    this.#holdListener = { ...this.#holdListener, signal: this.#hold.signal };
    this.#held = false;
    hold.abort();
    return true;
  }

  flushToTarget(): void {
    if (this.line.target.flush()) return;
    this.#targetSlow = true;
    this.#client.pause();
  }

  targetDrained(): void {
    this.#targetSlow = false;
    this.#resumeClient();
  }

  /** Stops or goes on reading from the client while operations wait. */
  holdClient(hold: boolean): void {
    if (hold === this.#clientHeld) return;
    this.#clientHeld = hold;
    if (hold) this.#client.pause();
    else this.#resumeClient();
  }

  /** A side broke the protocol: recorded, told to the client, over. */
  violation(side: 'client' | 'target', fault: unknown): void {
    if (this.#over) return;
    const reason = fault instanceof Error ? fault.message : String(fault);
    this.line.violation(side, reason);
    const message =
      side === 'client' ? `protocol violation: ${reason}` : `the target broke the protocol: ${reason}`;
    this.fatal(errorMessage({ severity: 'FATAL', sqlstate: '08P01', message }));
  }

  fatal(lastWord: Buffer): void {
    if (this.#over) return;
    this.#client.write(lastWord);
    this.close();
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.cancelHold();
    for (const owed of this.exchange.abandon()) if ('unit' in owed) owed.unit.end('cancelled');
    this.#close();
  }

  #onHeld(notice: HoldNotice): void {
    this.#held = true;
    this.#client.write(holdMessage(notice));
    // Errors of earlier messages in the pipeline must come out while people decide about this one.
    if (this.exchange.size > 0) this.line.target.forward(this.line.standing, FLUSH);
    this.flushToTarget();
  }

  #resumeClient(): void {
    if (!this.#clientHeld && !this.#targetSlow && !this.#over) this.#client.resume();
  }
}
