import type { Identity } from '../identity/index.ts';
import type { ApprovalRequirement } from '../policy/index.ts';
import type { Approver, Requester } from './approval.ts';

/** A standing, time-bounded permission to ask again without asking people: evidence for decisions while it stands. */
export interface Grant {
  readonly id: string;
  /** The access request that was approved as one. */
  readonly requestId: string;
  readonly subject: string;
  readonly displayName: string;
  readonly actor: string | null;
  /** People were shown a person or a machine, and it is for that: a machine with a person's token is not the person. */
  readonly kind: Identity['kind'];
  readonly target: string;
  readonly scope: readonly ScopeItem[];
  readonly approvals: readonly ApprovalRequirement[];
  readonly approvers: readonly (Approver & { readonly name: string })[];
  /** Every name its holder went by when it was given. */
  readonly aliases: readonly string[];
  /** Why they asked for it. */
  readonly reason: string;
  readonly grantedAt: number;
  readonly expiresAt: number;
  readonly endedAt: number | null;
  /** Why it ended before its time; null when it did not. */
  readonly endedWhy: string | null;
  /** Operations that were permitted on it. */
  readonly uses: number;
}

/** An action on a resource, however it is used. */
export interface ScopeItem {
  readonly action: string;
  readonly type: string;
  readonly path: readonly string[];
}

/** Grants as people see and end them. `all` is for those who see everybody's. */
export interface GrantRoom {
  /** Newest first: their own, and those of groups they are in. Only standing ones, unless `past`. */
  list(
    viewer: Identity,
    filter?: { readonly all?: boolean; readonly past?: boolean; readonly limit?: number },
  ): Promise<readonly Grant[]>;
  /** Rejects with Fault `not-found`, also when the viewer may not see it. */
  get(id: string, viewer: Identity, all?: boolean): Promise<Grant>;
  /** Ends it now: whoever may see it may. Rejects with Fault `not-found`, `conflict` when it is over, `limit-exceeded` without a reason. */
  revoke(id: string, viewer: Identity, reason: string, all?: boolean): Promise<Grant>;
  /** Called when a grant ends, however it does: what is under way at that target is to be judged again. */
  onChange(listener: (whose: Requester) => void): void;
}
