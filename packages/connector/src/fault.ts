/**
 * What can go wrong between the connector and a target. Closed: every code is listed here.
 * Messages name the target and the remedy. They never hold a credential, an address, or text the target sent:
 * a hostile target would echo there what it was given.
 */
export type ConnectorFaultCode =
  /** No target of this name is configured. */
  | 'unknown-target'
  /** The request asks for something a login must not carry. */
  | 'request-invalid'
  /** A secret or certificate file (or variable) cannot be read. */
  | 'credential-unavailable'
  /** Name resolution or the TCP connection failed. */
  | 'unreachable'
  /** The target does not offer TLS and the configuration wants it. */
  | 'tls-unavailable'
  /** The target's certificate is not the one it should be. */
  | 'tls-untrusted'
  /** The TLS handshake failed for another reason, such as a client certificate the target refuses. */
  | 'tls-failed'
  /** The target refused the credential. */
  | 'login-refused'
  /** The target has no database of this name. */
  | 'no-such-facet'
  /** The target takes no more connections, is starting or is shutting down. */
  | 'target-busy'
  /** The target wants a way to log in that the connector does not have. */
  | 'authentication-unsupported'
  /** The target asks for the password in a way that would expose it. */
  | 'authentication-insecure'
  /** The target could not prove that it knows the credential. */
  | 'target-unproven'
  /** The target broke its protocol. */
  | 'protocol-violation'
  /** A named limit was exceeded. */
  | 'limit-exceeded'
  /** Connecting and logging in took longer than allowed. */
  | 'timeout'
  /** Whoever asked went away. */
  | 'aborted'
  /** The connection broke. */
  | 'connection-lost';

/** An exception with a code, about one target. */
export class ConnectorFault extends Error {
  override readonly name = 'ConnectorFault';
  readonly code: ConnectorFaultCode;
  readonly target: string;

  constructor(
    code: ConnectorFaultCode,
    target: string,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(`target ${JSON.stringify(target)}: ${message}`, options);
    this.code = code;
    this.target = target;
  }
}
