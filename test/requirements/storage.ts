/** What the store promises, the embedded one and the one on PostgreSQL. */
export const storageRequirements = {
  'storage.private': 'The embedded store is readable by its owner only.',
  'storage.forward-only':
    'A store of a newer gateway is refused, and says so; the same store opens again with everything in it.',
  'storage.retention':
    'Operation text is erased, in the file too, and rows are removed when their time is over; open ones stay.',
  'storage.restart':
    'What an earlier run of a gateway left open is ended at its start, and nothing of other gateways.',
  'storage.fault': 'A store that cannot be used is a fault that says so.',
  'storage.plain-text': 'Text of any content is stored and found as it is, never as part of a query.',
  'storage.order': 'Listings are in one order on every store, whatever the language of its server.',
  'storage.asked': 'What one gateway asks of another is asked once and taken once.',
  'storage.seats': 'Two decisions never have one seat of an access request.',
  'storage.bus':
    'Word reaches every gateway over the store, and what was lost while one was away is looked for.',
  'storage.migration-lock': 'Gateways that start at once bring the store up to date one after the other.',
  'storage.replica-name': 'The name of a gateway over a shared store is its own, for as long as it runs.',
  'storage.password': 'The password of the store is read from a file or a variable, and is in no fault.',
  'storage.no-rows-in-faults': 'What the server of the store says of a row does not leave the storage room.',
  'storage.tls':
    'A store that is not on loopback is reached over TLS only, and its authority and name are checked.',
  'storage.least-rights': 'A role that owns one schema, and nothing else, is enough.',
  'storage.schema': 'Only the tables of its schema are the store, whatever else is in the database.',
  'storage.outage':
    'While the store is away what needs it is denied at once and with a clear error, all else goes on, and it is used again without a restart.',
  'storage.seals':
    'A sealed row is known for what it is after a restart, on every gateway that has the key and heard of what ended, and on no other.',
  'storage.seal-key':
    'Gateways that share a store and have passkeys or Slack do not start without the key they all seal with.',
  'storage.sessions-together':
    'Sessions that start or end at once are written together; one that the store does not take keeps no other from it.',
  'storage.bounded': 'No work piles up while the store is away: going over the limit is an error.',
} as const;
