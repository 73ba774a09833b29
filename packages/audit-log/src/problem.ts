/** What can be found wrong with a log, and where. */
import type { Place } from './log-error.ts';

/** Closed: every code is listed here. */
export type LogProblemCode =
  /** Bytes that are no entry: a changed length, checksum or content, or a write cut short that others follow. */
  | 'bytes-changed'
  /** An entry that is not in the one form the log writes. */
  | 'entry-not-canonical'
  | 'entry-missing'
  /** An entry stands where a later one should: it is there twice, or was moved. */
  | 'entry-repeated'
  /** An entry is older than the one before it. */
  | 'entry-time'
  | 'segment-missing'
  /** A segment says it begins with an entry that was there already. */
  | 'segment-repeated'
  /** The log ends before entries that are signed. */
  | 'cut-off'
  /** The entries are not those that were signed. */
  | 'rewritten'
  /** Two signed checkpoints contradict each other: somebody with the key wrote two histories. */
  | 'forked'
  /** A checkpoint is not what the key signed. */
  | 'checkpoint-changed'
  /** A checkpoint over no more entries than the one before it. */
  | 'checkpoint-replayed'
  /** A checkpoint signed with another key. */
  | 'foreign-key';

export interface LogProblem extends Place {
  readonly code: LogProblemCode;
  readonly reason: string;
}

/** Thrown inside the verification at the first problem. */
export class ProblemFound extends Error {
  override readonly name = 'ProblemFound';
  readonly problem: LogProblem;

  constructor(problem: LogProblem) {
    super(problem.reason);
    this.problem = problem;
  }
}

export function fail(code: LogProblemCode, { file, offset }: Place, reason: string): never {
  throw new ProblemFound({ code, file, offset, reason });
}
