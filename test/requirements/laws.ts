/** The ten laws of SECURITY.md. Each is proved by tests of several rooms; each is a promise of its own. */
export const laws = {
  L1: 'Record, then act: nothing reaches a target without a permit, and a permit is made by appending the decision to the audit log first.',
  L2: 'Deny is where we start: what no policy permits, or nobody can understand, is denied in the protocol’s own error frame.',
  L3: 'An approval is evidence: bound to the exact operation, used once, expiring, never one’s own, and it leads back to a decision.',
  L4: 'Unmaskable is withheld: a reply that should be masked and cannot be is not delivered.',
  L5: 'One path: every way in goes through the same data path, so the same policy, masking, approval and recording apply.',
  L6: 'Tightening bites open sessions: what is revoked ends, or is judged again, in sessions that are open.',
  L7: 'Target credentials stay in the connector: not in the gateway’s log, not with the client, not in the store.',
  L8: 'Both sides are hostile: target traffic is as untrusted as client traffic.',
  L9: 'Anyone can verify: with the public key alone, that the log only grew, and that recordings are whole and none is missing.',
  L10: 'Everything has a limit, and going over it is an error, or a wait, and never unbounded memory.',
} as const;
