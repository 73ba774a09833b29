import type { Socket } from 'node:net';
import { WireError } from '@sallyport/postgres-wire';
import { type MaybePromise, whenReady } from '../../lib/async.ts';
import type { HoldListener, HoldNotice, Line, Operation, Outcome, Wishes } from '../protocol.ts';
import { Exchange, type Expectation } from './exchange.ts';
import { denialMessage, errorMessage, FLUSH, holdMessage } from './messages.ts';
import { NameTable } from './name-table.ts';
import { openPortal, type Portal, type Prepared } from './portal.ts';
import { resetsEverything } from './reveal-setting.ts';
import {
  applyEffects,
  initialSessionState,
  type SessionState,
  type StatementMeaning,
} from './statement/index.ts';
import { readOtherwise, UNTRACKED } from './statements.ts';
import type { TargetCatalog } from './target-catalog.ts';
import type { Unit } from './unit.ts';

export interface ConversationParts {
  readonly line: Line;
  readonly client: Socket;
  readonly catalog: TargetCatalog;
  /** As the server shows it at the start. */
  readonly searchPath: string;
  /** How the client wants people to be asked, as it said when it connected. */
  readonly wishes: Wishes;
}

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
  /** Names SQL has used for itself: what is under them may not be what a message put there. */
  readonly #preparedInSql = new Set<string>();
  readonly #declaredInSql = new Set<string>();
  readonly #wishesAtStart: Wishes;
  #wishes: Wishes;
  #hold = new AbortController();
  #holdListener: HoldListener = {
    held: (notice) => this.#onHeld(notice),
    signal: this.#hold.signal,
    meaningNow: (meaning) => this.#meaningNow(meaning as StatementMeaning),
  };
  #held = false;
  #over = false;
  #clientHeld = false;
  #targetSlow = false;
  /** Called when the time of an operation is up; set by who delivers replies. */
  onLate: (unit: Unit) => void = () => undefined;
  /** Called once fewer messages are under way. */
  #onRoom: (() => void) | null = null;
  /** Why the target may read texts in another way than they are judged, or null. */
  #readOtherwise: string | null = null;

  constructor({ line, client, catalog, searchPath, wishes }: ConversationParts, close: () => void) {
    this.line = line;
    this.#client = client;
    this.catalog = catalog;
    this.#state = initialSessionState({ ...line.target.facts, search_path: searchPath }, line.limits);
    this.#close = close;
    this.#wishesAtStart = wishes;
    this.#wishes = wishes;
  }

  get over(): boolean {
    return this.#over;
  }

  /** What the text means in this session's state; at once when it was understood before. */
  bindStatement(text: string): MaybePromise<StatementMeaning> {
    return whenReady(this.catalog.binder.bind(text, this.#state), (meaning) => this.#asRead(meaning));
  }

  /**
   * What a prepared statement means by now. The server resolves its names again when the search path, or what is on
   * it, has changed since Parse.
   */
  understoodAgain(prepared: Prepared): MaybePromise<Prepared> {
    return whenReady(this.catalog.binder.rebind(prepared.statement, this.#state), (meaning) => {
      const statement = this.#asRead(meaning);
      return statement === prepared.statement ? prepared : { statement, text: prepared.text };
    });
  }

  #asRead(meaning: StatementMeaning): StatementMeaning {
    return this.#readOtherwise === null ? meaning : readOtherwise(meaning, this.#readOtherwise);
  }

  /** Resolves when the target has answered enough for more to be sent. */
  room(): Promise<void> {
    // Without it the target may keep its answers until Sync.
    this.line.target.forward(this.line.standing, FLUSH);
    this.flushToTarget();
    return new Promise((resolve) => {
      this.#onRoom = resolve;
    });
  }

  /** The target answered something. */
  answeredSome(): void {
    if (this.#onRoom === null || this.exchange.size >= this.line.limits.pipelinedOperations) return;
    this.#onRoom();
    this.#onRoom = null;
  }

  get wishes(): Wishes {
    return this.#wishes;
  }

  /** From here on people are asked in this way. */
  wish(more: Wishes): void {
    this.#wishes = { ...this.#wishes, ...more };
  }

  /** Back to what it said when it connected: one thing, or everything. */
  resetWish(which: keyof Wishes | 'all'): void {
    if (which === 'all') this.#wishes = this.#wishesAtStart;
    else {
      const { [which]: _, ...others } = this.#wishes;
      const { [which]: first } = this.#wishesAtStart;
      this.#wishes = first === undefined ? others : { ...others, [which]: first };
    }
  }

  get #listener(): HoldListener {
    return { ...this.#holdListener, wishes: this.#wishes };
  }

  submit(operation: Operation): MaybePromise<Outcome> {
    return this.line.submit(operation, this.#listener);
  }

  /** Asks to be shown data classes; see reveal-setting.ts. */
  reveal(request: Parameters<Line['reveal']>[0]): MaybePromise<Outcome> {
    return this.line.reveal(request, this.#listener);
  }

  /** With the catalog read anew: people take long enough for anything to have been replaced. */
  async #meaningNow(meaning: StatementMeaning): Promise<StatementMeaning> {
    await this.catalog.refresh();
    return this.#asRead(await this.catalog.binder.rebind(meaning, this.#state));
  }

  /** Sends a permitted operation and notes what it changes: what follows in the pipeline is judged with that in mind. */
  sendOperation(unit: Unit, bytes: Buffer, expectation: Expectation): void {
    if (unit.statement.effects.length > 0) this.#noteEffects(unit.statement);
    // Whoever has the session next, of a pool, has not asked for it.
    if (this.#hasOwnSettings() && resetsEverything(unit.statement)) {
      this.#endReveal();
      this.resetWish('all');
    }
    this.line.target.forward(unit.permit, bytes);
    this.exchange.expect(expectation);
  }

  /**
   * A reply with a limit has the target to itself: resolves when it is over, so that nothing the client sent behind it
   * is under way when it is cut. Null for one without; COPY from the client needs the client, and is only watched.
   */
  limited(unit: Unit, pipelined: boolean): Promise<void> | null {
    if (unit.limit === null) return null;
    unit.watch(() => this.onLate(unit));
    if (unit.statement.copy?.direction === 'in') return null;
    // The target may keep its answer until Sync, which waits behind this.
    if (pipelined) this.line.target.forward(unit.permit, FLUSH);
    this.flushToTarget();
    return unit.ended();
  }

  /** SQL can EXECUTE what a message prepared and FETCH from what one bound: one namespace on the server. */
  rememberPrepared(name: string, statement: StatementMeaning): void {
    this.#state.rememberPrepared(name, statement);
  }

  rememberPortal(name: string, statement: StatementMeaning): void {
    this.#state.rememberCursor(name, statement);
  }

  /** What Bind may find under this name: what Parse put there, and what SQL's PREPARE may have put in its place. */
  preparedUnder(name: string, segment: number): readonly Prepared[] {
    const parsed = this.statements.candidates(name, segment);
    if (!this.#preparedInSql.has(name)) return parsed;
    return [...parsed, ...known(this.#state.preparedUnder(name))];
  }

  /** What Execute may find under this name: a portal, or a cursor that SQL declared. */
  portalsUnder(name: string, segment: number): readonly Portal[] {
    const bound = this.portals.candidates(name, segment);
    if (!this.#declaredInSql.has(name)) return bound;
    return [...bound, ...known(this.#state.cursorsUnder(name)).map((cursor) => openPortal(cursor, [], []))];
  }

  /** The server reports a setting: its search path (from PostgreSQL 18 on), or how it reads texts. */
  settingChanged(name: string, value: string): void {
    if (name === 'search_path') this.#state.rememberSearchPath(value);
    // Reported from PostgreSQL 14 on, before the next ReadyForQuery: something undid what no statement may undo.
    if (name === 'default_transaction_read_only' && value !== 'on' && this.line.access === 'read-only')
      return this.violation('target', new Error('a read-only session stopped being read-only'));
    const needed = READING.get(name);
    if (needed !== undefined && needed !== value) {
      this.#readOtherwise = `the target reads texts with ${name} = ${value}; only ${needed} is understood`;
    } else if (this.#readOtherwise?.includes(`${name} =`) === true) this.#readOtherwise = null;
  }

  /** A statement went well: names it gave up are forgotten, unless what follows it may take them again. */
  succeeded(meaning: StatementMeaning): void {
    for (const effect of meaning.effects) {
      if (effect.kind === 'catalog-changed') this.catalog.changed();
      if (effect.kind !== 'deallocate' || meaning.statements !== 1) continue;
      // DEALLOCATE ALL leaves the unnamed statement.
      this.statements.forget(effect.name === null ? 'all but the unnamed' : { name: effect.name });
      // The text itself, and the Sync behind it.
      if (this.exchange.size <= 2) this.#state.succeeded(meaning);
    }
  }

  /** The server is outside a transaction: portals do not outlive theirs. */
  transactionEnded(): void {
    this.portals.forget('all');
    this.catalog.settled();
    // What is under way behind it may have opened the next transaction, and changed things in it.
    if (this.exchange.size === 0) this.#state.settled();
  }

  #hasOwnSettings(): boolean {
    return this.#wishes !== this.#wishesAtStart || this.line.revealed().length > 0;
  }

  #endReveal(): void {
    const ended = this.line.endReveal();
    // Nothing of it is shown any more, whatever becomes of the rest.
    if (ended instanceof Promise) ended.catch(() => undefined);
  }

  #noteEffects(statement: StatementMeaning): void {
    applyEffects(this.#state, statement);
    for (const effect of statement.effects) {
      if (effect.kind === 'prepare') this.#preparedInSql.add(effect.name);
      if (effect.kind === 'cursor') this.#declaredInSql.add(effect.name);
    }
  }

  /** The target will not carry this out. */
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
    if (side === 'target') return this.targetFailed(`the target broke the protocol: ${reason}`, '08P01');
    const overLimit = fault instanceof WireError && fault.code === 'length-over-limit';
    const code = overLimit ? 'limit-exceeded' : 'protocol-violation';
    const message = overLimit ? `${reason} (messageBytes)` : `protocol violation: ${reason}`;
    const hint = overLimit ? 'send less in one message' : '';
    const { denial } = this.line.refuse('(a message that cannot be read)', code, message, hint);
    this.fatal(denialMessage(denial, 'FATAL'));
  }

  /** Nothing more can come from the target. What it was at is named, so that its entry in the log can be found. */
  targetFailed(message: string, sqlstate: string): void {
    if (this.#over) return;
    const evaluationId = this.exchange.operation?.permit.evaluationId;
    const detail = evaluationId === undefined ? '' : `Evaluation ${evaluationId}.`;
    this.fatal(errorMessage({ severity: 'FATAL', sqlstate, message, detail }));
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
    this.#onRoom?.();
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

/** Settings under which the target must read texts for them to mean what was judged. Both are reported. */
const READING: ReadonlyMap<string, string> = new Map([
  ['client_encoding', 'UTF8'],
  ['standard_conforming_strings', 'on'],
]);

/** Candidates tracked from SQL. None is left when there were too many to track: then nobody can say what would run. */
function known(candidates: readonly StatementMeaning[]): readonly Prepared[] {
  if (candidates.length === 0) return [{ statement: UNTRACKED, text: UNTRACKED.form }];
  return candidates.map((statement) => ({ statement, text: statement.form }));
}
