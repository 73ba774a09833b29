/** Where a detected value is. Reused between calls, so that scanning allocates nothing. */
export interface Span {
  start: number;
  end: number;
}

/**
 * Finds values of one data class in bytes an attacker may have chosen: every function is linear in what it reads,
 * and never reads outside [start, end).
 */
export interface Detector {
  /** The data class of what it finds. */
  readonly dataClass: string;
  /**
   * Four-byte windows (the first byte may be `?`, anything), of which at least one stands in or just before every
   * value found. Empty for a detector with its own way of suspecting: see suspicion.ts.
   */
  readonly windows: readonly string[];
  /** Length of the shortest value found: shorter texts are not looked at. */
  readonly leastBytes: number;
  /** Whether a value may be around the window whose last byte is at `at`. May say yes too often, never no wrongly. */
  confirms(bytes: Uint8Array, start: number, end: number, at: number): boolean;
  /** Puts the first value that begins at or after `from` in `span`; false when there is none. */
  find(bytes: Uint8Array, start: number, end: number, from: number, span: Span): boolean;
}
