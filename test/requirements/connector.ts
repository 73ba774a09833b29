/** What the connector promises; every id is proved by a test that names it. */
export const connectorRequirements = {
  'connector.auth-methods':
    'Logs in with trust, password, md5, SCRAM-SHA-256, SCRAM-SHA-256-PLUS and client certificate, under every TLS mode that allows it.',
  'connector.wrong-credential': 'A wrong or missing credential is a fault that says so and shows no secret.',
  'connector.tls-trust': 'A server with another authority or another name is not given the credential.',
  'connector.channel-binding':
    'SCRAM is bound to the TLS connection where the server offers it, and always when required.',
  'connector.server-proof': 'A server that cannot prove it knows the credential is refused.',
  'connector.cleartext':
    'The password goes in clear only to a verified server, to loopback, or where it is configured.',
  'connector.cancel': 'Cancel stops the statement that this connection runs, and only that.',
  'connector.startup': 'Role, encoding and replication are set by the connector, never by a client.',
  'connector.read-only':
    'A read-only connection is read-only at the server from its start, with a credential of its own where one is configured.',
  'connector.hostile-target':
    'Whatever a target sends during login ends in a fault, in bounded time and memory.',
  'connector.no-echo': 'No fault holds the credential, the address, or text the target sent.',
  'connector.early-bytes': 'Bytes that arrive with the end of the login are delivered, once and in order.',
  'connector.private-memory': 'Bulk replies to several slow readers at once arrive unchanged.',
  'connector.backpressure': 'A paused connection delivers nothing until it is resumed, and loses nothing.',
  'connector.close': 'The end of a connection is reported once, with a fault when it broke.',
  'connector.secret-place':
    'A secret is read from its file or variable at each login and is refused in the configuration.',
  'connector.config': 'The configuration section has safe defaults and errors that say what is allowed.',
  'connector.abort': 'Giving up on a login, or its time running out, ends it and closes the socket.',
} as const;
