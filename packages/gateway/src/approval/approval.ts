import type { Identity } from '../identity/index.ts';
import type { ApprovalRequirement, Approved, Question } from '../policy/index.ts';
import type { Position } from '../storage/index.ts';
import type { GrantRoom } from './grant.ts';
import type { ReviewRoom } from './review.ts';

/** The names of OpenID AuthZEN's Access Request and Approval Profile. */
export type AccessRequestState = 'pending' | 'approved' | 'denied' | 'expired' | 'cancelled' | 'failed';

/** Whether somebody keeps the operation open meanwhile, or sends exactly the same again afterwards. */
export type AskMode = 'hold' | 'return';

/** What approvers are shown beside the operation itself. Bounded; names as the target has them: attacker-chosen, escape them. */
export interface Shown {
  /** Everything policy was asked about, as `select on Table "shop/public/customers"`. */
  readonly touches: readonly string[];
  /** How many of those are left out. */
  readonly touchesLeftOut: number;
  /** Most rows it reads or changes, by the target's own statistics; null when nobody knows. */
  readonly rows: number | null;
  /** How dangerous it is; null where no policy asks. */
  readonly risk: { readonly score: number; readonly reasons: readonly string[] } | null;
  /** The policies that ask. */
  readonly policies: readonly string[];
  /** Why the requester says they want it; empty when they say nothing. */
  readonly stated: string;
  /** What this subject and actor did at this target before, since the gateway started. */
  readonly history: {
    /** What of `touches` they never did before. */
    readonly first: readonly string[];
    /** Earlier operations on any of it that were permitted, and denied. */
    readonly permitted: number;
    readonly denied: number;
  };
  /** Longest time it may be granted for, in milliseconds; null: only once. */
  readonly grantMs: number | null;
}

/** What is asked for: exactly one operation, by digest (L3). */
export interface AccessRequestSubject {
  readonly sessionId: string;
  readonly identity: Identity;
  readonly target: string;
  readonly mode: AskMode;
  /**
   * Hex, over text, parameters, target, subject, actor and policy version. Of a hold it is the session's own; of mode
   * `return` it is keyed by the gateway and the same in every session.
   */
  readonly digest: string;
  /** Shown to approvers: exactly what would run. Kept in the store, never logged. */
  readonly text: string;
  readonly form: string;
  /** How many parameter values are bound, and their text form for approvers (bounded). */
  readonly parameters: readonly string[];
  readonly requirements: readonly ApprovalRequirement[];
  /** Why policy asks. */
  readonly reason: string;
  readonly shown: Shown;
  /** The evaluations that need people: what a grant is for. */
  readonly scope: readonly Pick<Question, 'action' | 'resource'>[];
}

/** How an access request ended. Only `approved` leads back to decide. */
export type AccessRequestEnding =
  | {
      readonly state: 'approved';
      readonly approvals: readonly ApprovalRequirement[];
      /** Who approved, by subject. */
      readonly by: readonly string[];
    }
  | { readonly state: 'denied'; readonly reason: string; readonly by: string }
  | { readonly state: 'expired' | 'cancelled' | 'failed' };

/** The hold's side of an access request. */
export interface PendingAccess {
  readonly id: string;
  readonly expiresAt: number;
  /** Never rejects. */
  readonly ended: Promise<AccessRequestEnding>;
  /** The client went away. Does nothing once ended. */
  cancel(): void;
  /**
   * Uses the approval up, once, for exactly this digest. False when it was used, expired or bound to another, and when
   * whoever approved does not count any more.
   */
  redeem(digest: string): boolean;
}

/** Where an access request of mode `return` stands, told to whoever sends the operation again. */
export type Answer =
  | { readonly state: 'pending'; readonly id: string; readonly expiresAt: number }
  | { readonly state: 'denied'; readonly id: string; readonly by: string; readonly reason: string }
  | {
      readonly state: 'approved';
      readonly id: string;
      readonly approvals: readonly ApprovalRequirement[];
      readonly by: readonly string[];
      /** As `PendingAccess.redeem`; nobody who approved may be the same party as whoever uses it. */
      redeem(digest: string, redeemer: Identity): boolean;
    };

/** What the data path does with the room. */
export interface Approvals {
  /** Somebody was authenticated: who lost the group they approved with does not count any more. */
  seen(identity: Identity): void;
  /** Random for each run of the gateway: what digests of mode `return` are keyed with. A secret. */
  readonly digestKey: string;
  /** Opens an access request that somebody holds an operation for. Throws Fault `limit-exceeded` or `audit-unavailable`. */
  open(subject: AccessRequestSubject): PendingAccess;
  /** What became of the access request for exactly this, or null when there is none to be told of. */
  answer(digest: string): Answer | null;
  /** The pending access request for exactly this, opened when there is none. Throws like `open`. */
  ask(subject: AccessRequestSubject): Answer;
  /** What was granted to this identity at this target and stands now. */
  standing(identity: Identity, target: string): readonly Approved[];
  /** An operation was permitted on these grants. */
  used(grants: readonly string[]): void;
  /** Why this person may not break glass now, in words for them; null when they may. */
  breakGlassObjection(identity: Identity): string | null;
  /**
   * Puts on record that somebody goes ahead without waiting, and opens the review. Gives its id; throws Fault `limit-exceeded` or
   * `audit-unavailable`, and then they may not.
   */
  breakGlass(subject: AccessRequestSubject, groups: readonly string[]): string;
}

