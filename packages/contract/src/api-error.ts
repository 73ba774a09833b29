import { problemSchema } from './schemas.ts';

/** What the gateway said no with, or why it could not be asked. `status` is 0 when there was no HTTP answer. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** The gateway's code, or `unreachable`, `bad-answer`, `bad-address`. */
  readonly code: string;

  constructor(status: number, code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.status = status;
    this.code = code;
  }
}

/** Reads an answer that is not a success; anything may have answered. */
export function apiErrorOf(status: number, body: string): ApiError {
  try {
    const problem = problemSchema.parse(JSON.parse(body));
    return new ApiError(status, problem.code, problem.detail);
  } catch (cause) {
    return new ApiError(status, 'bad-answer', `The gateway answered with status ${status} and no reason.`, {
      cause,
    });
  }
}
