import { foldAlias, type Identity, type IdentityRoom } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import type { RevocationRow } from '../storage/index.ts';
import { Book, foldedName, hits } from './book.ts';
import { Callers } from './callers.ts';
import type { Containment, ContainmentDeps, GroupsLostListener, Revoked, Revoking } from './containment.ts';
import { liftedEntry, revokedEntry, type Who } from './entries.ts';
import { NewestGroups, type NewestGroupsOf, type News } from './newest-groups.ts';
import { EXPIRED_KEPT_MS, type Known, recover, revocationOf, rowOf } from './recover.ts';
import { type Objection, type Revocation, type RevocationKind, type Use, wordsOf } from './revocation.ts';
import { SharedGroups } from './shared-groups.ts';

/** Opens the room with what was revoked before. Rejects when that cannot be known. */
export async function openContainment(deps: ContainmentDeps): Promise<Containment> {
  const known = await recover(deps.log, deps.directory, deps.table, deps.clock.now());
  const room = new Room(deps, known);
  await room.writeDown();
  room.listen();
  // What another replica wrote between reading the table and listening.
  await room.refresh();
  await room.knowGroups();
  return room;
}

class Room implements Containment {
  readonly #deps: ContainmentDeps;
  readonly #book = new Book();
  readonly #callers: Callers;
  readonly #groups: NewestGroups;
  readonly #sharedGroups: SharedGroups;
  readonly #listeners: ((revocation: Revocation) => number)[] = [];
  readonly #groupListeners: GroupsLostListener[] = [];
  /** In force, and not in the log or not in the store. */
  readonly #unwritten = new Map<string, Known>();
  /** Lifted, and not in the store. */
  readonly #unlifted = new Map<string, Revocation>();
  #forget: () => void = () => {};
  #generation = 0;
  #sweepAt = 0;