/** How a decision came here, beside who made it. */
export interface DecidedThrough {
  /** What the person used, when it was not the control plane itself. */
  readonly channel?: 'slack';
  /** That they proved to be who they are, for exactly this; made by the room that verifies it. */
  readonly stepUp?: { readonly kind: 'webauthn'; readonly credential: string };
}

/** Looks on as people are asked. It is told after the fact, and whatever it throws changes nothing. */
export interface AccessRequestObserver {
  opened(request: AccessRequestView): void;
  ended(request: AccessRequestView): void;
}

/** One person's word on an access request. */
export interface AccessDecision {
  readonly approver: string;
  readonly approverName: string;
  readonly verdict: 'approve' | 'deny';
  readonly reason: string;
  readonly decidedAt: number;
  /** For how long it may be done again, in milliseconds; null: once. */
  readonly grantMs: number | null;
  /** When it stopped counting, because this person may not decide any more; null while it counts. */
  readonly withdrawnAt: number | null;
}

/** An access request as people see it. Times are milliseconds since the epoch. */
export interface AccessRequestView {
  readonly id: string;
  readonly sessionId: string;
  readonly subject: string;
  readonly displayName: string;
  readonly actor: string | null;
  readonly task: string | null;
  /** The task token it was asked with, and the actors that was handed on by; null and empty for any other token. */
  readonly tokenId: string | null;
  readonly delegation: readonly string[];
  readonly target: string;
  readonly mode: AskMode;
  readonly digest: string;
  /** Exactly what would run; null once erased. */
  readonly text: string | null;
  readonly form: string;
  readonly parameters: readonly string[] | null;
  readonly requirements: readonly ApprovalRequirement[];
  readonly reason: string;
  readonly shown: Shown;
  readonly state: AccessRequestState;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly endedAt: number | null;
  readonly redeemedAt: number | null;
  readonly decisions: readonly AccessDecision[];
  /** Whether the viewer could decide it now. */
  readonly decidable: boolean;
}

/** Who asked for something, as far as it is known of a request, an approval or a grant. */
export interface Requester {
  readonly subject: string;
  readonly actor: string | null;
  readonly aliases: readonly string[];
  readonly target: string;
  /** Absent of a grant: it belongs to no session. */
  readonly sessionId?: string;
  /** Absent of a grant: it is for any task. */
  readonly task?: string | null;
  /** With which token they asked. Absent of a grant: it is for any token of theirs. */
  readonly identity?: Identity;
}

/** Who approved something. */
export interface Approver {
  readonly subject: string;
  readonly aliases: readonly string[];
  /** With which token they approved. Absent of a grant that stands since then. */
  readonly identity?: Identity;
}

export interface AccessRequestFilter {
  readonly state?: AccessRequestState;
  readonly limit?: number;
  /** Only what comes after this, newest first. */
  readonly before?: Position;
}

export interface AccessRequestPage {
  readonly found: readonly AccessRequestView[];
  /** Where to go on; null when there is no more. */
  readonly next: Position | null;
}

/** Both sides of access requests: the data path opens them, people decide them. */
export interface ApprovalRoom extends Approvals {
  readonly grants: GrantRoom;
  readonly reviews: ReviewRoom;
  /** How many wait. */
  readonly pending: number;
  /** Reads what stands from the store. Call it once, before anything is decided. */
  load(): Promise<void>;
  /** What this viewer may see, newest first: their own, and those they could decide. */
  list(viewer: Identity, filter?: AccessRequestFilter): Promise<readonly AccessRequestView[]>;
  /** The same, one page after another. */
  page(viewer: Identity, filter: AccessRequestFilter): Promise<AccessRequestPage>;
  /** Rejects with Fault `not-found`, also when the viewer may not see it. */
  get(id: string, viewer: Identity): Promise<AccessRequestView>;
  /**
   * Takes a seat. Rejects with Fault `not-found`; `not-permitted` when this person may not decide it, or not grant it for so
   * long; `step-up-required` when policy wants a passkey and `through` has no proof of one; `conflict` when it is not pending or the person sits already; `limit-exceeded` when a reason is needed or too long;
   * `audit-unavailable` when the decision cannot be logged, and then it does not count.
   * With `grantMs` they agree that it may be done again for that long; it counts when everybody who sits agrees.
   */
  approve(
    id: string,
    approver: Identity,
    reason?: string,
    grantMs?: number | null,
    through?: DecidedThrough,
  ): Promise<AccessRequestView>;
  /** Ends it for everyone. Rejects like `approve`; a reason is required (`limit-exceeded` when it is too long or empty). */
  deny(id: string, approver: Identity, reason: string, through?: DecidedThrough): Promise<AccessRequestView>;
  /** The requester does not want it any more. Rejects with Fault `not-found`, `not-permitted` or `conflict`. */
  cancel(id: string, requester: Identity): Promise<AccessRequestView>;
  /** Cancels whatever these asked for, takes back what was approved and not used, and ends their grants. Gives how many. */
  cancelWhere(matches: (requester: Requester) => boolean, why: string): number;
  /** What these people approved counts no more: seats, approvals that were not used, grants. Gives how many. */
  withdrawApprovalsOf(matches: (approver: Approver) => boolean, why: string): number;
  /** People who approved with these identities have no more than these groups: as if they were seen with them. */
  groupsLost(matches: (identity: Identity) => boolean, groups: readonly string[]): void;
  /** Fails what is pending and waits until the store has everything. */
  close(): Promise<void>;
}
