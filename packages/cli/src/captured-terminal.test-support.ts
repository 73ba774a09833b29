import { runProgram } from './program.ts';
import { createPaint } from './terminal.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line in this process, as if on a wide screen without colours. */
export async function run(args: readonly string[], input = ''): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runProgram(args, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    columns: 200,
    paint: createPaint(false),
    readInput: async () => input,
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}
