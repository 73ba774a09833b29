import type { Identity } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import type { StoredAccessRequest } from '../storage/index.ts';
import { type Answering, answerWords } from './answer-words.ts';
import type {
  AccessRequestFilter,
  AccessRequestPage,
  AccessRequestSubject,
  AccessRequestView,
  ApprovalRoom,
  DecidedThrough,
} from './approval.ts';
import { askElsewhere } from './ask-elsewhere.ts';
import { readIdentity } from './identity-column.ts';
import { objectionTo, seatFor } from './rules.ts';
import { viewOfStored } from './stored-view.ts';
import { maySee } from './visibility.ts';

/** The room of one gateway. */
export interface LocalRoom extends ApprovalRoom {
  /** What is asked for, while this gateway holds it; null otherwise. */
  subjectOf(id: string): AccessRequestSubject | null;
  /** A page with what others hold in it. */
  pageWith(
    others: readonly AccessRequestView[],
    viewer: Identity,
    filter: AccessRequestFilter,
  ): Promise<AccessRequestPage>;
  /** Fails what the store has as pending and this gateway does not hold: an ending it could not write. */
  reconcile(): void;
}

/** Most pending requests of other gateways that one listing looks through. */
const PENDING_WINDOW = 1_000;

/**
 * The rooms of all gateways over one store, seen from one of them. Whoever holds an operation decides about it: a person
 * on another gateway is heard there, by a row that the holder reads, judges by its own rules and answers.
 *
 *   here:  may they? ─► log ─► write the word ─► tell ─► wait ─────────────► counted, or why not
 *   there:                            hear ─► take ─► judge ─► log ─► answer
 */
export function sharedRoom(room: LocalRoom, deps: Answering): ApprovalRoom {
  const { storage, report } = deps;
  const words = answerWords(room, deps);
  const elsewhere = async (id: string): Promise<StoredAccessRequest | null> => {
    if (room.subjectOf(id) !== null) return null;
    const stored = await storage.accessRequests.find(id);
    return stored !== null && isElsewhere(stored, storage.replica) ? stored : null;
  };
  const pendingElsewhere = async (viewer: Identity): Promise<AccessRequestView[]> => {
    const pending = await storage.accessRequests.list({ limit: PENDING_WINDOW, state: 'pending' });
    const others = pending.filter((one) => isElsewhere(one, storage.replica));
    return others.map((one) => viewElsewhere(one, viewer)).filter((one) => maySee(viewer, one));
  };
  const decide = async (verdict: 'approve' | 'deny', { id, decider, reason, grantMs, through }: Saying) => {
    const stored = await elsewhere(id);
    if (stored === null) {
      return verdict === 'approve'
        ? room.approve(id, decider, reason, grantMs, through)
        : room.deny(id, decider, reason, through);
    }
    const view = viewElsewhere(stored, decider);
    if (!maySee(decider, view)) return room.get(id, decider);
    // A word carries a verdict alone: what is granted is this gateway's to keep, and it would not be.
    if (grantMs !== null)
      throw new Fault(
        'conflict',
        `Could not grant ${id}: it waits at gateway "${stored.request.replica}"; grant it there, or approve it once.`,
      );
    await askElsewhere(deps, stored, { verdict, decider, reason, through });
    return room.get(id, decider);
  };
  const page = async (viewer: Identity, filter: AccessRequestFilter): Promise<AccessRequestPage> => {
    // What is held here can be decided even while the store is away.
    const others = await pendingElsewhere(viewer).catch((fault: unknown) => {
      report(fault);
      return [];
    });
    return room.pageWith(others, viewer, filter);
  };
  return {
    ...ofThisGateway(room),
    get pending() {
      return room.pending;
    },
    list: async (viewer, filter = {}) => (await page(viewer, filter)).found,
    page,
    async get(id, viewer) {
      const stored = await elsewhere(id);
      const view = stored === null ? null : viewElsewhere(stored, viewer);
      return view !== null && maySee(viewer, view) ? view : room.get(id, viewer);
    },
    approve: (id, decider, reason = '', grantMs = null, through = {}) =>
      decide('approve', { id, decider, reason, grantMs, through }),
    deny: (id, decider, reason, through = {}) =>
      decide('deny', { id, decider, reason, grantMs: null, through }),
    async close() {
      words.close();
      await room.close();
    },
  };
}

interface Saying {
  readonly id: string;
  readonly decider: Identity;
  readonly reason: string;
  readonly grantMs: number | null;
  readonly through: DecidedThrough;
}

/** What is about this gateway alone: what it holds, what was granted here, and what was done here without waiting. */
function ofThisGateway(room: LocalRoom): Omit<ApprovalRoom, Shared> {
  return {
    digestKey: room.digestKey,
    grants: room.grants,
    reviews: room.reviews,
    load: () => room.load(),
    open: (subject) => room.open(subject),
    answer: (digest) => room.answer(digest),
    ask: (subject) => room.ask(subject),
    standing: (identity, target) => room.standing(identity, target),
    used: (grants) => room.used(grants),
    seen: (identity) => room.seen(identity),
    groupsLost: (matches, groups) => room.groupsLost(matches, groups),
    breakGlassObjection: (identity) => room.breakGlassObjection(identity),
    breakGlass: (subject, groups) => room.breakGlass(subject, groups),
    cancel: (id, requester) => room.cancel(id, requester),
    cancelWhere: (matches, why) => room.cancelWhere(matches, why),
    withdrawApprovalsOf: (matches, why) => room.withdrawApprovalsOf(matches, why),
  };
}

type Shared = 'pending' | 'list' | 'page' | 'get' | 'approve' | 'deny' | 'close';

function isElsewhere({ request }: StoredAccessRequest, replica: string): boolean {
  return request.state === 'pending' && request.replica !== replica;
}

/** As people see it here, with whether they could decide it as far as can be told here. */
function viewElsewhere(stored: StoredAccessRequest, viewer: Identity): AccessRequestView {
  const view = viewOfStored(stored);
  const requester = readIdentity(stored.request.requester);
  const decidable =
    requester !== null &&
    objectionTo(viewer, requester, view.requirements) === null &&
    seatFor(viewer, [], view.requirements) === 'seat' &&
    !view.decisions.some((one) => one.approver === viewer.subject);
  return { ...view, decidable };
}
