import type { AuditEntry, AuditLog } from '../audit/index.ts';
import type { Identity } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import type { Storage } from '../storage/index.ts';
import type {
  AccessRequestEnding,
  AccessRequestFilter,
  AccessRequestPage,
  AccessRequestSubject,
  AccessRequestView,
  ApprovalRoom,
  PendingAccess,
} from './approval.ts';
import { ExpiryTimer, type Schedule, systemSchedule } from './expiry-timer.ts';
import { after, type HeldRequest, heldRequest, rowOf, viewOfHeld } from './held-request.ts';
import { checkLimits, reasonWithin } from './limits.ts';
import { readPage } from './listing.ts';
import { allSeatsFilled, objectionTo, seatFor, seatsFilled, seatsNeeded } from './rules.ts';
import type { ApprovalConfig } from './section.ts';
import { type LocalRoom, sharedRoom } from './shared-room.ts';
import type { AccessRequestEvent } from './states.ts';
import { viewOfStored } from './stored-view.ts';
import { maySee } from './visibility.ts';

export interface ApprovalDependencies {
  readonly config: ApprovalConfig;
  readonly storage: Pick<Storage, 'accessRequests' | 'accessWords' | 'bus' | 'shared' | 'replica'>;
  readonly clock: Clock;
  readonly audit: Pick<AuditLog, 'append'>;
  /** `bytes` random bytes as lower-case hex. */
  random(bytes: number): string;
  /** A fault nobody waits for: the store or the log did not take something. */
  readonly report: (fault: unknown) => void;
  readonly schedule?: Schedule;
  /** Whether this caller is revoked now: then they ask for nothing, and their word does not count. */
  isContained?(who: Identity): boolean;
}

/** Most writes that wait for the store; with more, nothing new is put before people. */
const WRITES_WAITING = 10_000;
/** How often a write is made again, each time the store is back. */
const WRITE_TRIES = 3;

/**
 * Opens the room where operations wait for people. What a hold waits for lives in memory, because it ends with the hold;
 * each step is appended to the audit log, takes effect at once, and is then written to the store, in order.
 * What an earlier run left pending becomes failed.
 */
export function createApprovals(deps: ApprovalDependencies): ApprovalRoom {
  const room = new Room(deps);
  return deps.storage.shared ? sharedRoom(room, deps) : room;
}

type Write = (table: Storage['accessRequests']) => Promise<void>;

interface Missed {
  readonly work: Write;
  readonly tries: number;
}

class Room implements LocalRoom {
  readonly #deps: ApprovalDependencies;
  readonly #held = new Map<string, HeldRequest>();
  readonly #timer: ExpiryTimer;
  #written: Promise<void>;
  #writing = 0;
  /** Writes the store did not take, for when it is back; at most WRITES_WAITING. */
  #missed: Missed[] = [];

