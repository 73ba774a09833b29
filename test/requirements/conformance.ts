/** What every protocol promises; test/conformance proves it for each. */
export const conformanceRequirements = {
  'conformance.read': 'A permitted operation runs once and its reply reaches the client.',
  'conformance.forbidden':
    'A forbidden operation never reaches the target; the client is told in the protocol’s own error frame with reason, evaluation id and hint, and the session goes on.',
  'conformance.undetermined': 'An operation whose effect cannot be told is refused, saying why.',
  'conformance.entry-first':
    'The decision to permit is in the audit log before the operation reaches the target.',
  'conformance.unauthenticated':
    'A bad or missing credential is refused in the protocol’s own frame, and recorded.',
  'conformance.unknown-target':
    'A target that does not exist is refused in the protocol’s own frame, and recorded.',
  'conformance.approved-once': 'A held operation that is approved runs exactly once.',
  'conformance.denied': 'A held operation that is denied is refused with the reason and never runs.',
  'conformance.disconnect-cancels': 'A client that goes away cancels its access request, and nothing runs.',
  'conformance.audit-failure':
    'While the audit log cannot be written every operation is denied and none forwarded.',
  'conformance.masked':
    'A classified value is masked in the reply, and the recording is what the client saw.',
  'conformance.revoked-idle': 'Ending a session closes its connection, also when it is idle.',
  'conformance.revoked-held': 'Ending a session refuses the operation that is held, and nothing runs.',
  'conformance.oversized':
    'A message over its limit is refused with the name of the limit, and not forwarded.',
  'conformance.garbage':
    'Bytes that are not the protocol are recorded and end the connection, and only that connection.',
  'conformance.truncated':
    'A conversation that stops after any byte leaves nothing open and nothing forwarded twice.',
  'conformance.split': 'A conversation that arrives split at any byte is understood as one that does not.',
  'conformance.interrupted':
    'A target that breaks off in the middle of a reply is a clean error for the client.',
  'conformance.hostile-target':
    'A target that does not speak the protocol is a clean error, and nothing of it is delivered.',
  'conformance.transcribe':
    'Showing a recorded reply never throws and never runs on, whatever bytes it holds.',
} as const;
