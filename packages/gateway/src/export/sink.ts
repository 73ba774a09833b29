/** What every sink is: something that is given a batch, and acknowledges all of it or fails. */

/** One entry on its way out. */
export interface ExportEntry {
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly type: string;
  /** Whether it records that something was refused. */
  readonly denied: boolean;
  /** One line: the entry in the format of the export, as JSON. */
  readonly line: string;
}

export interface Batch {
  readonly first: number;
  readonly last: number;
  /** In the order of the log, none left out, at least one. */
  readonly entries: readonly ExportEntry[];
}

export interface Sink {
  /**
   * Resolves when the other end has all of the batch. Rejects with SinkFailure when it may not have: the batch is then sent
   * again, whole. Gives up when `signal` does.
   */
  send(batch: Batch, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/**
 * Why a batch was not acknowledged. The message goes to logs and to the status, so it holds only words of ours: never what the
 * other end said, a URL, or anything read from a file of secrets.
 */
export class SinkFailure extends Error {
  override readonly name = 'SinkFailure';
  /** The other end asked to be left alone this long. */
  readonly retryAfterMs: number;
  /** The status it answered; 0 when that is not what failed. */
  readonly status: number;

  constructor(
    message: string,
    { retryAfterMs = 0, status = 0 }: { readonly retryAfterMs?: number; readonly status?: number } = {},
  ) {
    super(message);
    this.retryAfterMs = retryAfterMs;
    this.status = status;
  }
}

/** Anything thrown, in words that hold no secret: the system's code at most. */
export function failureOf(what: string, error: unknown): SinkFailure {
  if (error instanceof SinkFailure) return error;
  if (error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError'))
    return new SinkFailure(`${what}: it did not answer in time`);
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return new SinkFailure(
    `${what} (${code !== undefined && /^[A-Z0-9_]{1,64}$/.test(code) ? code : 'no reason given'})`,
  );
}
