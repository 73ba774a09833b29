import type { Identity } from '../identity/index.ts';
import type { ApprovalRequirement } from '../policy/index.ts';

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
  | { readonly state: 'approved'; readonly approvals: readonly ApprovalRequirement[] }
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
