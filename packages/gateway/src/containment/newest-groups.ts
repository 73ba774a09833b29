import { type GroupsFrom, groupsFrom, type Identity } from '../identity/index.ts';
import { BoundedMap } from '../lib/bounded-map.ts';

/** What a caller's newest token says of their groups, as gateways over one store tell each other. */
export interface NewestGroupsOf extends GroupsFrom {
  readonly groups: readonly string[];
}

/** What a token says that was not known. */
export interface News {
  readonly newest: NewestGroupsOf;
  /** Whether others have to hear of it: it is the first of its caller, or has other groups than the one before. */
  readonly isTold: boolean;
  /**
   * Whether an identity stands on what was lost: the same caller, an older token, and a group that is gone. Null where
   * nothing was.
   */
  readonly standsOnLost: ((identity: Identity) => boolean) | null;
}

interface Newest {
  readonly issuedAt: number;
  readonly groups: ReadonlySet<string>;
}

/**
 * The groups each caller had in their newest token. A caller is a subject with an actor, a task and the clients the token
 * was issued to: tokens of different callers may well differ, and none of them is news about another. A task token has the groups of
 * the token it was made from, and loses them with it.
 */
export class NewestGroups {
  readonly #newest: BoundedMap<string, Newest>;

  constructor(most: number) {
    this.#newest = new BoundedMap(most);
  }

  /** Learns from a token. Null when it is not newer than any before. */
  learn(identity: Identity): News | null {
    return this.take({ ...groupsFrom(identity), groups: identity.groups });
  }

  /** Learns from what another gateway was shown. */
  take(newest: NewestGroupsOf): News | null {
    const { caller, issuedAt } = newest;
    const known = this.#newest.get(caller);
    if (known !== undefined && known.issuedAt >= issuedAt) return null;
    const groups = new Set(newest.groups);
    this.#newest.set(caller, { issuedAt, groups });
    // Unknown may mean forgotten: then sessions are looked at as well.
    const isLess = known === undefined || !within([...known.groups], groups);
    const isTold = isLess || !within(newest.groups, known.groups);
    const standsOnLost = (other: Identity): boolean => {
      const from = groupsFrom(other);
      return from.issuedAt < issuedAt && !within(other.groups, groups) && from.caller === caller;
    };
    return { newest, isTold, standsOnLost: isLess ? standsOnLost : null };
  }

  /** Whether a newer token of the same caller has fewer groups than this one. */
  isOutdated(identity: Identity): boolean {
    const { caller, issuedAt } = groupsFrom(identity);
    const known = this.#newest.get(caller);
    return known !== undefined && issuedAt < known.issuedAt && !within(identity.groups, known.groups);
  }
}

function within(groups: readonly string[], others: ReadonlySet<string>): boolean {
  return groups.every((group) => others.has(group));
}
