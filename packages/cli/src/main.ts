import { runProgram } from './program.ts';
import { processTerminal } from './terminal.ts';

/** Runs the command of this process; gives its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  // A reader that closes early, such as head, is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
  });
  return runProgram(args, processTerminal());
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
