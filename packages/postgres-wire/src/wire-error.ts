/** What can be wrong with bytes that claim to be PostgreSQL messages. Closed: every code is listed here. */
export type WireErrorCode =
  | 'length-below-minimum'
  | 'length-over-limit'
  | 'read-past-end'
  | 'string-not-terminated'
  | 'trailing-bytes'
  | 'invalid-utf8';

/** Bytes that break the protocol. The peer is hostile or broken: end the connection, never skip ahead. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code: WireErrorCode;

  constructor(code: WireErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
