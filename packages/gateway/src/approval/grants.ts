import type { AuditEntry, AuditLog } from '../audit/index.ts';
import type { Identity } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import { type Approved, type Question, scopeKey } from '../policy/index.ts';
import type { Storage } from '../storage/index.ts';
import type { Approver, Requester } from './approval.ts';
import { ExpiryTimer, type Schedule } from './expiry-timer.ts';
import type { Grant, GrantRoom } from './grant.ts';
import type { HeldRequest } from './held-request.ts';
import { reasonWithin } from './limits.ts';
import { sameNames } from './rules.ts';
import type { Seal } from './seal.ts';
import type { ApprovalConfig } from './section.ts';
import type { StoreWriter } from './store-writer.ts';
import { grantOf, rowOfGrant } from './stored-grant.ts';
import { maySee as maySeeThing } from './visibility.ts';

export interface GrantDependencies {
  readonly config: ApprovalConfig;
  readonly storage: Pick<Storage, 'grants' | 'bus' | 'shared'>;
  readonly store: StoreWriter;
  readonly clock: Clock;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly seal: Seal;
  readonly schedule: Schedule;
  random(bytes: number): string;
  readonly report: (fault: unknown) => void;
}

/** One that stands, with what deciding needs of it at hand. */
interface Standing {
  grant: Grant;
  readonly keys: ReadonlySet<string>;
}

const NOTHING: readonly Approved[] = [];
/** Word between gateways over one store: this grant was ended. */
const TOPIC = 'grants';
const DEFAULT_LIST_LIMIT = 100;

/** Grants that stand: in memory what decides, in the store what survives a restart. */
export class Grants implements GrantRoom {
  readonly #deps: GrantDependencies;
  readonly #standing = new Map<string, Standing>();
  /** By who may use them, and where. */
  readonly #byHolder = new Map<string, Set<Standing>>();
  readonly #timer: ExpiryTimer;
  readonly #listeners: ((whose: Requester) => void)[] = [];
  readonly #unsubscribe: () => void;

