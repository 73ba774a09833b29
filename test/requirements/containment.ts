/** What containment promises. */
export const containmentRequirements = {
  'containment.kinds':
    'A revoked subject, actor, task, token, target, connector or session ends every session that has it, no other, and lets nothing in with it.',
  'containment.states':
    'A session ends with the reason in its protocol’s own error whatever it is in: idle, starting, held, replying, copying, in a transaction.',
  'containment.stopped':
    'What ran at the target for an ended session stops there, its transaction is rolled back, and nothing more is sent.',
  'containment.others': 'Ending a session leaves what others are in the middle of alone.',
  'containment.names':
    'A revocation finds who it is about under another spelling, issuer, agent or chain of agents.',
  'containment.tokens':
    'A revoked token is refused however its signature is written, with every token exchanged for it, though it was verified a moment ago.',
  'containment.restart':
    'What is revoked is revoked after a crash, with the store lost or put back from a copy; what cannot be known keeps the gateway from starting.',
  'containment.no-proof':
    'A log or a store that cannot be written keeps nothing open, is said, and is made up for; lifting needs the log.',
  'containment.lift':
    'A revocation is lifted by a person who is an operator and whom it is not about, and by nobody else.',
  'containment.approvals':
    'What the revoked asked for is cancelled, and what they approved before does not count.',
  'containment.replicas': 'What is revoked or lifted on one gateway is so on all that share its store.',
  'containment.sign-in':
    'Whoever is revoked signs in nowhere, and is signed out everywhere at once, whatever they were signed in by.',
  'containment.groups':
    'When a newer token of a caller has fewer groups, sessions on older ones end and older ones are refused.',
  'containment.readers': 'Whoever reads a recording when they are revoked gets no more of it.',
  'containment.limits': 'Over the limit of revocations sessions end all the same, and that is said.',
  'containment.quarantine': 'What a name is of is told where it can be, and asked for where it cannot.',
  'containment.cli':
    'Revoking, quarantining, lifting and ending many sessions work from the command line, with counts, exit codes and words on what to do.',
  'connector.let-go':
    'A connection that is abandoned sends nothing that waits, and has the target stop all it runs for it, or says that it did not.',
} as const;
