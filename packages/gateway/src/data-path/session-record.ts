import type { Identity } from '../identity/index.ts';
import type { TargetLink } from '../protocols/protocol.ts';
import type { RecordingHeader } from '../recording/index.ts';
import { attributionOf } from './attribution.ts';
import { conceal } from './reveal.ts';
import type { Session } from './session.ts';

/** Puts the session on the record: in the log, in the registry that revocation looks in, and as a recording. */
export function openSession(session: Session): void {
  const { house, id: sessionId, identity, target, facet, client, context, salt, startedAt } = session;
  const { protocol } = context;
  house.sessions.add(session);
  try {
    house.audit.append({
      type: 'session-started',
      sessionId,
      ...attributionOf(identity),
      target,
      protocol,
      facts: { facet, client, secure: context.secure, access: context.access },
    });
    session.recording = house.recorder.begin({
      sessionId,
      startedAt,
      identity: recorded(identity),
      target,
      facet,
      protocol,
      client,
      salt,
      secure: context.secure,
    });
  } catch (fault) {
    house.report(fault);
    session.end('audit-unavailable', 'the session cannot be recorded', 'try again later');
  }
}

/** What a recording has of an identity: what decisions were made of. */
function recorded(identity: Identity): RecordingHeader['identity'] {
  const {
    subjectAliases: _subjectAliases,
    issuerTokenId: _issuerTokenId,
    issuedAt: _issuedAt,
    groupsFrom: _groupsFrom,
    ...rest
  } = identity;
  return rest;
}

/** Takes it off again. Never rejects: whatever fails here is reported, and the session is over all the same. */
export async function closeSession(session: Session, link: TargetLink): Promise<void> {
  const { house, id: sessionId, identity, target, context } = session;
  const reason = session.ending?.reason ?? 'the client or the target closed the connection';
  link.close();
  session.end('session-ended', reason, '');
  house.sessions.remove(session, reason);
  conceal(session, 'the session ended');
  // A thousand may end at once, and what they run is to be stopped at their targets meanwhile.
  await house.sessions.inTurn();
  await session.recording?.end(reason).catch(house.report);
  try {
    house.audit.append({
      type: 'session-ended',
      sessionId,
      ...attributionOf(identity),
      target,
      protocol: context.protocol,
      reason,
      facts: { operations: session.operations },
    });
  } catch (fault) {
    house.report(fault);
  }
}
