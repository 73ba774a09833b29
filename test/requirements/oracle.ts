/** What is promised of understanding statements, with the server itself as the judge. */
export const oracleRequirements = {
  'oracle.agrees':
    'Whatever relation a server touches and whatever function it runs for a statement is among what policy is asked, with an action that covers it, or the statement is undetermined.',
  'oracle.server': 'What a server says it touched is read from its locks, counters and event triggers.',
  'oracle.benign':
    'Of what clients send while they read, at most one in a hundred is denied to whoever may read everything, and nothing is undetermined without a reason.',
  'oracle.attacks':
    'No statement of the corpus of attacks is permitted to an agent under the starter policies: it is denied, or held for people.',
  'oracle.bounds':
    'A text made to exhaust whoever reads it is refused with a reason, in bounded time and memory, and the next one is understood.',
} as const;
