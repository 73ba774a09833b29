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
  'approval.return':
    'Who does not wait is refused with an id at once; the identical operation of the same identity runs once after the approval, over any connection, and nothing else does.',
  'approval.return-join':
    'The identical operation asked again while people decide joins the request and cannot change it.',
  'approval.deny-reason': 'The reason of a denial reaches whoever waits and whoever comes back.',
  'approval.http': 'Over HTTP who does not wait gets a 403 with the id, where to look and when to come back.',
  'approval.task': 'Whoever asked can look where it stands, in the form of AuthZEN’s profile.',
  'approval.cancel': 'Whoever asked can cancel an access request, and nobody else.',
  'approval.reason':
    'Where policy wants a reason, none is a denial that says how to give one; it is shown inert and recorded.',
  'approval.reason-required': 'Where the configuration wants it, people say why they approve.',
  'approval.shown':
    'People see exactly what would run, what it touches, rows, risk, policies, who asks, why, and what they did before; bounded.',
  'approval.terms':
    'Annotations that cannot be honoured are refused: a grant, a reason or breaking glass only beside an approval.',
  'approval.grant':
    'A grant is given only where policy permits, by everybody who sits, for the shortest time agreed, for what was asked about and nothing else.',
  'approval.grant-use': 'Each operation on a grant is a new decision, and its entry names the grant.',
  'approval.grant-ends':
    'A grant that runs out, is revoked, or whose policy offers it no more, permits nothing, also not what was being decided.',
  'approval.grant-restart': 'Grants and reviews survive a restart of the gateway.',
  'approval.grant-sealed': 'A grant in the store that this gateway did not seal grants nothing.',
  'approval.break-glass':
    'A person of the group policy names goes ahead with a reason, on record and with a review open first; an agent never does.',
  'approval.review':
    'Another person of those who would have been asked closes a review; overdue it is an alarm, and its person cannot break glass.',
  'approval.withdrawn':
    'Approvals of people who lost the group or were revoked before they were used count no more, and their grants end when they are revoked.',
  'approval.ten-ways': 'The two-person rule stands against each of the ways around it that are known.',
  'approval.many': 'Thousands of access requests may be pending, and listing stays as quick.',
} as const;
