/** What reading and writing PostgreSQL messages promises. */
export const postgresWireRequirements = {
  'wire.split': 'A stream of messages is cut the same however it was split into chunks.',
  'wire.length': 'A length below four or above the limit is refused before anything is allocated for it.',
  'wire.bounds': 'A reader never reads past the end of a message.',
  'wire.text': 'Text is valid UTF-8 and ends inside its message, or the message is refused.',
  'wire.round-trip': 'What the writer wrote, the readers read.',
} as const;
