import { MESSAGE_HEADER_BYTES } from '@sallyport/postgres-wire';
import { type MaybePromise, whenReady } from '../../lib/async.ts';
import type { Line, Outcome } from '../protocol.ts';
import { type NamedMessage, readBind, readExecute, readNamed, readParse } from './client-messages.ts';
import type { Conversation } from './conversation.ts';
import type { CopyIn } from './copy-in.ts';
import { KeptBack } from './kept-back.ts';
import { describePortal } from './messages.ts';
import { carryOutOwnSetting, mayPrepareOwnSetting, namesOwnSetting } from './own-settings.ts';
import { openPortal, operationOf, type Portal, type Prepared } from './portal.ts';
import { tighter } from './reply-limit.ts';
import { ANSWERED_HERE, NOT_BY_ITSELF, parseEmpty } from './reveal-setting.ts';
import { COPY_AMONG_OTHERS, combine } from './statements.ts';
import { skipped, Unit, withheldCopy } from './unit.ts';

/**
 * The extended query protocol as a client speaks it (54.2.3): Parse is judged as preparing, Bind waits for its Execute,
 * Execute is judged with the values. Each method takes a message's body, bytes [start, end).
 */
export class ExtendedQuery {
  readonly kept: KeptBack;
  readonly #talk: Conversation;
  readonly #copyIn: CopyIn;
  /** Counts Sync messages: see NameTable. */
  #segment = 0;

  constructor(talk: Conversation, copyIn: CopyIn) {
    this.#talk = talk;
    this.#copyIn = copyIn;
    this.kept = new KeptBack(talk);
  }

