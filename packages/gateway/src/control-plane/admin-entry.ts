import type { AuditEntry } from '../audit/index.ts';
import type { Identity } from '../identity/index.ts';

/** The audit entry of what somebody did, or tried to do, over the control plane. */
export function adminEntry(
  { subject, actor, task }: Pick<Identity, 'subject' | 'actor' | 'task'>,
  facts: NonNullable<AuditEntry['facts']>,
  about: Pick<AuditEntry, 'requestId' | 'sessionId' | 'target' | 'reason'> = {},
): AuditEntry {
  return { type: 'admin', subject, actor, task, ...about, facts };
}
