import { type Command, InvalidArgumentError, Option } from 'commander';
import { withControlPlane } from './control-plane.ts';
import type { Terminal } from './terminal.ts';
import { readSpan } from './time.ts';

const FORMATS = ['ndjson', 'csv', 'asciicast', 'har'];

const EXPORTING = `
Formats:
  ndjson      one line for the session and one for each operation, with its reply
  csv         one row for each operation; with --operation N the rows that one was replied
  asciicast   the session as a terminal would have shown it, for asciinema players (v3)
  har         an HTTP session as an HTTP Archive 1.2

What clients and targets put in a recording can do nothing in any of them: escapes, direction marks and formulas are shown.`;

/** The commands about recordings. */
export function addRecordings(program: Command, terminal: Terminal): void {
  withControlPlane(
    program.command('replay').description('play the recording of a session').argument('<id>', 'the session'),
  )
    .option('--instant', 'all at once')
    .option('--speed <n>', 'how many times faster than it was', speed)
    .option('--seek <time>', 'from this time of the session on, such as 90s, 1m30s or 02:05', readSpan)
    .option(
      '--search <text>',
      'only operations with this in them or in their replies, as the client saw them',
    )
    .option('--follow', 'go on with what is recorded meanwhile, until the session ends')
    .option('--json', 'one event a line, as JSON')
    .action(async (id, options) => (await import('./commands/replay.ts')).replay(id, options, terminal));
  const recordings = program.command('recordings').description('export recordings, and hold them');
  withControlPlane(
    recordings
      .command('export')
      .description('write the recording of a session as a file of another kind')
      .argument('<id>', 'the session'),
  )
    .addOption(new Option('--format <format>', 'which kind').choices(FORMATS).makeOptionMandatory())
    .option('--operation <n>', 'csv: what this operation was replied', operationNumber)
    .option('-o, --output <file>', 'a new file (default: standard output)')
    .addHelpText('after', EXPORTING)
    .action(async (id, options) =>
      (await import('./commands/recordings.ts')).exportRecording(id, options, terminal),
    );
  withControlPlane(
    recordings
      .command('hold')
      .description('keep a recording whatever its age, until it is released')
      .argument('<id>', 'the session'),
  )
    .requiredOption('--reason <text>', 'why; kept in the audit log')
    .action(async (id, options) => (await import('./commands/recordings.ts')).hold(id, options, terminal));
  withControlPlane(
    recordings
      .command('release')
      .description('let retention delete a recording that was held')
      .argument('<id>', 'the session'),
  )
    .option('--reason <text>', 'why; kept in the audit log')
    .action(async (id, options) => (await import('./commands/recordings.ts')).release(id, options, terminal));
}

function speed(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Give a number above 0, such as 4.');
}

function operationNumber(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give the number of an operation, from 1.');
}
