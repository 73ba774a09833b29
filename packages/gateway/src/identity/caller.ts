import { createHash } from 'node:crypto';
import type { GroupsFrom, Identity } from './identity.ts';

/** What the name of an application begins with that a token was issued to, among aliases. */
export const CLIENT_ALIAS = 'client:';

/**
 * Which token says the groups of this identity: its own, and of a task token the issuer's token that it was made from. A newer
 * token of the same caller says what is left of them.
 */
export function groupsFrom(identity: Identity): GroupsFrom {
  return identity.groupsFrom ?? ownGroups(identity);
}

/** Asked at every use of a token, of identities that never change: the digest is made once for each. */
const own = new WeakMap<Identity, GroupsFrom>();

function ownGroups(identity: Identity): GroupsFrom {
  const known = own.get(identity);
  if (known !== undefined) return known;
  const from = Object.freeze({ caller: callerOf(identity), issuedAt: identity.issuedAt });
  own.set(identity, from);
  return from;
}

/** A subject with an actor, a task and the applications its token was issued to. */
function callerOf({ subject, actor, task, aliases }: Identity): string {
  const clients = aliases.filter((alias) => alias.startsWith(CLIENT_ALIAS)).sort();
  return createHash('sha256')
    .update(JSON.stringify([subject, actor, task, clients]))
    .digest('base64url');
}