  constructor(deps: ContainmentDeps, known: ReadonlyMap<string, Known>) {
    this.#deps = deps;
    this.#callers = new Callers(deps.config.rememberedCallers);
    this.#groups = new NewestGroups(deps.config.rememberedCallers);
    this.#sharedGroups = new SharedGroups({
      ...{ table: deps.newestGroups, bus: deps.bus, clock: deps.clock, report: deps.report },
      most: deps.config.rememberedCallers,
      heard: (newest) => this.#heardOfGroups(newest),
    });
    for (const one of known.values()) {
      this.#book.add(one.revocation);
      if (!one.logged) this.#unwritten.set(one.revocation.id, one);
    }
  }

  get generation(): number {
    return this.#generation;
  }

  objection(use: Use): Objection | null {
    const revoked = this.#revoked(use);
    if (revoked !== null) return revoked;
    const isOutdated = use.identity !== undefined && this.#groups.isOutdated(use.identity);
    return isOutdated ? { reason: `${GROUPS_LOST}; connect again with the newer token` } : null;
  }

  guard(provider: IdentityRoom): IdentityRoom {
    const checked = (identity: Identity): Identity => {
      this.#callers.remember(identity);
      this.#refuseContained(identity);
      this.#checkGroups(identity);
      return identity;
    };
    return {
      authenticate: async (bearer, possession) => checked(await provider.authenticate(bearer, possession)),
      confirm: async (identity, bearer, possession) => {
        this.#refuseContained(identity);
        await provider.confirm(identity, bearer, possession);
      },
      authenticateExchange: async (tokens, possession) => {
        const exchanging = await provider.authenticateExchange(tokens, possession);
        checked(exchanging.subject);
        if (exchanging.actor !== null) checked(exchanging.actor);
        return exchanging;
      },
      // What is revoked with all it stands on may be let in again; its holder's word that it is over stays.
      authenticateHolder: (bearer, possession) => provider.authenticateHolder(bearer, possession),
      issuersAway: () => provider.issuersAway(),
    };
  }

  listen(): void {
    this.#forget = this.#deps.bus.subscribe('revocations', async (id) => {
      if (id !== null) return this.#refreshOne(id);
      await this.refresh();
      // The store was away, and is back.
      await this.writeDown();
    });
  }

  /** What newer tokens said before this gateway was started. */
  async knowGroups(): Promise<void> {
    await this.#sharedGroups.look();
  }

  async revoke(revoking: Revoking, by: Identity): Promise<Revoked> {
    const revocation = this.#made(revoking, by);
    this.#sweep();
    const { revocations } = this.#deps.config;
    // Whoever has many tokens, and ends them all, leaves room for what operators revoke.
    const isRoom = this.#book.size < (by.scope === null ? revocations : revocations * HOLDERS_SHARE);
    const known = this.#alreadyInForce(revocation);
    if (isRoom && known === null) this.#book.add(revocation);
    this.#generation += 1;
    const ended = this.#tell(revocation);
    if (!isRoom) {
      throw new Fault(
        'limit-exceeded',
        `${ended} sessions were ended, and nothing was kept: ${this.#book.size} revocations are in force (containment.revocations). Lift some, or raise the limit.`,
      );
    }
    if (known !== null) {
      await this.writeDown();
      return { revocation: known, ended, problems: this.#unwritten.has(known.id) ? [STILL_UNWRITTEN] : [] };
    }
    const written: Known = { revocation, logged: false };
    this.#unwritten.set(revocation.id, written);
    const problems = await this.#write(written, by, ended);
    if (problems.length === 0) await this.writeDown();
    return { revocation, ended, problems };
  }

  async lift(id: string, by: Identity, reason: string): Promise<Revocation> {
    const revocation = this.#book.get(id);
    if (revocation === undefined)
      throw new Fault('not-found', `There is no revocation ${id}, or it was lifted: see the list of them.`);
    if (hits(revocation, { identity: by }))
      throw new Fault('not-permitted', `Could not lift ${id}: nobody lifts a revocation of their own.`);
    const { audit, report } = this.#deps;
    // What permits something needs its entry first, and on disk (L1).
    audit.append(liftedEntry(revocation, by, reason));
    await audit.synced();
    this.#book.remove(id);
    this.#unwritten.delete(id);
    // The log has it: a store that does not take it now is put right at the next start.
    this.#unlifted.set(id, revocation);
    await this.#writeLift(revocation).catch(report);
    return revocation;
  }

  matcher(kind: RevocationKind, value: string): (use: Use) => boolean {
    const names = this.#namesOf(kind, foldedName(kind, value));
    return (use) => hits({ kind, names }, use);
  }

  list(): readonly Revocation[] {
    this.#forgetExpired();
    return this.#book.all().toSorted((one, other) => other.at - one.at || (one.id < other.id ? 1 : -1));
  }

  onAdded(listener: (revocation: Revocation) => number): void {
    this.#listeners.push(listener);
  }

  onGroupsLost(listener: GroupsLostListener): void {
    this.#groupListeners.push(listener);
  }

  async refresh(): Promise<void> {
    for (const row of await this.#deps.table.all()) {
      // One row that cannot be understood must not keep those after it from being in force.
      try {
        this.#takeOver(row);
      } catch (fault) {
        this.#deps.report(fault);
      }
    }
  }

  async close(): Promise<void> {
    this.#forget();
    this.#sharedGroups.close();
    await this.writeDown();
  }

  /** Writes what could not be written before. Never rejects: what still cannot be is kept for the next time. */
  async writeDown(): Promise<void> {
    for (const one of [...this.#unwritten.values()]) {
      const { by } = one.revocation;
      await this.#write(one, { ...by, actor: null, task: null }, null);
    }
    for (const one of [...this.#unlifted.values()]) await this.#writeLift(one).catch(this.#deps.report);
  }

  /** There may be very many, and this one has to be in force within the second. */
  async #refreshOne(id: string): Promise<void> {
    const row = await this.#deps.table.find(id);
    if (row !== null) this.#takeOver(row);
  }

  #takeOver(row: RevocationRow): void {
    if (row.lifted_at !== null) {
      this.#book.remove(row.id);
      return;
    }
    if (this.#book.get(row.id) !== undefined || this.#unlifted.has(row.id)) return;
    const revocation = revocationOf(row);
    if (revocation.until !== null && revocation.until <= this.#deps.clock.now()) return;
    this.#book.add(revocation);
    this.#generation += 1;
    this.#tell(revocation);
  }

  async #writeLift(revocation: Revocation): Promise<void> {
    const { table, clock, bus } = this.#deps;
    await table.put(rowOf(revocation, true, clock.now()));
    this.#unlifted.delete(revocation.id);
    await bus.publish('revocations', revocation.id);
  }

  #revoked(use: Use): Objection | null {
    const revocation = this.#book.find(use);
    return revocation === undefined ? null : { reason: wordsOf(revocation) };
  }

  #refuseContained(identity: Identity): void {
    const objection = this.#revoked({ identity });
    if (objection !== null)
      throw new Fault('credential-rejected', `${objection.reason}; ask an operator of the gateway`);
  }

  async #write(one: Known, by: Who, ended: number | null): Promise<readonly string[]> {
    const problems: string[] = [];
    const { report, table, bus } = this.#deps;
    try {
      if (!one.logged) await this.#log(one, by, ended);
    } catch (fault) {
      report(fault);
      problems.push('the audit log could not be written');
    }
    let stored = true;
    try {
      await table.put(rowOf(one.revocation, one.logged, null));
      await bus.publish('revocations', one.revocation.id);
    } catch (fault) {
      stored = false;
      report(fault);
      problems.push('the store could not be written');
    }
    if (one.logged && stored) this.#unwritten.delete(one.revocation.id);
    return problems;
  }

  async #log(one: Known, by: Who, ended: number | null): Promise<void> {
    const { audit } = this.#deps;
    audit.append(revokedEntry(one.revocation, by, ended));
    one.logged = true;
    await audit.synced();
  }

  #made({ kind: given, value, reason, quarantine }: Revoking, by: Identity): Revocation {
    const { random, clock, config } = this.#deps;
    const kind = given ?? this.#kindOf(value);
    const folded = foldedName(kind, value);
    if (folded === '')
      throw new Fault('conflict', `Could not revoke ${JSON.stringify(value)}: it is no name of a ${kind}.`);
    // Whoever ends their own token shows when it expires.
    const own = value === by.tokenId ? by.expiresAt : undefined;
    const expiry = kind === 'token' ? (own ?? this.#callers.expiryOf(value)) : undefined;
    return Object.freeze({
      id: `rv-${random(8)}`,
      kind,
      value,
      names: Object.freeze(this.#namesOf(kind, folded)),
      quarantine,
      reason,
      by: { subject: by.subject, displayName: by.displayName },
      at: clock.now(),
      until: untilOf(kind, expiry, config.tokenMarginSeconds, clock.now()),
    });
  }

  #namesOf(kind: RevocationKind, folded: string): readonly string[] {
    return kind === 'subject' ? this.#callers.namesOf(folded) : [folded];
  }

  /** What a name that came without a kind is the name of. */
  #kindOf(value: string): RevocationKind {
    const folded = foldAlias(value);
    const kinds: RevocationKind[] = [...this.#callers.kindsOf(folded)];
    if (this.#deps.targets.some((target) => foldAlias(target) === folded)) kinds.push('target');
    const [kind] = kinds;
    if (kind !== undefined && kinds.length === 1) return kind;
    const could =
      kinds.length === 0 ? 'nobody and nothing of this name is known' : `it is ${kinds.join(' and ')}`;
    throw new Fault('conflict', `Could not tell what ${JSON.stringify(value)} is: ${could}. Say its kind.`);
  }

  /** One in force that says all of this: the same twice is one. */
  #alreadyInForce({ kind, value, names, quarantine, until }: Revocation): Revocation | null {
    const same = this.#book
      .all()
      .find(
        (one) =>
          one.kind === kind &&
          one.quarantine === quarantine &&
          foldedName(kind, one.value) === foldedName(kind, value) &&
          (one.until ?? Number.POSITIVE_INFINITY) >= (until ?? Number.POSITIVE_INFINITY) &&
          names.every((name) => one.names.includes(name)),
      );
    return same ?? null;
  }

  #tell(revocation: Revocation): number {
    return this.#listeners.reduce((sum, listener) => sum + listener(revocation), 0);
  }

  /** Learns the groups of a token; throws Fault `credential-rejected` for one whose caller has lost some of them. */
  #checkGroups(identity: Identity): void {
    if (this.#deps.config.groupLoss === 'ignore') return;
    const news = this.#groups.learn(identity);
    if (news === null) {
      if (!this.#groups.isOutdated(identity)) return;
      throw new Fault(
        'credential-rejected',
        'it has groups that a newer token of the same caller has not; present the newer one',
      );
    }
    if (news.isTold) void this.#sharedGroups.tell(news.newest);
    this.#endOnLost(news);
  }

  /** As if the token had been shown here. */
  #heardOfGroups(newest: NewestGroupsOf): void {
    if (this.#deps.config.groupLoss === 'ignore') return;
    const news = this.#groups.take(newest);
    if (news !== null) this.#endOnLost(news);
  }

  #endOnLost({ standsOnLost, newest: { groups } }: News): void {
    if (standsOnLost === null) return;
    // Whoever was let in a moment ago with an older token, and has no session yet, is asked about again.
    this.#generation += 1;
    let about: Partial<Who> = {};
    const noting = (one: Identity): boolean => {
      const stands = standsOnLost(one);
      // Another gateway tells of them by a digest alone.
      if (stands) about = { subject: one.subject, actor: one.actor, task: one.task };
      return stands;
    };
    const ended = this.#groupListeners.reduce((sum, listener) => sum + listener(noting, groups), 0);
    if (ended === 0) return;
    try {
      const facts = { endedSessions: ended };
      this.#deps.audit.append({ type: 'groups-lost', ...about, effect: 'deny', reason: GROUPS_LOST, facts });
    } catch (fault) {
      this.#deps.report(fault);
    }
  }

  #forgetExpired(): void {
    const now = this.#deps.clock.now();
    for (const { id, until } of this.#book.all()) if (until !== null && until <= now) this.#book.remove(id);
  }

  /** Now and then: tokens that their holders end one after the other are not to fill the book, nor the store. */
  #sweep(): void {
    const { clock, table, report } = this.#deps;
    const now = clock.now();
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + SWEEP_MS;
    this.#forgetExpired();
    table.removeOver(now - EXPIRED_KEPT_MS).catch(report);
  }
}

const GROUPS_LOST = 'a newer token of the same caller has fewer groups';
const STILL_UNWRITTEN = 'it is in force since before, and still not written down everywhere';

/** The part of the book that holders can fill by ending their own tokens. */
const HOLDERS_SHARE = 0.5;

/** How often revocations of what has expired are forgotten, in milliseconds. */
const SWEEP_MS = 60_000;

/** How long the end of a session is remembered, for replicas that hear of it late. */
const SESSION_KEPT_MS = 86_400_000;

function untilOf(
  kind: RevocationKind,
  expiry: number | undefined,
  marginSeconds: number,
  now: number,
): number | null {
  if (kind === 'session') return now + SESSION_KEPT_MS;
  return expiry === undefined ? null : expiry + marginSeconds * 1_000;
}
