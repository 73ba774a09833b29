import type { Identity } from '../identity/index.ts';
import type { ApprovalRequirement } from '../policy/index.ts';
import type { Position } from '../storage/index.ts';

export type AccessRequestState = 'pending' | 'approved' | 'denied' | 'expired' | 'cancelled' | 'failed';

/** What is asked for: exactly one operation, by digest (L3). */
export interface AccessRequestSubject {
  readonly sessionId: string;
  readonly identity: Identity;
  readonly target: string;
  /** SHA-256, hex, over text, parameters, target, subject, actor and policy version. */
  readonly digest: string;
  /** Shown to approvers: exactly what would run. Kept in the store, never logged. */
  readonly text: string;
  readonly form: string;
  /** How many parameter values are bound, and their text form for approvers (bounded). */
  readonly parameters: readonly string[];
  readonly requirements: readonly ApprovalRequirement[];
  readonly reason: string;
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
  /** Uses the approval up, once, for exactly this digest. False when it was used, expired or bound to another. */
  redeem(digest: string): boolean;
}

export interface Approvals {
  open(subject: AccessRequestSubject): PendingAccess;
}

/** One person's word on an access request. */
export interface AccessDecision {
  readonly approver: string;
  readonly approverName: string;
  readonly verdict: 'approve' | 'deny';
  readonly reason: string;
  readonly decidedAt: number;
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
  readonly digest: string;
  /** Exactly what would run; null once erased. */
  readonly text: string | null;
  readonly form: string;
  readonly parameters: readonly string[] | null;
  readonly requirements: readonly ApprovalRequirement[];
  readonly reason: string;
  readonly state: AccessRequestState;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly endedAt: number | null;
  readonly redeemedAt: number | null;
  readonly decisions: readonly AccessDecision[];
  /** Whether the viewer could decide it now. */
  readonly decidable: boolean;
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

/** Both sides of access requests: the hold opens them, people decide them. */
export interface ApprovalRoom extends Approvals {
  /** How many wait. */
  readonly pending: number;
  /** What this viewer may see, newest first: their own, and those they could decide. */
  list(viewer: Identity, filter?: AccessRequestFilter): Promise<readonly AccessRequestView[]>;
  /** The same, one page after another. */
  page(viewer: Identity, filter: AccessRequestFilter): Promise<AccessRequestPage>;
  /** Rejects with Fault `not-found`, also when the viewer may not see it. */
  get(id: string, viewer: Identity): Promise<AccessRequestView>;
  /**
   * Takes a seat. Rejects with Fault `not-found`; `not-permitted` when this person may not decide it; `conflict` when it
   * is not pending or the person sits already; `audit-unavailable` when the decision cannot be logged, and then it does not count.
   */
  approve(id: string, approver: Identity, reason?: string): Promise<AccessRequestView>;
  /** Ends it for everyone. Rejects like `approve`; a reason is required (`limit-exceeded` when it is too long or empty). */
  deny(id: string, approver: Identity, reason: string): Promise<AccessRequestView>;
  /** After a revocation: cancels what the revoked asked for, and lets no approval of theirs count. */
  recheck(): void;
  /** Fails what is pending and waits until the store has everything. */
  close(): Promise<void>;
}
