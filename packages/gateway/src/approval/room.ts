import type { AuditLog } from '../audit/index.ts';
import type { Identity } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { Approved } from '../policy/index.ts';
import type { Storage } from '../storage/index.ts';
import type {
  AccessRequestFilter,
  AccessRequestObserver,
  AccessRequestPage,
  AccessRequestSubject,
  AccessRequestView,
  Answer,
  ApprovalRoom,
  Approver,
  DecidedThrough,
  PendingAccess,
  Requester,
} from './approval.ts';
import { type Schedule, systemSchedule } from './expiry-timer.ts';
import { Grants, restsOn } from './grants.ts';
import { Requests } from './requests.ts';
import { Reviews } from './reviews.ts';
import { createSeal } from './seal.ts';
import type { ApprovalConfig } from './section.ts';
import { type LocalRoom, sharedRoom } from './shared-room.ts';
import { StoreWriter } from './store-writer.ts';

export interface ApprovalDependencies {
  readonly config: ApprovalConfig;
  readonly storage: Pick<
    Storage,
    'accessRequests' | 'accessWords' | 'bus' | 'shared' | 'replica' | 'grants' | 'reviews'
  >;
  readonly clock: Clock;
  readonly audit: Pick<AuditLog, 'append'>;
  /** What grants in the store are sealed with: 32 bytes, the same at every start. */
  readonly key: Uint8Array;
  /** What every gateway over the store has: what people decide at one of them is sealed with it for another. */
  readonly storeKey: Uint8Array;
  /** `bytes` random bytes as lower-case hex. */
  random(bytes: number): string;
  /** A fault nobody waits for: the store or the log did not take something. */
  readonly report: (fault: unknown) => void;
  readonly schedule?: Schedule;
  readonly observer?: AccessRequestObserver;
  /** Whether this caller is revoked now: then their word does not count. */
  isContained?(who: Identity): boolean;
}

const DIGEST_KEY_BYTES = 32;

/**
 * Opens the room where operations meet people: requests that wait (requests.ts), what was granted for a time (grants.ts), and
 * what was done without waiting (reviews.ts). Each step is appended to the audit log, takes effect at once, and is then
 * written to the store, in order.
 */
export function createApprovals(deps: ApprovalDependencies): ApprovalRoom {
  const room = new Room(deps);
  return deps.storage.shared ? sharedRoom(room, deps) : room;
}

class Room implements LocalRoom {
  readonly digestKey: string;
  readonly grants: Grants;
  readonly reviews: Reviews;
  readonly #requests: Requests;
  readonly #store: StoreWriter;

  constructor(given: ApprovalDependencies) {
    const { schedule = systemSchedule, isContained = () => false, report, key } = given;
    this.#store = new StoreWriter(report);
    const deps = { ...given, schedule, isContained, store: this.#store, seal: createSeal(key) };
    this.digestKey = given.random(DIGEST_KEY_BYTES);
    this.grants = new Grants(deps);
    this.reviews = new Reviews(deps);
    this.#requests = new Requests({ ...deps, grants: this.grants });
  }

  async load(): Promise<void> {
    await this.grants.load();
    await this.reviews.load();
  }

  open(subject: AccessRequestSubject): PendingAccess {
    return this.#requests.open(subject);
  }

  answer(digest: string): Answer | null {
    return this.#requests.answer(digest);
  }

  ask(subject: AccessRequestSubject): Answer {
    return this.#requests.ask(subject);
  }

  standing(identity: Identity, target: string): readonly Approved[] {
    return this.grants.standing(identity, target);
  }

  used(grants: readonly string[]): void {
    this.grants.used(grants);
  }

  breakGlassObjection(identity: Identity): string | null {
    return this.reviews.objection(identity);
  }

  breakGlass(subject: AccessRequestSubject, groups: readonly string[]): string {
    return this.reviews.open(subject, groups);
  }

  get pending(): number {
    return this.#requests.pending;
  }

  async list(viewer: Identity, filter: AccessRequestFilter = {}): Promise<readonly AccessRequestView[]> {
    return (await this.page(viewer, filter)).found;
  }

  page(viewer: Identity, filter: AccessRequestFilter): Promise<AccessRequestPage> {
    return this.#requests.page([], viewer, filter);
  }

  pageWith(
    others: readonly AccessRequestView[],
    viewer: Identity,
    filter: AccessRequestFilter,
  ): Promise<AccessRequestPage> {
    return this.#requests.page(others, viewer, filter);
  }

  get(id: string, viewer: Identity): Promise<AccessRequestView> {
    return this.#requests.get(id, viewer);
  }

  approve(
    id: string,
    approver: Identity,
    reason = '',
    grantMs: number | null = null,
    through: DecidedThrough = {},
  ): Promise<AccessRequestView> {
    return this.#requests.approve(id, approver, { reason, grantMs, through });
  }

  deny(
    id: string,
    approver: Identity,
    reason: string,
    through: DecidedThrough = {},
  ): Promise<AccessRequestView> {
    return this.#requests.deny(id, approver, reason, through);
  }

  cancel(id: string, requester: Identity): Promise<AccessRequestView> {
    return this.#requests.cancel(id, requester);
  }

  cancelWhere(matches: (requester: Requester) => boolean, why: string): number {
    return this.#requests.cancelWhere(matches) + this.grants.endWhere(matches, why);
  }

  withdrawApprovalsOf(matches: (approver: Approver) => boolean, why: string): number {
    const ended = this.grants.endWhere((grant) => restsOn(grant, matches), why);
    return ended + this.#requests.withdrawApprovalsOf(matches);
  }

  seen({ subject, groups }: Identity): void {
    this.#requests.groupsLost((approver) => approver.subject === subject, groups);
  }

  groupsLost(matches: (identity: Identity) => boolean, groups: readonly string[]): void {
    this.#requests.groupsLost(matches, groups);
  }

  subjectOf(id: string): AccessRequestSubject | null {
    return this.#requests.subjectOf(id);
  }

  reconcile(): void {
    this.#store.again();
    this.#requests.failLeftPending();
  }

  async close(): Promise<void> {
    this.#requests.close();
    this.grants.close();
    this.reviews.stop();
    await this.#store.written();
  }
}
