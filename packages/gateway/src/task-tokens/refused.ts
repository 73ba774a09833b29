/** RFC 6749 section 5.2, RFC 7009 section 2.2.1, RFC 8693 section 2.2.2, RFC 9396 section 5 and RFC 9449 section 5. */
export type ExchangeError =
  | 'invalid_request'
  | 'invalid_target'
  | 'invalid_scope'
  | 'invalid_authorization_details'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'unsupported_grant_type'
  | 'unsupported_token_type'
  | 'temporarily_unavailable';

/** An exchange that is refused. Its message is told to the client, in fixed words and names that the client gave. */
export class ExchangeRefused extends Error {
  override readonly name = 'ExchangeRefused';
  readonly error: ExchangeError;
  /** What a further proof must carry, with `use_dpop_nonce`. */
  readonly nonce: string | null;

  constructor(error: ExchangeError, description: string, nonce: string | null = null) {
    super(description);
    this.error = error;
    this.nonce = nonce;
  }
}
