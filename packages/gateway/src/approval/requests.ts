import type { Identity } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import type { Position } from '../storage/index.ts';
import type {
  AccessRequestEnding,
  AccessRequestFilter,
  AccessRequestObserver,
  AccessRequestPage,
  AccessRequestSubject,
  AccessRequestView,
  Answer,
  Approver,
  DecidedThrough,
  PendingAccess,
  Requester,
} from './approval.ts';
import { ExpiryTimer, type Schedule } from './expiry-timer.ts';
import type { Grants } from './grants.ts';
import {
  type Approving,
  after,
  agreedGrant,
  counting,
  type HeldRequest,
  heldRequest,
  requesterOf,
  rowOf,
  rowOfWord,
  viewOfHeld,
  type Word,
  wordOf,
} from './held-request.ts';
import { checkGrant, checkSize, Pending, reasonToApprove, reasonToDeny } from './limits.ts';
import { readPage } from './listing.ts';
import { entryFields, isOlder, notFound, requestedFacts } from './request-entries.ts';
import type { ApprovalDependencies } from './room.ts';
import { allSeatsFilled, objectionTo, sameNames, seatFor, seatsFilled, seatsNeeded } from './rules.ts';
import type { AccessRequestEvent } from './states.ts';
import type { StoreWriter } from './store-writer.ts';
import { viewOfStored } from './stored-view.ts';
import { stepUpRequired, throughFacts, wantsStepUp } from './through.ts';
import { isOwn, maySee } from './visibility.ts';

export interface RequestDependencies extends ApprovalDependencies {
  readonly store: StoreWriter;
  readonly schedule: Schedule;
  readonly grants: Grants;
  isContained(who: Identity): boolean;
}

const DEFAULT_LIST_LIMIT = 100;

/**
 * Access requests. Those that can still change what happens live in memory; a restart fails them, whatever their mode. What an
 * earlier run left pending becomes failed.
 */
export class Requests {
  readonly #deps: RequestDependencies;
  readonly #held = new Map<string, HeldRequest>();
  /** Those of mode `return`, by what they are for. */
  readonly #returned = new Map<string, HeldRequest>();
  /** Those that somebody has approved. */
  readonly #approvedByOne = new Set<HeldRequest>();
  readonly #pending = new Pending();
  readonly #timer: ExpiryTimer;

