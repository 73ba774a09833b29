/** What no order of messages gets past the PostgreSQL relay. */
export const relayRequirements = {
  'relay.oracle': 'Random conversations get the answers of a direct connection, and nothing that is hidden.',
  'relay.names': 'What is judged under the name of a statement, portal or cursor is what the server runs.',
  'relay.search-path': 'A prepared statement is judged under the search path it runs under.',
  'relay.mask': 'A masked value stays hidden in every form of result, error and copy.',
  'relay.copy': 'COPY data outside a COPY, and messages inside one, change nothing.',
  'relay.refused': 'What the gateway never carries is refused, and the session goes on.',
  'relay.limits': 'What a session has open or under way is bounded, and what is over is forgotten.',
} as const;
