/** What can be wrong with a log. Closed: every code is listed here. */
export type LogErrorCode =
  /** The directory, a segment or the keys cannot be opened or created. */
  | 'cannot-open'
  /** Another process has this log open. */
  | 'locked'
  /** Bytes that were acknowledged are missing or changed: tampering or a failing disk. Nothing is repaired. */
  | 'damaged'
  /** Entries asked for were removed from the log. */
  | 'gone'
  /** The entry could not be written; nothing was acknowledged, and a later append may succeed. */
  | 'write-failed'
  /** The disk did not confirm a sync: nothing is taken until all that was not confirmed is written anew. */
  | 'sync-failed'
  /** The entry cannot be expressed: a reserved key, a number that is not finite. */
  | 'entry-invalid'
  | 'entry-too-large'
  /** A key, a note or a checkpoint is not in the form its specification wants. */
  | 'note-invalid'
  /** No signed checkpoint is over the entry, or one that was given is not of this log. */
  | 'not-provable'
  | 'closed';

/** Where in the log something is wrong. */
export interface Place {
  readonly file: string;
  readonly offset: number;
}

export class LogError extends Error {
  override readonly name = 'LogError';
  readonly code: LogErrorCode;
  readonly place: Place | null;

  constructor(
    code: LogErrorCode,
    message: string,
    options?: { readonly cause?: unknown; readonly place?: Place },
  ) {
    super(message, options);
    this.code = code;
    this.place = options?.place ?? null;
  }
}

/** The system's own words for an error, such as `ENOSPC: no space left on device, write`. */
export function systemReason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
