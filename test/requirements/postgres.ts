/** What the PostgreSQL protocol promises. */
export const postgresRequirements = {
  'postgres.startup':
    'Protocol 3.0 and 3.2 start-ups are read within their bounds; anything else is refused.',
  'postgres.startup-parameters':
    'A start-up parameter that is not known to be harmless is refused, also inside options.',
  'postgres.cancel': 'A cancel request stops the session whose key it carries, and no other.',
  'postgres.exchange':
    'A target may only say what the messages it owes answers to allow; anything else ends the session.',
  'postgres.names': 'A statement or portal name counts as changed only once the target confirms it.',
} as const;