  constructor(deps: GrantDependencies) {
    this.#deps = deps;
    this.#timer = new ExpiryTimer(
      deps.schedule,
      () => deps.clock.now(),
      () => this.#expireDue(),
    );
    this.#unsubscribe = deps.storage.bus.subscribe(TOPIC, (id) => this.#lookForEnded(id));
  }

  /** What cannot be read, or was not written by this gateway, grants nothing. */
  async load(): Promise<void> {
    const { storage, config, report, clock, seal } = this.#deps;
    for (const row of await storage.grants.standing(config.standingGrants)) {
      try {
        if (!seal.fits(row))
          throw new Fault(
            'storage-unavailable',
            `Grant ${row.id} in the store is not this gateway's: it grants nothing.`,
          );
        const grant = grantOf(row);
        if (grant.expiresAt > clock.now()) this.#keep(grant);
        else
          this.#deps.store.write(() =>
            storage.grants.ended(grant.id, grant.expiresAt, 'its time was over', grant.uses),
          );
      } catch (fault) {
        report(fault);
      }
    }
  }

  /** Opens one for an access request that everybody approved as one: the clock starts now. Throws Fault `audit-unavailable`. */
  open(request: HeldRequest, durationMs: number): Grant {
    const { subject, id: requestId } = request;
    const { identity, target, requirements, scope, shown } = subject;
    const now = this.#deps.clock.now();
    const grant: Grant = {
      id: `gr-${this.#deps.random(8)}`,
      requestId,
      subject: identity.subject,
      displayName: identity.displayName,
      actor: identity.actor,
      kind: identity.kind,
      target,
      scope: scope.map(({ action, resource: { type, path } }) => ({ action, type, path })),
      approvals: requirements,
      approvers: request.seated
        .filter(({ verdict, withdrawnAt }) => verdict === 'approve' && withdrawnAt === null)
        .map((one) => ({ subject: one.approver, name: one.approverName, aliases: one.aliases })),
      aliases: identity.aliases,
      reason: shown.stated,
      grantedAt: now,
      expiresAt: now + durationMs,
      endedAt: null,
      endedWhy: null,
      uses: 0,
    };
    this.#deps.audit.append({
      type: 'grant-opened',
      ...entryOf(grant),
      facts: {
        grant: grant.id,
        expiresAt: grant.expiresAt,
        scope: grant.scope.map(({ action, type, path }) => `${action} ${type} ${path.join('/')}`),
        approvedBy: grant.approvers.map((one) => one.subject),
      },
    });
    this.#keep(grant);
    const row = rowOfGrant(grant, this.#deps.seal);
    // One that would not survive is not given: what people can list and revoke is what stands.
    this.#deps.store.writeOnce(
      () => this.#deps.storage.grants.opened(row),
      () => this.#end(grant.id, 'it could not be kept in the store'),
    );
    return grant;
  }

  hasRoom(): boolean {
    return this.#standing.size < this.#deps.config.standingGrants;
  }

  standing(identity: Identity, target: string): readonly Approved[] {
    if (this.#byHolder.size === 0) return NOTHING;
    const held = this.#byHolder.get(holderKey(identity, target));
    if (held === undefined) return NOTHING;
    const now = this.#deps.clock.now();
    return [...held].flatMap(({ grant, keys }) => {
      if (grant.expiresAt <= now) return [];
      // Who approved may have turned out to be the holder, under a name that came up since.
      if (grant.approvers.some((one) => sameNames(one.aliases, identity))) return [];
      const standing = { kind: 'grant', id: grant.id, scope: keys, ageMs: now - grant.grantedAt } as const;
      return grant.approvals.map((approval) => ({ ...approval, standing }));
    });
  }

  used(ids: readonly string[]): void {
    for (const id of ids) {
      const standing = this.#standing.get(id);
      if (standing !== undefined) standing.grant = { ...standing.grant, uses: standing.grant.uses + 1 };
    }
  }

  async list(
    viewer: Identity,
    { all = false, past = false, limit = DEFAULT_LIST_LIMIT }: Parameters<GrantRoom['list']>[1] = {},
  ): Promise<readonly Grant[]> {
    const now = this.#standingNow().filter((one) => all || maySee(viewer, one));
    if (!past && !this.#deps.storage.shared) return now.slice(0, limit);
    await this.#deps.store.written();
    const rows = await this.#deps.storage.grants.list(this.#deps.config.standingGrants);
    const stored = rows.flatMap((row) => this.#read(row));
    const others = stored.filter((one) => !this.#standing.has(one.id) && (past || this.#mayStand(one)));
    const seen = others.filter((one) => all || maySee(viewer, one));
    return [...now, ...seen].sort((a, b) => b.grantedAt - a.grantedAt).slice(0, limit);
  }

  async get(id: string, viewer: Identity, all = false): Promise<Grant> {
    const grant = this.#standing.get(id)?.grant ?? (await this.#stored(id));
    if (grant === null || !(all || maySee(viewer, grant)))
      throw new Fault('not-found', 'There is no such grant, or it is not yours to see.');
    return grant;
  }

  async revoke(id: string, viewer: Identity, reason: string, all = false): Promise<Grant> {
    const grant = await this.get(id, viewer, all);
    const said = reasonWithin(reason, this.#deps.config.reasonLength);
    if (said === '')
      throw new Fault(
        'limit-exceeded',
        `Could not revoke ${id}: say why, in 1 to ${this.#deps.config.reasonLength} characters.`,
      );
    const why = `${viewer.displayName} revoked it: ${said}`;
    const ended = this.#end(id, why, viewer) ?? (await this.#endElsewhere(grant, why, viewer));
    if (ended === null) throw new Fault('conflict', `Could not revoke ${id}: it is over.`);
    await this.#deps.store.written();
    return { ...grant, ...ended };
  }

  endWhere(matches: (grant: Grant) => boolean, why: string): number {
    const found = [...this.#standing.values()].filter(({ grant }) => matches(grant));
    for (const { grant } of found) this.#end(grant.id, why);
    return found.length;
  }

  onChange(listener: (whose: Requester) => void): void {
    this.#listeners.push(listener);
  }

  /** They go on standing: only how often they were used is put down. */
  close(): void {
    this.#timer.stop();
    this.#unsubscribe();
    this.#listeners.length = 0;
    this.#standing.clear();
    this.#byHolder.clear();
  }

  #keep(grant: Grant): void {
    const keys = new Set(
      grant.scope.map(({ action, type, path }) =>
        scopeKey({ action, resource: { type, path } as Question['resource'] }),
      ),
    );
    const standing: Standing = { grant, keys };
    this.#standing.set(grant.id, standing);
    const holder = holderKey(grant, grant.target);
    const held = this.#byHolder.get(holder) ?? new Set();
    this.#byHolder.set(holder, held.add(standing));
    this.#timer.arm(grant.expiresAt);
  }

  /** Ends it at once; a log that cannot be written does not keep anything standing. */
  #end(id: string, why: string, by?: Identity): Grant | null {
    const standing = this.#standing.get(id);
    if (standing === undefined) return null;
    const { grant } = standing;
    const ended: Grant = { ...grant, endedAt: this.#deps.clock.now(), endedWhy: why };
    this.#standing.delete(id);
    const holder = holderKey(grant, grant.target);
    const held = this.#byHolder.get(holder);
    held?.delete(standing);
    if (held?.size === 0) this.#byHolder.delete(holder);
    this.#recordEnd(grant, why, by);
    this.#deps.store.write(() => this.#deps.storage.grants.ended(id, ended.endedAt ?? 0, why, grant.uses));
    const { subject, actor, target, aliases } = grant;
    for (const listener of this.#listeners) listener({ subject, actor, target, aliases });
    return ended;
  }

  #recordEnd(grant: Grant, why: string, by?: Identity): void {
    const { id, uses } = grant;
    const facts = { grant: id, uses, ...(by === undefined ? {} : { revokedBy: by.subject }) };
    try {
      this.#deps.audit.append({ type: 'grant-ended', ...entryOf(grant), reason: why, facts });
    } catch (fault) {
      this.#deps.report(fault);
    }
  }

  /** Ends what stands at another gateway over this store; it hears of it at once. Rejects when the store is away. */
  async #endElsewhere(grant: Grant, why: string, by: Identity): Promise<Grant | null> {
    const { storage, clock } = this.#deps;
    if (!storage.shared || !this.#mayStand(grant)) return null;
    this.#recordEnd(grant, why, by);
    const ended = { ...grant, endedAt: clock.now(), endedWhy: why };
    await storage.grants.ended(grant.id, ended.endedAt, why, grant.uses);
    await storage.bus.publish(TOPIC, grant.id);
    return ended;
  }

  /** Another gateway may have ended what stands here: that counts, as the store is trusted to take away. */
  async #lookForEnded(told: string | null): Promise<void> {
    const { store, storage, config } = this.#deps;
    if (!storage.shared) return;
    const here = [...this.#standing.keys()];
    // What was granted a moment ago is on its way to the store.
    await store.written();
    const standing = told === null ? await storage.grants.standing(config.standingGrants) : [];
    const kept = new Set(standing.map(({ id }) => id));
    for (const id of told === null
      ? here.filter((one) => !kept.has(one))
      : here.filter((one) => one === told)) {
      const row = await storage.grants.find(id);
      if (row !== null && row.ended_at !== null) this.#end(id, row.ended_why ?? 'another gateway ended it');
    }
  }

  /** Whether, for all the store says, it stands at some gateway. */
  #mayStand({ endedAt, expiresAt }: Grant): boolean {
    return endedAt === null && expiresAt > this.#deps.clock.now();
  }

  #expireDue(): number | null {
    const now = this.#deps.clock.now();
    let next: number | null = null;
    for (const { grant } of [...this.#standing.values()]) {
      if (grant.expiresAt <= now) this.#end(grant.id, 'its time was over');
      else next = Math.min(next ?? grant.expiresAt, grant.expiresAt);
    }
    return next;
  }

  #standingNow(): readonly Grant[] {
    const now = this.#deps.clock.now();
    const grants = [...this.#standing.values()].map(({ grant }) => grant);
    return grants.filter(({ expiresAt }) => expiresAt > now).sort((a, b) => b.grantedAt - a.grantedAt);
  }

  async #stored(id: string): Promise<Grant | null> {
    await this.#deps.store.written();
    const row = await this.#deps.storage.grants.find(id);
    return row === null ? null : (this.#read(row)[0] ?? null);
  }

  #read(row: Parameters<typeof grantOf>[0]): readonly Grant[] {
    try {
      return [grantOf(row)];
    } catch (fault) {
      this.#deps.report(fault);
      return [];
    }
  }
}

type Holder = Pick<Identity, 'subject' | 'actor' | 'kind'>;

function holderKey({ subject, actor, kind }: Holder, target: string): string {
  return JSON.stringify([subject, actor, kind, target]);
}

function maySee(viewer: Identity, { subject, actor, approvals }: Grant): boolean {
  return maySeeThing(viewer, { subject, actor, requirements: approvals });
}

function entryOf({ requestId, subject, actor, target }: Grant): Omit<AuditEntry, 'type'> {
  return { requestId, subject, actor, target };
}

/** Whether a grant rests on the word of this person. */
export function restsOn(grant: Grant, matches: (approver: Approver) => boolean): boolean {
  return grant.approvers.some(({ subject, aliases }) => matches({ subject, aliases }));
}
