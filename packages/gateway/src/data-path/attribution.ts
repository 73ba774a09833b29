import type { AuditEntry } from '../audit/index.ts';
import type { Identity } from '../identity/index.ts';

type Attributed = Pick<Identity, 'subject' | 'actor' | 'task' | 'tokenId' | 'delegation' | 'scope'>;

/** Who it is that an entry is about; with a task token also which, and through whose hands it came. */
export function attributionOf(
  identity: Attributed,
): Pick<AuditEntry, 'subject' | 'actor' | 'task' | 'tokenId' | 'delegation'> {
  const { subject, actor, task } = identity;
  return { subject, actor, task, ...handedTo(identity) };
}

export function handedTo({
  tokenId,
  delegation,
  scope,
}: Attributed): Pick<AuditEntry, 'tokenId' | 'delegation'> {
  return scope === null ? {} : { tokenId, delegation };
}
