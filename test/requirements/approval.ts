/** What the approval room promises. */
export const approvalRequirements = {
  'approval.states': 'An access request leaves pending once, and no other state ever changes.',
  'approval.person': 'A machine never approves, and neither does a person’s agent.',
  'approval.not-own': 'Nobody decides their own access request, under any of their names.',
  'approval.group': 'Only members of a group that policy names can decide.',
  'approval.seats':
    'One person fills one seat, under any of their names and in any of their groups; all seats must be filled.',
  'approval.redeem': 'An approval is used once, for exactly its digest, and not after it ran out.',
  'approval.expiry': 'What nobody decided in time expires, and cannot be decided after.',
  'approval.holder': 'When the holder goes away, or the gateway restarts, what was pending is over.',
  'approval.audit':
    'Every opening and every decision is in the audit log before it counts, without the operation text.',
  'approval.visible':
    'An agent sees only its own access requests; people see those they asked for or could decide.',
  'approval.limits': 'Going over a limit on access requests is an error that names it.',
  'approval.store': 'An access request that cannot be kept fails; nobody waits for it.',
  'approval.disguises':
    'No other account, spelling or issuer of one person counts as another person, and no machine as one.',
} as const;
