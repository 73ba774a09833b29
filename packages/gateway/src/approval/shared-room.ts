import type { Identity } from '../identity/index.ts';
import type { StoredAccessRequest } from '../storage/index.ts';
import { type Answering, answerWords } from './answer-words.ts';
import type {
  AccessRequestFilter,
  AccessRequestPage,
  AccessRequestSubject,
  AccessRequestView,
  ApprovalRoom,
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
  const decide = async (verdict: 'approve' | 'deny', id: string, decider: Identity, reason: string) => {
    const stored = await elsewhere(id);
    if (stored === null) return room[verdict](id, decider, reason);
    const view = viewElsewhere(stored, decider);
    if (!maySee(decider, view)) return room.get(id, decider);
    await askElsewhere(deps, stored, { verdict, decider, reason });
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
    get pending() {
      return room.pending;
    },
    open: (subject) => room.open(subject),
    list: async (viewer, filter = {}) => (await page(viewer, filter)).found,
    page,
    async get(id, viewer) {
      const stored = await elsewhere(id);
      const view = stored === null ? null : viewElsewhere(stored, viewer);
      return view !== null && maySee(viewer, view) ? view : room.get(id, viewer);
    },
    approve: (id, approver, reason = '') => decide('approve', id, approver, reason),
    deny: (id, approver, reason) => decide('deny', id, approver, reason),
    recheck: () => room.recheck(),
    async close() {
      words.close();
      await room.close();
    },
  };
}

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
