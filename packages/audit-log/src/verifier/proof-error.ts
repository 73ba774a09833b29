/** Why a proof does not prove. Closed: every code is listed here. */
export type ProofErrorCode =
  /** The public key, or that of a witness, is none. */
  | 'key-malformed'
  /** The file is not a proof in the form of docs/audit-log-format.md. */
  | 'proof-malformed'
  /** A checkpoint is not signed by the key that was given, nor by one that follows from it. */
  | 'not-signed'
  /** The entry is not at its place in the tree under the checkpoint. */
  | 'not-included'
  /** The checkpoint is not over a tree that only grew from the earlier one. */
  | 'not-consistent'
  /** The proof does not speak of the earlier checkpoint that was given. */
  | 'not-from-known'
  /** Too few of the witnesses that were given have signed. */
  | 'not-witnessed';

export class ProofError extends Error {
  override readonly name = 'ProofError';
  readonly code: ProofErrorCode;

  constructor(code: ProofErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
