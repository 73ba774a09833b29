import type { AuditEntry } from '../audit/index.ts';
import { Fault } from '../lib/fault.ts';
import type { Position } from '../storage/index.ts';
import type { HeldRequest } from './held-request.ts';
import { wantsStepUp } from './through.ts';

/** Ids of one millisecond have no order in time: memory and store agree on the one of their names. */
export function isOlder({ createdAt, id }: Pick<HeldRequest, 'createdAt' | 'id'>, than: Position): boolean {
  return createdAt < than.at || (createdAt === than.at && id < than.id);
}

export function entryFields(request: HeldRequest): Omit<AuditEntry, 'type'> {
  const { identity, sessionId, target, digest, form } = request.subject;
  const { subject, actor, task, tokenId, delegation, scope } = identity;
  const handed = scope === null ? {} : { tokenId, delegation };
  return { requestId: request.id, sessionId, subject, actor, task, ...handed, target, digest, form };
}

export function requestedFacts({ expiresAt, subject }: HeldRequest): NonNullable<AuditEntry['facts']> {
  const { mode, shown, requirements } = subject;
  return {
    expiresAt,
    mode,
    requirements: requirements.map((one) => `${one.seats} of ${one.group}`),
    ...(shown.stated === '' ? {} : { stated: shown.stated }),
    ...(wantsStepUp(subject) ? { stepUp: 'webauthn' } : {}),
  };
}

/** The same words whether it does not exist or is not theirs: ids cannot be probed. */
export function notFound(): Fault {
  return new Fault('not-found', 'There is no such access request, or it is not yours to see.');
}
