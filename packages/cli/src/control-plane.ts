import { ApiError, type ControlPlaneClient, createClient } from '@sallyport/contract';
import type { Command } from 'commander';
import { DEFAULT_URL } from './address.ts';
import { exitCode, Failure } from './failure.ts';
import type { Terminal } from './terminal.ts';
import { readToken } from './token.ts';

export { DEFAULT_URL } from './address.ts';

/** Rows asked for at a time, of a listing that is followed to its end. */
export const PAGE_ROWS = 500;
/** Most rows a command lists: more are read by nobody. */
export const MOST_ROWS = 10_000;

/** What every command that asks the gateway takes. */
export interface ControlPlaneOptions {
  readonly url?: string;
  readonly tokenFile?: string;
}

/** Adds those options to a command. */
export function withControlPlane(command: Command): Command {
  return command
    .option('--url <url>', `where the control plane is (default: SALLYPORT_URL, or ${DEFAULT_URL})`)
    .option(
      '--token-file <file>',
      'file with your access token, "-" for standard input (default: SALLYPORT_TOKEN_FILE, the login of "sallyport login", or ~/.config/sallyport/token)',
    );
}

/** Runs something with a client; what the gateway refuses becomes a Failure that says what to do. */
export async function asking<T>(
  options: ControlPlaneOptions,
  terminal: Terminal,
  ask: (client: ControlPlaneClient) => Promise<T>,
): Promise<T> {
  const { url, tokenFile } = options;
  const token = await readToken({ option: tokenFile, environment: process.env, url }, terminal);
  try {
    return await ask(createClient({ baseUrl: url ?? process.env.SALLYPORT_URL ?? DEFAULT_URL, token }));
  } catch (error) {
    if (error instanceof ApiError) throw explained(error);
    throw error;
  }
}

/** What the gateway said, as an end of the command that says what to do. */
export function explained(error: ApiError): Failure {
  const { status, code, message } = error;
  const failure = (exit: Failure['code'], advice: string) =>
    new Failure(exit, advice === '' ? message : `${message} ${advice}`, { cause: error });
  if (code === 'bad-address') return failure(exitCode.usage, '');
  if (code === 'unreachable') return failure(exitCode.failed, 'Name another with --url or SALLYPORT_URL.');
  switch (status) {
    case 400:
      return failure(exitCode.usage, '');
    case 401:
      return failure(exitCode.refused, 'Run "sallyport login", or get a fresh access token, and try again.');
    case 404:
      return failure(
        exitCode.refused,
        'See "sallyport requests --all" and "sallyport sessions" for what there is.',
      );
    case 403:
    case 409:
    case 421:
    case 422:
      return failure(exitCode.refused, '');
    case 429:
      return failure(exitCode.failed, 'Wait a minute.');
    default:
      return failure(exitCode.failed, '');
  }
}