  parse(bytes: Buffer, start: number, end: number): MaybePromise<void> {
    const { name, text } = readParse(bytes, start, end);
    const { line, statements } = this.#talk;
    if (statements.size >= line.limits.namedStatements) {
      const reason = `more than ${line.limits.namedStatements} prepared statements (limit namedStatements)`;
      return this.#refuseHere('prepare', 'limit-exceeded', reason, 'deallocate some');
    }
    return whenReady(this.kept.settle(), () => {
      if (this.#talk.exchange.skipping) return;
      return whenReady(this.#talk.bindStatement(text), (statement) => {
        if (namesOwnSetting(statement)) return this.#parseOwnSetting(name, text);
        return whenReady(this.#talk.line.prepare({ meaning: statement, text, parameters: [] }), (outcome) => {
          if (this.#talk.exchange.skipping) return;
          if (outcome.effect === 'deny') return this.kept.refuse(outcome.refusal);
          const proposal = statements.propose(name, { statement, text }, this.#segment);
          if (name !== '') this.#talk.rememberPrepared(name, statement);
          line.target.forward(outcome.permit, bytes.subarray(start - MESSAGE_HEADER_BYTES, end));
          this.#talk.exchange.expect({ kind: 'parse', settle: { table: statements, proposal } });
        });
      });
    });
  }

  /** One of the gateway's own (see own-settings.ts): the target prepares an empty one in its place. */
  #parseOwnSetting(name: string, text: string): void {
    const { line, statements, exchange } = this.#talk;
    if (!mayPrepareOwnSetting(text)) return this.kept.refuse(line.refuse(...NOT_BY_ITSELF));
    const proposal = statements.propose(name, { statement: ANSWERED_HERE, text }, this.#segment);
    if (name !== '') this.#talk.rememberPrepared(name, ANSWERED_HERE);
    line.target.forward(line.standing, parseEmpty(name));
    exchange.expect({ kind: 'parse', settle: { table: statements, proposal } });
  }

  bind(bytes: Buffer, start: number, end: number): MaybePromise<void> {
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
      this.kept.keep({ bytes: bytes.subarray(start - MESSAGE_HEADER_BYTES, end), expectation, portal });
    });
  }

  describe(bytes: Buffer, start: number, end: number): void {
    const message = readNamed(bytes, start, end);
    const portal = message.kind === 'portal' ? this.#portal(message) : null;
    if (portal !== null) portal.describedIn = this.#segment;
    this.kept.follow(
      bytes.subarray(start - MESSAGE_HEADER_BYTES, end),
      message.kind === 'portal'
        ? { kind: 'describe-portal', portal, own: false }
        : { kind: 'describe-statement' },
    );
  }

  close(bytes: Buffer, start: number, end: number): void {
    const { kind, name } = readNamed(bytes, start, end);
    const { portals, statements } = this.#talk;
    const settle =
      kind === 'portal'
        ? { table: portals, proposal: portals.propose(name, null, this.#segment) }
        : { table: statements, proposal: statements.propose(name, null, this.#segment) };
    this.kept.follow(bytes.subarray(start - MESSAGE_HEADER_BYTES, end), { kind: 'close', settle });
  }

  execute(bytes: Buffer, start: number, end: number): MaybePromise<void> {
    const name = readExecute(bytes, start, end);
    const portal = this.#portal({ kind: 'portal', name });
    if (portal === null) {
      const reason = `portal "${name}" does not exist`;
      return this.#refuseHere('execute', 'protocol-violation', reason, 'bind it first');
    }
    const { statement } = portal;
    if (statement.mixedCopy === true) return this.#refuseHere(statement.form, ...COPY_AMONG_OTHERS);
    if (statement === ANSWERED_HERE) return this.#ownSetting(portal.text, bytes, start, end);
    return whenReady(this.#judge(portal), (decided) => {
      if (this.#talk.exchange.skipping) return skipped(decided);
      if (decided.effect === 'deny') return this.kept.refuse(decided.refusal);
      const unit = new Unit(statement, decided, portal);
      const withheld = withheldCopy(unit, this.#talk);
      if (withheld !== null) return this.kept.refuse(withheld);
      portal.outcome = decided;
      this.kept.send(decided.permit);
      this.#describeOwn(name, portal, decided);
      this.#talk.sendOperation(unit, bytes.subarray(start - MESSAGE_HEADER_BYTES, end), {
        kind: 'execute',
        unit,
      });
      // The rest of the pipeline waits: a reply that is cut fails all of it, so none of it may be under way.
      return this.#talk.limited(unit, true) ?? this.#copyIn.begin(unit);
    });
  }

  #ownSetting(text: string, bytes: Buffer, start: number, end: number): MaybePromise<void> {
    return whenReady(carryOutOwnSetting(this.#talk, text), (carried) => {
      if (this.#talk.exchange.skipping || this.#talk.over) return;
      if ('refusal' in carried) return this.kept.refuse(carried.refusal);
      const { unit } = carried;
      this.kept.send(unit.permit);
      const execute = bytes.subarray(start - MESSAGE_HEADER_BYTES, end);
      this.#talk.sendOperation(unit, execute, { kind: 'execute', unit });
    });
  }

  /**
   * Going on with a suspended portal runs nothing anew: people who approved a change once are not asked about it again.
   * Policy is, and what it says now is how the rest is masked. The limits it was begun under stay.
   */
  #judge(portal: Portal): MaybePromise<Outcome> {
    const { outcome: begun } = portal;
    if (begun === null) return this.#talk.submit(operationOf(portal));
    // What it calls may have been replaced since it began, and the server calls it as it is now.
    return whenReady(this.#talk.understoodAgain(portal), ({ statement }) => {
      const operation = operationOf({ ...portal, statement });
      if (!statement.changesState) return this.#talk.submit(operation);
      return whenReady(this.#talk.line.prepare(operation), (goesOn) =>
        goesOn.effect === 'deny' ? goesOn : { ...goesOn, limit: tighter(goesOn.limit, begun.limit) },
      );
    });
  }

  sync(bytes: Buffer, start: number, end: number): void {
    this.#segment += 1;
    this.#talk.line.target.forward(
      this.#talk.line.standing,
      bytes.subarray(start - MESSAGE_HEADER_BYTES, end),
    );
    this.#talk.exchange.expectSync();
  }

  /** Rows cannot be masked before their columns are known, under the mask in force now. */
  #describeOwn(name: string, portal: Portal, { permit, mask }: Outcome & { effect: 'permit' }): void {
    const known = portal.plan !== null ? portal.plan.mask === mask : portal.describedIn === this.#segment;
    if (known) return;
    portal.describedIn = this.#segment;
    this.#talk.line.target.forward(permit, describePortal(name));
    this.#talk.exchange.expect({ kind: 'describe-portal', portal, own: true });
  }

  /** The server resolves the names in a prepared statement at Bind, not at Parse. */
  #understoodAgain(candidates: readonly Prepared[]): MaybePromise<readonly Prepared[]> {
    const understood = candidates.map((one) => this.#talk.understoodAgain(one));
    const ready = understood.filter((one): one is Prepared => !(one instanceof Promise));
    return ready.length === understood.length ? ready : Promise.all(understood.map(async (one) => one));
  }

  #portal({ name }: Omit<NamedMessage, 'kind'> & { kind: string }): Portal | null {
    const [portal, ...others] = this.#talk.portalsUnder(name, this.#segment);
    if (portal === undefined) return null;
    if (others.length === 0) return portal;
    const candidates = [portal, ...others];
    // Whichever it is, what was taken of any of them counts.
    const { taken } = candidates.reduce((a, b) => (b.taken.rows > a.taken.rows ? b : a));
    return openPortal(combine(candidates), portal.parameters, portal.parameterForms, taken);
  }

  /** Refuses a message that names nothing; what came before it stands. */
  #refuseHere(...why: Parameters<Line['refuse']>): MaybePromise<void> {
    return whenReady(this.kept.settle(), () => {
      if (!this.#talk.exchange.skipping) this.kept.refuse(this.#talk.line.refuse(...why));
    });
  }
}
