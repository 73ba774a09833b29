/** Named limits (L10); each is documented in docs/configuration.md with its default. */
export interface Limits {
  /** Largest single message from a client, in bytes. */
  readonly messageBytes: number;
  /** Largest single message from a target, in bytes. */
  readonly replyMessageBytes: number;
  /** Longest statement or request head that is parsed, in bytes. */
  readonly statementBytes: number;
  /** Most bytes queued for one client that waits for a decision. */
  readonly queueBytes: number;
  /** Most operations a client may have under way at once on one connection. */
  readonly pipelinedOperations: number;
  /** Prepared statements, portals and cursors remembered for one session. */
  readonly namedStatements: number;
  /** Time from accept to a complete credential, in milliseconds. */
  readonly handshakeMs: number;
}
