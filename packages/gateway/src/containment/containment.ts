import type { AuditLog } from '../audit/index.ts';
import type { Identity, IdentityRoom } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { Bus, NewestGroupsTable, RevocationTable } from '../storage/index.ts';
import type { RevocationLog } from './recover.ts';
import type { Objection, Revocation, RevocationKind, Use } from './revocation.ts';
import type { ContainmentConfig } from './section.ts';

/** What somebody wants revoked. */
export interface Revoking {
  /** Null: whatever it is the name of, which only works where that can be told. */
  readonly kind: RevocationKind | null;
  readonly value: string;
  readonly reason: string;
  readonly quarantine: boolean;
}

export interface Revoked {
  readonly revocation: Revocation;
  /** Sessions it ended. */
  readonly ended: number;
  /** What did not work: it is in force all the same, and until when is said here. Safe to show. */
  readonly problems: readonly string[];
}

/** Told who stands on groups that are lost, and which groups are left; gives how many sessions it ended. */
export type GroupsLostListener = (
  standsOnLost: (identity: Identity) => boolean,
  groups: readonly string[],
) => number;

/** What may not be used any more (L6): whoever lets something in, or goes on serving it, asks here. */
export interface Containment {
  /** Grows with every revocation, and every group that may be lost: what was asked about at this number need not be asked about again until it grows. */
  readonly generation: number;
  /** Why this use is refused; null when nothing speaks against it. */
  objection(use: Use): Objection | null;
  /** The provider as doors are to use it: one that lets in nobody who is revoked. */
  guard(identity: IdentityRoom): IdentityRoom;
  /**
   * In force, and its sessions ended, before anything is awaited; then it is written down. A log or a store that cannot be
   * written keeps nothing open: see `problems`. Rejects with Fault `conflict` when the kind cannot be told, and
   * `limit-exceeded` when too much is revoked (its sessions are ended then too).
   */
  revoke(revoking: Revoking, by: Identity): Promise<Revoked>;
  /**
   * Rejects with Fault `not-found`; `not-permitted` for whoever it is about; `audit-unavailable` when it cannot be logged,
   * and then it stays in force.
   */
  lift(id: string, by: Identity, reason: string): Promise<Revocation>;
  /** Tells uses that have this name, or another of the same subject. */
  matcher(kind: RevocationKind, value: string): (use: Use) => boolean;
  /** What is in force, newest first. */
  list(): readonly Revocation[];
  /** Called at once for each new revocation, wherever it was made; gives how many sessions it ended. */
  onAdded(listener: (revocation: Revocation) => number): void;
  /** Called when a caller's newest token has lost a group; gives how many sessions it ended. */
  onGroupsLost(listener: GroupsLostListener): void;
  /** Takes over what another replica wrote to the store. */
  refresh(): Promise<void>;
  /** Tries once more to write down what could not be. */
  close(): Promise<void>;
}

export interface ContainmentDeps {
  readonly config: ContainmentConfig;
  readonly table: RevocationTable;
  readonly newestGroups: NewestGroupsTable;
  /** Between the gateways that share the table. */
  readonly bus: Bus;
  readonly audit: Pick<AuditLog, 'append' | 'synced'>;
  readonly log: RevocationLog;
  /** Folder of the log. */
  readonly directory: string;
  readonly clock: Clock;
  /** Names of the targets there are. */
  readonly targets: readonly string[];
  /** `bytes` random bytes as lower-case hex. */
  random(bytes: number): string;
  report(fault: unknown): void;
}