  constructor(deps: RequestDependencies) {
    this.#deps = deps;
    this.#timer = new ExpiryTimer(
      deps.schedule,
      () => deps.clock.now(),
      () => this.#expireDue(),
    );
    this.failLeftPending();
  }

  /** Fails what the store has as pending and nobody holds here; in its turn, so that what opens meanwhile is written after it. */
  failLeftPending(): void {
    const { clock, store, storage } = this.#deps;
    store.writeOnce(() => storage.accessRequests.failPending(clock.now(), (id) => this.#held.has(id)));
  }

  subjectOf(id: string): AccessRequestSubject | null {
    return this.#held.get(id)?.subject ?? null;
  }

  open(subject: AccessRequestSubject): PendingAccess {
    const request = this.#open(subject);
    return {
      id: request.id,
      expiresAt: request.expiresAt,
      ended: request.ended,
      cancel: () => this.#end(request, 'left', { state: 'cancelled' }),
      redeem: (digest) => this.#redeem(request, digest, subject.identity),
    };
  }

  answer(digest: string): Answer | null {
    const request = this.#returned.get(digest);
    if (request === undefined) return null;
    // The timer may be late.
    this.#expire(request, this.#deps.clock.now());
    return this.#answerOf(request);
  }

  ask(subject: AccessRequestSubject): Answer {
    const { id, expiresAt } = this.#returned.get(subject.digest) ?? this.#open(subject);
    return this.answer(subject.digest) ?? { state: 'pending', id, expiresAt };
  }

  get pending(): number {
    return this.#pending.total;
  }

  /** Newest first, with what others hold. Of what is pending only as many are made into views as a page can hold: there may be many. */
  page(
    others: readonly AccessRequestView[],
    viewer: Identity,
    filter: AccessRequestFilter,
  ): Promise<AccessRequestPage> {
    const { limit = DEFAULT_LIST_LIMIT, before } = filter;
    return readPage(filter, {
      pending: [...this.#pendingSeen(viewer, limit + 1, before), ...others],
      sees: (one) => maySee(viewer, one),
      past: async (window) => {
        await this.#deps.store.written();
        return this.#deps.storage.accessRequests.list(window);
      },
    });
  }

  async get(id: string, viewer: Identity): Promise<AccessRequestView> {
    const view = await this.#find(id, viewer);
    if (view === null || !maySee(viewer, view)) throw notFound();
    return view;
  }

  async approve(
    id: string,
    approver: Identity,
    { reason, grantMs, through }: Approving,
  ): Promise<AccessRequestView> {
    const view = await this.get(id, approver);
    // From here on nothing is awaited: what is checked is what is decided.
    const request = this.#decidable(id, approver, view);
    if (wantsStepUp(request.subject) && through.stepUp === undefined) throw stepUpRequired(id);
    const said = reasonToApprove(id, reason, this.#deps.config);
    checkGrant(request, grantMs);
    const { requirements } = request.subject;
    const seated = counting(request);
    const seat = seatFor(approver, seated, requirements);
    if (seat === 'already-seated')
      throw new Fault('conflict', `Could not approve ${id}: you already did; one person fills one seat.`);
    if (seat === 'groups-full')
      throw new Fault('conflict', `Could not approve ${id}: the seats of your groups are taken.`);
    const done = allSeatsFilled([...seated, approver], requirements);
    const agreed = agreedGrant([...seated, { grantMs }]);
    if (done && agreed !== null && !this.#deps.grants.hasRoom())
      throw new Fault(
        'limit-exceeded',
        `Could not grant ${id}: too many grants stand (approval.standing_grants).`,
      );
    const filled = seatsFilled([...seated, approver], requirements);
    const decider = {
      approver: approver.subject,
      verdict: 'approve',
      ...(grantMs === null ? {} : { grantMs }),
      ...throughFacts(through),
    };
    this.#record(request, done ? 'approved' : 'pending', decider, filled);
    this.#seat(request, approver, { verdict: 'approve', reason: said, grantMs });
    if (done) this.#approved(request, agreed);
    return this.#afterWriting(request, approver);
  }

  async deny(
    id: string,
    approver: Identity,
    reason: string,
    through: DecidedThrough,
  ): Promise<AccessRequestView> {
    const view = await this.get(id, approver);
    // From here on nothing is awaited: what is checked is what is decided.
    const request = this.#decidable(id, approver, view);
    const said = reasonToDeny(id, reason, this.#deps.config.reasonLength);
    const filled = seatsFilled(counting(request), request.subject.requirements);
    const facts = { approver: approver.subject, verdict: 'deny', ...throughFacts(through) };
    this.#record(request, 'denied', facts, filled);
    this.#seat(request, approver, { verdict: 'deny', reason: said, grantMs: null });
    this.#settle(request, 'refused', { state: 'denied', reason: said, by: approver.displayName });
    return this.#afterWriting(request, approver);
  }

  async cancel(id: string, requester: Identity): Promise<AccessRequestView> {
    const view = await this.get(id, requester);
    if (!isOwn(requester, view))
      throw new Fault('not-permitted', `Could not cancel ${id}: only whoever asked can.`);
    const request = this.#held.get(id);
    if (request?.state !== 'pending')
      throw new Fault(
        'conflict',
        `Could not cancel ${id}: it is ${request?.state ?? view.state}, not pending.`,
      );
    this.#end(request, 'left', { state: 'cancelled' });
    return this.#afterWriting(request, requester);
  }

  cancelWhere(matches: (requester: Requester) => boolean): number {
    const found = [...this.#held.values()].filter((request) => matches(requesterOf(request)));
    for (const request of found) {
      if (request.state === 'pending') this.#end(request, 'left', { state: 'cancelled' });
      else this.#forget(request);
    }
    return found.length;
  }

  withdrawApprovalsOf(matches: (approver: Approver) => boolean): number {
    let count = 0;
    for (const request of [...this.#approvedByOne]) {
      for (const word of counting(request)) {
        if (!matches({ subject: word.approver, aliases: word.aliases, identity: word.identity })) continue;
        count += 1;
        this.#withdraw(request, word);
      }
    }
    return count;
  }

  /** Those who approved with such an identity have no more than these groups. */
  groupsLost(matches: (identity: Identity) => boolean, groups: readonly string[]): void {
    for (const request of [...this.#approvedByOne]) {
      for (const word of counting(request)) {
        if (!matches(word.identity)) continue;
        word.groups = word.groups.filter((group) => groups.includes(group));
        const { requirements } = request.subject;
        if (!requirements.some(({ group }) => word.groups.includes(group))) this.#withdraw(request, word);
      }
    }
  }

  close(): void {
    this.#timer.stop();
    for (const request of [...this.#held.values()]) {
      request.redeemBy = 0;
      this.#end(request, 'broke', { state: 'failed' });
      this.#forget(request);
    }
  }

  #open(subject: AccessRequestSubject): HeldRequest {
    const { config, clock, audit, random, storage, store } = this.#deps;
    checkSize(subject, config);
    if (store.overflow > 0)
      throw new Fault(
        'storage-unavailable',
        `Could not open an access request: ${store.overflow} writes wait for the store.`,
      );
    this.#pending.check(subject, config);
    const now = clock.now();
    const request = heldRequest(`ar-${random(8)}`, subject, now, now + config.expirySeconds * 1_000);
    audit.append({ type: 'access-requested', ...entryFields(request), facts: requestedFacts(request) });
    this.#held.set(request.id, request);
    this.#pending.came(subject);
    if (subject.mode === 'return') this.#returned.set(subject.digest, request);
    const row = rowOf(request);
    // Approvers find it in the store's place too; one that cannot be kept is not waited for.
    store.writeOnce(
      () => storage.accessRequests.opened(row),
      () => this.#end(request, 'broke', { state: 'failed' }),
    );
    this.#timer.arm(request.expiresAt);
    this.#tell('opened', request);
    return request;
  }

  #answerOf(request: HeldRequest): Answer | null {
    const { id, expiresAt, subject } = request;
    switch (request.state) {
      case 'pending':
        return { state: 'pending', id, expiresAt };
      case 'denied': {
        const said = request.seated.find(({ verdict }) => verdict === 'deny');
        return { state: 'denied', id, by: said?.approverName ?? '', reason: said?.reason ?? '' };
      }
      case 'approved':
        if (request.redeemBy === 0) return null;
        return {
          state: 'approved',
          id,
          approvals: subject.requirements,
          by: counting(request).map(({ approver }) => approver),
          redeem: (digest, redeemer) => this.#redeem(request, digest, redeemer),
        };
      default:
        return null;
    }
  }

  /** Everybody who is needed agreed: to this operation, or to what it does for a time. */
  #approved(request: HeldRequest, grantMs: number | null): void {
    const { requirements, mode } = request.subject;
    const { config, clock } = this.#deps;
    const granted = grantMs !== null && this.#granted(request, grantMs);
    const seconds = mode === 'hold' ? config.redeemSeconds : config.returnRedeemSeconds;
    request.redeemBy = clock.now() + seconds * 1_000;
    const by = counting(request).map((one) => one.approver);
    this.#settle(request, 'filled', { state: 'approved', approvals: requirements, by });
    // Sent again it is judged under the grant: nothing is left to be used once more beside it.
    if (granted && mode === 'return') this.#forget(request);
  }

  /** Whether it stands as a grant; one that cannot be put on record is an approval like any other. */
  #granted(request: HeldRequest, grantMs: number): boolean {
    try {
      this.#deps.grants.open(request, grantMs);
      return true;
    } catch (fault) {
      this.#deps.report(fault);
      return false;
    }
  }

  /** The request, if this person may decide it now. */
  #decidable(id: string, decider: Identity, view: AccessRequestView): HeldRequest {
    this.#expireDue();
    const request = this.#held.get(id);
    if (request === undefined || request.state !== 'pending') {
      const state = request?.state ?? (view.state === 'pending' ? 'over' : view.state);
      throw new Fault('conflict', `Could not decide ${id}: it is ${state}, not pending.`);
    }
    if (this.#deps.isContained(decider))
      throw new Fault('not-permitted', `Could not decide ${id}: your access was revoked.`);
    const objection = objectionTo(decider, request.subject.identity, request.subject.requirements);
    if (objection !== null) throw new Fault('not-permitted', `Could not decide ${id}: ${objection}.`);
    return request;
  }

  #redeem(request: HeldRequest, digest: string, redeemer: Identity): boolean {
    const now = this.#deps.clock.now();
    const seated = counting(request);
    const good =
      request.state === 'approved' &&
      now < request.redeemBy &&
      digest === request.subject.digest &&
      // People were shown a person or a machine; the digest does not say which.
      redeemer.kind === request.subject.identity.kind &&
      allSeatsFilled(seated, request.subject.requirements) &&
      // A name that came up since may show that whoever uses it is one of those who approved.
      !seated.some(({ aliases }) => sameNames(aliases, redeemer));
    if (!good) return false;
    this.#forget(request);
    const { store, storage } = this.#deps;
    store.write(() => storage.accessRequests.redeemed(request.id, now));
    return true;
  }

  /** Ends it without a person: recorded when possible, but a deny takes no proof. */
  #end(request: HeldRequest, event: AccessRequestEvent, ending: AccessRequestEnding): void {
    const state = after(request, event);
    if (state === null) return;
    try {
      this.#record(request, state, {}, seatsFilled(counting(request), request.subject.requirements));
    } catch (fault) {
      this.#deps.report(fault);
    }
    this.#settle(request, event, ending);
  }

  #settle(request: HeldRequest, event: AccessRequestEvent, ending: AccessRequestEnding): void {
    const state = after(request, event);
    if (state === null) return;
    const { clock, store, storage } = this.#deps;
    const now = clock.now();
    request.state = state;
    request.endedAt = now;
    this.#pending.went(request.subject);
    if (state === 'approved') this.#timer.arm(request.redeemBy);
    // Who sends it again is told why it was denied, until it would have expired.
    else if (state !== 'denied' || request.subject.mode === 'hold') this.#forget(request);
    store.write(() => storage.accessRequests.ended(request.id, state, now));
    request.resolve(ending);
    this.#tell('ended', request);
  }

  /** Whoever looks on holds nothing up and breaks nothing. */
  #tell(what: keyof AccessRequestObserver, request: HeldRequest): void {
    try {
      this.#deps.observer?.[what](viewOfHeld(request, false));
    } catch (fault) {
      this.#deps.report(fault);
    }
  }

  /** From here on it changes nothing any more. */
  #forget(request: HeldRequest): void {
    request.redeemBy = 0;
    this.#held.delete(request.id);
    this.#approvedByOne.delete(request);
    const { digest } = request.subject;
    if (this.#returned.get(digest) === request) this.#returned.delete(digest);
  }

  #seat(request: HeldRequest, approver: Identity, said: Pick<Word, 'verdict' | 'reason' | 'grantMs'>): void {
    const word = wordOf(approver, said, this.#deps.clock.now());
    const seat = request.seated.length;
    request.seated.push(word);
    if (said.verdict === 'approve') this.#approvedByOne.add(request);
    const row = rowOfWord(request.id, seat, word);
    this.#deps.store.write(() => this.#deps.storage.accessRequests.decided(row));
  }

  /** This word counts no more. An approval that rested on it is worth nothing, also when nobody asks for it again. */
  #withdraw(request: HeldRequest, word: Word): void {
    const now = this.#deps.clock.now();
    word.withdrawnAt = now;
    const seat = request.seated.indexOf(word);
    this.#deps.store.write(() => this.#deps.storage.accessRequests.withdrawn(request.id, seat, now));
    const filled = seatsFilled(counting(request), request.subject.requirements);
    try {
      this.#record(request, request.state, { approver: word.approver, verdict: 'withdrawn' }, filled);
    } catch (fault) {
      this.#deps.report(fault);
    }
    if (request.state === 'approved') this.#forget(request);
    else if (counting(request).length === 0) this.#approvedByOne.delete(request);
  }

  /** Throws Fault `audit-unavailable`: then nothing changed. */
  #record(
    request: HeldRequest,
    state: string,
    decider: Readonly<Record<string, string | number>>,
    filled: number,
  ): void {
    const needed = seatsNeeded(request.subject.requirements);
    const facts = { ...decider, state, seatsFilled: filled, seatsNeeded: needed };
    this.#deps.audit.append({ type: 'access-decided', ...entryFields(request), facts });
  }

  #expireDue(): number | null {
    const now = this.#deps.clock.now();
    let next: number | null = null;
    for (const request of [...this.#held.values()]) {
      const due = this.#expire(request, now);
      if (due !== null) next = Math.min(next ?? due, due);
    }
    return next;
  }

  /** Ends it when its time is over; until when it is good otherwise. */
  #expire(request: HeldRequest, now: number): number | null {
    const due = request.state === 'approved' ? request.redeemBy : request.expiresAt;
    if (due > now) return due;
    if (request.state === 'pending') this.#end(request, 'lapsed', { state: 'expired' });
    else this.#forget(request);
    return null;
  }

  /** Newest first. Only those that are shown are made into views: there may be many. */
  #pendingSeen(viewer: Identity, limit: number, from: Position | undefined): AccessRequestView[] {
    const seen: AccessRequestView[] = [];
    const all = [...this.#held.values()];
    for (let at = all.length - 1; at >= 0 && seen.length < limit; at -= 1) {
      const request = all[at] as HeldRequest;
      if (request.state !== 'pending' || (from !== undefined && !isOlder(request, from))) continue;
      const { identity, requirements } = request.subject;
      if (!maySee(viewer, { subject: identity.subject, actor: identity.actor, requirements })) continue;
      seen.push(this.#view(request, viewer));
    }
    return seen;
  }

  async #find(id: string, viewer: Identity): Promise<AccessRequestView | null> {
    const held = this.#held.get(id);
    if (held !== undefined) return this.#view(held, viewer);
    await this.#deps.store.written();
    const stored = await this.#deps.storage.accessRequests.find(id);
    return stored === null ? null : viewOfStored(stored);
  }

  #view(request: HeldRequest, viewer: Identity): AccessRequestView {
    const { identity, requirements } = request.subject;
    const free = seatFor(viewer, counting(request), requirements) === 'seat';
    const decidable =
      request.state === 'pending' && free && objectionTo(viewer, identity, requirements) === null;
    return viewOfHeld(request, decidable);
  }

  async #afterWriting(request: HeldRequest, viewer: Identity): Promise<AccessRequestView> {
    const view = this.#view(request, viewer);
    await this.#deps.store.written();
    return view;
  }
}
