import type { Identity } from '../identity/index.ts';
import type { ApprovalRequirement } from '../policy/index.ts';
import type { Shown } from './approval.ts';

/** Something that a person did without waiting, which another has to look at. Never leads to anything being permitted. */
export interface Review {
  readonly id: string;
  readonly sessionId: string;
  readonly subject: string;
  readonly displayName: string;
  readonly aliases: readonly string[];
  readonly target: string;
  readonly digest: string;
  /** Exactly what ran; null once erased. */
  readonly text: string | null;
  readonly form: string;
  readonly parameters: readonly string[] | null;
  /** Who would have been asked: their members close it. */
  readonly requirements: readonly ApprovalRequirement[];
  /** Why they did not wait, in their own words. */
  readonly reason: string;
  readonly shown: Shown;
  /** `overdue` is an alarm: whoever it is about cannot break glass meanwhile. */
  readonly state: 'open' | 'overdue' | 'closed';
  readonly openedAt: number;
  readonly dueAt: number;
  readonly closed: ReviewClosing | null;
  /** Whether the viewer could close it now. */
  readonly closable: boolean;
}

export type ReviewVerdict = 'justified' | 'not-justified';

export interface ReviewClosing {
  readonly at: number;
  /** By subject. */
  readonly by: string;
  readonly byName: string;
  readonly verdict: ReviewVerdict;
  readonly words: string;
}

/** Reviews as people see and close them. `all` is for those who see everybody's. */
export interface ReviewRoom {
  /** Newest first: about themselves, and those they could close. Only those that are not closed, unless `past`. */
  list(
    viewer: Identity,
    filter?: { readonly all?: boolean; readonly past?: boolean; readonly limit?: number },
  ): Promise<readonly Review[]>;
  /** Rejects with Fault `not-found`, also when the viewer may not see it. */
  get(id: string, viewer: Identity, all?: boolean): Promise<Review>;
  /**
   * Rejects with Fault `not-found`; `not-permitted` for whoever it is about and for those who would not have been asked;
   * `conflict` when it is closed; `limit-exceeded` without words; `audit-unavailable`.
   */
  close(id: string, reviewer: Identity, verdict: ReviewVerdict, words: string): Promise<Review>;
}