  constructor(deps: ApprovalDependencies) {
    this.#deps = deps;
    const schedule = deps.schedule ?? systemSchedule;
    this.#timer = new ExpiryTimer(
      schedule,
      () => deps.clock.now(),
      () => this.#expireDue(),
    );
    this.#written = deps.storage.accessRequests.failPending(deps.clock.now()).then(() => {}, deps.report);
  }

  get pending(): number {
    let count = 0;
    for (const one of this.#held.values()) if (one.state === 'pending') count += 1;
    return count;
  }

  open(subject: AccessRequestSubject): PendingAccess {
    checkLimits(subject, this.#held.values(), this.#deps.config);
    if (this.#writing >= WRITES_WAITING)
      throw new Fault(
        'storage-unavailable',
        `Could not open an access request: ${this.#writing} writes wait for the store.`,
      );
    const now = this.#deps.clock.now();
    const id = `ar-${this.#deps.random(8)}`;
    const request = heldRequest(id, subject, now, now + this.#deps.config.expirySeconds * 1_000);
    this.#deps.audit.append({
      type: 'access-requested',
      ...entryFields(request),
      facts: requestedFacts(request),
    });
    this.#held.set(id, request);
    const row = rowOf(request);
    // Approvers find it in the store's place too; one that cannot be kept is not waited for.
    this.#write(
      (table) => table.opened(row),
      () => this.#end(request, 'broke', { state: 'failed' }),
      WRITE_TRIES,
    );
    this.#timer.arm(request.expiresAt);
    return {
      id,
      expiresAt: request.expiresAt,
      ended: request.ended,
      cancel: () => this.#end(request, 'left', { state: 'cancelled' }),
      redeem: (digest) => this.#redeem(request, digest),
    };
  }

  async list(viewer: Identity, filter: AccessRequestFilter = {}): Promise<readonly AccessRequestView[]> {
    return (await this.page(viewer, filter)).found;
  }

  page(viewer: Identity, filter: AccessRequestFilter): Promise<AccessRequestPage> {
    return this.pageWith([], viewer, filter);
  }

  pageWith(
    others: readonly AccessRequestView[],
    viewer: Identity,
    filter: AccessRequestFilter,
  ): Promise<AccessRequestPage> {
    const held = [...this.#held.values()].filter((one) => one.state === 'pending');
    return readPage(filter, {
      pending: [...held.map((one) => this.#view(one, viewer)), ...others],
      sees: (one) => maySee(viewer, one),
      past: async (window) => {
        await this.#written;
        return this.#deps.storage.accessRequests.list(window);
      },
    });
  }

  async get(id: string, viewer: Identity): Promise<AccessRequestView> {
    const view = await this.#find(id, viewer);
    if (view === null || !maySee(viewer, view)) throw notFound();
    return view;
  }

  async approve(id: string, approver: Identity, reason = ''): Promise<AccessRequestView> {
    const view = await this.get(id, approver);
    // From here on nothing is awaited: what is checked is what is decided.
    const request = this.#decidable(id, approver, view);
    const said = reasonWithin(reason, this.#deps.config.reasonLength);
    const { requirements } = request.subject;
    const counting = this.#counting(request);
    const seat = seatFor(approver, counting, requirements);
    if (seat === 'already-seated')
      throw new Fault('conflict', `Could not approve ${id}: you already did; one person fills one seat.`);
    if (seat === 'groups-full')
      throw new Fault('conflict', `Could not approve ${id}: the seats of your groups are taken.`);
    const seated = [...counting, approver];
    const done = allSeatsFilled(seated, requirements);
    this.#record(
      request,
      done ? 'approved' : 'pending',
      { approver: approver.subject, verdict: 'approve' },
      seatsFilled(seated, requirements),
    );
    this.#seat(request, approver, 'approve', said);
    if (done) {
      request.redeemBy = this.#deps.clock.now() + this.#deps.config.redeemSeconds * 1_000;
      const by = this.#counting(request).map((one) => one.approver);
      this.#settle(request, 'filled', { state: 'approved', approvals: requirements, by });
    }
    return this.#afterWriting(request, approver);
  }

  async deny(id: string, approver: Identity, reason: string): Promise<AccessRequestView> {
    const view = await this.get(id, approver);
    // From here on nothing is awaited: what is checked is what is decided.
    const request = this.#decidable(id, approver, view);
    const said = reasonWithin(reason, this.#deps.config.reasonLength);
    if (said === '')
      throw new Fault(
        'limit-exceeded',
        `Could not deny ${id}: say why, in 1 to ${this.#deps.config.reasonLength} characters.`,
      );
    const filled = seatsFilled(request.seated, request.subject.requirements);
    this.#record(request, 'denied', { approver: approver.subject, verdict: 'deny' }, filled);
    this.#seat(request, approver, 'deny', said);
    this.#settle(request, 'refused', { state: 'denied', reason: said, by: approver.displayName });
    return this.#afterWriting(request, approver);
  }

  recheck(): void {
    for (const request of [...this.#held.values()]) {
      const isAsking = !this.#isContained(request.subject.identity);
      if (!isAsking) this.#end(request, 'left', { state: 'cancelled' });
      if (!isAsking || !this.#isStanding(request)) request.redeemBy = 0;
    }
  }

  subjectOf(id: string): AccessRequestSubject | null {
    return this.#held.get(id)?.subject ?? null;
  }

  /** In its turn: what opens meanwhile is written after it. */
  reconcile(): void {
    const { clock } = this.#deps;
    for (const { work, tries } of this.#missed.splice(0)) this.#write(work, undefined, tries + 1);
    this.#write(
      async (table) => void (await table.failPending(clock.now(), (id) => this.#held.has(id))),
      undefined,
      WRITE_TRIES,
    );
  }

  async close(): Promise<void> {
    this.#timer.stop();
    for (const request of [...this.#held.values()]) {
      request.redeemBy = 0;
      this.#end(request, 'broke', { state: 'failed' });
    }
    this.#held.clear();
    await this.#written;
  }

  /** The request, if this person may decide it now. */
  #decidable(id: string, decider: Identity, view: AccessRequestView): HeldRequest {
    this.#expireDue();
    const request = this.#held.get(id);
    if (request === undefined || request.state !== 'pending') {
      const state = request?.state ?? (view.state === 'pending' ? 'over' : view.state);
      throw new Fault('conflict', `Could not decide ${id}: it is ${state}, not pending.`);
    }
    if (this.#isContained(decider))
      throw new Fault('not-permitted', `Could not decide ${id}: your access was revoked.`);
    const objection = objectionTo(decider, request.subject.identity, request.subject.requirements);
    if (objection !== null) throw new Fault('not-permitted', `Could not decide ${id}: ${objection}.`);
    return request;
  }

  #isContained(who: Identity): boolean {
    return this.#deps.isContained?.(who) === true;
  }

  /** Those whose approvals count now. */
  #counting(request: HeldRequest): readonly HeldRequest['seated'][number][] {
    return request.seated.filter(({ identity }) => !this.#isContained(identity));
  }

  /** Whether what was approved is approved still. */
  #isStanding(request: HeldRequest): boolean {
    if (request.state !== 'approved') return true;
    return allSeatsFilled(this.#counting(request), request.subject.requirements);
  }

  #redeem(request: HeldRequest, digest: string): boolean {
    const now = this.#deps.clock.now();
    const good = request.state === 'approved' && now < request.redeemBy && digest === request.subject.digest;
    if (!good || !this.#isStanding(request)) return false;
    request.redeemBy = 0;
    this.#held.delete(request.id);
    this.#write((table) => table.redeemed(request.id, now));
    return true;
  }

  /** Ends it without a person: recorded when possible, but a deny takes no proof. */
  #end(request: HeldRequest, event: AccessRequestEvent, ending: AccessRequestEnding): void {
    const state = after(request, event);
    if (state === null) return;
    try {
      this.#record(request, state, {}, seatsFilled(request.seated, request.subject.requirements));
    } catch (fault) {
      this.#deps.report(fault);
    }
    this.#settle(request, event, ending);
  }

  #settle(request: HeldRequest, event: AccessRequestEvent, ending: AccessRequestEnding): void {
    const state = after(request, event);
    if (state === null) return;
    const now = this.#deps.clock.now();
    request.state = state;
    request.endedAt = now;
    if (state === 'approved') this.#timer.arm(request.redeemBy);
    else this.#held.delete(request.id);
    this.#write((table) => table.ended(request.id, state, now));
    request.resolve(ending);
  }

  #seat(request: HeldRequest, approver: Identity, verdict: 'approve' | 'deny', reason: string): void {
    const word = this.#word(approver, verdict, reason);
    const seat = request.seated.length;
    request.seated.push(word);
    this.#write((table) =>
      table.decided({
        request_id: request.id,
        seat,
        approver: word.approver,
        approver_name: word.approverName,
        verdict,
        reason,
        decided_at: word.decidedAt,
      }),
    );
  }

  #word(approver: Identity, verdict: 'approve' | 'deny', reason: string): HeldRequest['seated'][number] {
    const { subject, displayName, groups, aliases } = approver;
    const decidedAt = this.#deps.clock.now();
    const shown = { approver: subject, approverName: displayName, verdict, reason, decidedAt };
    return { ...shown, groups, aliases, identity: approver };
  }

  /** Throws Fault `audit-unavailable`: then nothing changed. */
  #record(
    request: HeldRequest,
    state: string,
    decider: Readonly<Record<string, string>>,
    filled: number,
  ): void {
    const facts = {
      ...decider,
      state,
      seatsFilled: filled,
      seatsNeeded: seatsNeeded(request.subject.requirements),
    };
    this.#deps.audit.append({ type: 'access-decided', ...entryFields(request), facts });
  }

  #expireDue(): number | null {
    const now = this.#deps.clock.now();
    let next: number | null = null;
    for (const request of [...this.#held.values()]) {
      const due = request.state === 'pending' ? request.expiresAt : request.redeemBy;
      if (due > now) next = Math.min(next ?? due, due);
      else if (request.state === 'pending') this.#end(request, 'lapsed', { state: 'expired' });
      else this.#held.delete(request.id);
    }
    return next;
  }

  #write(work: Write, failed: () => void = () => {}, tries = 0): void {
    this.#writing += 1;
    this.#written = this.#written
      .then(() => work(this.#deps.storage.accessRequests))
      .catch((fault: unknown) => {
        this.#deps.report(fault);
        if (tries < WRITE_TRIES && this.#missed.length < WRITES_WAITING) this.#missed.push({ work, tries });
        failed();
      })
      .finally(() => {
        this.#writing -= 1;
      });
  }

  async #find(id: string, viewer: Identity): Promise<AccessRequestView | null> {
    const held = this.#held.get(id);
    if (held !== undefined) return this.#view(held, viewer);
    await this.#written;
    const stored = await this.#deps.storage.accessRequests.find(id);
    return stored === null ? null : viewOfStored(stored);
  }

  #view(request: HeldRequest, viewer: Identity): AccessRequestView {
    const { identity, requirements } = request.subject;
    const free = seatFor(viewer, this.#counting(request), requirements) === 'seat';
    const decidable =
      request.state === 'pending' && free && objectionTo(viewer, identity, requirements) === null;
    return viewOfHeld(request, decidable);
  }

  async #afterWriting(request: HeldRequest, viewer: Identity): Promise<AccessRequestView> {
    const view = this.#view(request, viewer);
    await this.#written;
    return view;
  }
}

function entryFields(request: HeldRequest): Omit<AuditEntry, 'type'> {
  const { identity, sessionId, target, digest, form } = request.subject;
  const { subject, actor, task, tokenId, delegation, scope } = identity;
  const handed = scope === null ? {} : { tokenId, delegation };
  return { requestId: request.id, sessionId, subject, actor, task, ...handed, target, digest, form };
}

function requestedFacts(request: HeldRequest): NonNullable<AuditEntry['facts']> {
  return {
    expiresAt: request.expiresAt,
    requirements: request.subject.requirements.map((one) => `${one.seats} of ${one.group}`),
  };
}

/** The same words whether it does not exist or is not theirs: ids cannot be probed. */
function notFound(): Fault {
  return new Fault('not-found', 'There is no such access request, or it is not yours to see.');
}
