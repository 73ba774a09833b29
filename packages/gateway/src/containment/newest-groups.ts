import type { Identity } from '../identity/index.ts';
import { BoundedMap } from '../lib/bounded-map.ts';

/** Groups that a caller had in an older token and has not in the newest. */
export interface GroupLoss {
  /** The newest token's. */
  readonly identity: Identity;
  /** Whether this identity stands on what was lost: the same caller, an older token, and a group that is gone. */
  standsOnLost(identity: Identity): boolean;
}

interface Newest {
  readonly issuedAt: number;
  readonly groups: ReadonlySet<string>;
}

/**
 * The groups each caller had in their newest token. A caller is a subject with an actor, a task and the clients the token
 * was issued to: tokens of different callers may well differ, and none of them is news about another.
 */
export class NewestGroups {
  readonly #newest: BoundedMap<string, Newest>;

  constructor(most: number) {
    this.#newest = new BoundedMap(most);
  }

  /** Learns from a token. A loss when it is newer than any before and sessions may stand on more than it has. */
  learn(identity: Identity): GroupLoss | null {
    const key = callerOf(identity);
    const known = this.#newest.get(key);
    const { issuedAt } = identity;
    if (known !== undefined && known.issuedAt >= issuedAt) return null;
    const groups = new Set(identity.groups);
    this.#newest.set(key, { issuedAt, groups });
    // Unknown may mean forgotten: then sessions are looked at as well.
    if (known !== undefined && [...known.groups].every((group) => groups.has(group))) return null;
    return {
      identity,
      standsOnLost: (other) =>
        other.issuedAt < issuedAt && !within(other.groups, groups) && callerOf(other) === key,
    };
  }

  /** Whether a newer token of the same caller has fewer groups than this one. */
  isOutdated(identity: Identity): boolean {
    const known = this.#newest.get(callerOf(identity));
    return (
      known !== undefined && identity.issuedAt < known.issuedAt && !within(identity.groups, known.groups)
    );
  }
}

function within(groups: readonly string[], others: ReadonlySet<string>): boolean {
  return groups.every((group) => others.has(group));
}

function callerOf({ subject, actor, task, aliases }: Identity): string {
  const clients = aliases.filter((alias) => alias.startsWith('client:')).sort();
  return JSON.stringify([subject, actor, task, clients]);
}
