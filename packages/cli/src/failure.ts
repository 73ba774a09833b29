/** What the command exits with; documented in "sallyport --help". */
export const exitCode = {
  ok: 0,
  /** It was tried and did not work: unreachable, damaged, a policy that is wrong. */
  failed: 1,
  /** It was not tried: arguments or configuration cannot be used. */
  usage: 2,
  /** The gateway said no: not signed in, not permitted, not found, already decided. */
  refused: 3,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** An end of the command with words for whoever typed it. May hold text of others: it is made inert when shown. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: ExitCode;

  constructor(code: ExitCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
