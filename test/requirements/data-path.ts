/** What the data path promises, one sentence each. */
export const dataPathRequirements = {
  'data-path.ended': 'A session that ended gets no permit, at whatever point of judging it ended.',
  'data-path.policy-race':
    'A decision or an approval under a policy that was replaced meanwhile permits nothing.',
  'data-path.gone': 'An approval that comes when the client is gone is not used.',
  'data-path.broken': 'Whatever breaks while something is judged is a deny, and leaves nobody waiting.',
  'data-path.admission':
    'A revocation or a policy change also finds the session that is still logging in to its target.',
  'data-path.listeners': 'Memory of a session does not grow with the holds it had.',
  'data-path.shown': 'No two bound values look the same to an approver.',
  'data-path.ends-paced':
    'Sessions that end at once are put on record a few in each turn of the event loop, so that what they run is stopped meanwhile.',
  'data-path.one-write': 'What one turn of the loop sends to a target leaves as one write, in order.',
  'data-path.limit-rows': 'No more rows of one operation arrive than policy permits, in however many pieces.',
  'data-path.limit-bytes': 'No more bytes of a reply arrive than policy permits.',
  'data-path.limit-time':
    'What takes longer than policy permits is stopped at the target, and the client told why.',
  'data-path.limit-rate':
    'No more operations are permitted in a minute than policy says, over all sessions of a caller.',
  'data-path.limit-sync':
    'After a reply that was cut the client and the target agree on where they are, and the session goes on.',
  'data-path.limit-recorded': 'The limits of an operation, and what went over them, are in the audit log.',
  'data-path.limit-regate': 'A limit made tighter bites what is under way.',
  'data-path.failed-logins':
    'An address whose credentials were rejected too often in a minute is refused before its next one is looked at.',
} as const;
