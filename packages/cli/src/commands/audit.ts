import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LogError, type LogReport, publicKeyFile, readLog, verifyLog } from '@sallyport/audit-log';
import type { RecordingsReport } from '@sallyport/gateway';
import { exitCode, Failure } from '../failure.ts';
import { type FolderOptions, type Folders, foldersOf } from '../folders.ts';
import { jsonText, oneLine, type Terminal } from '../terminal.ts';

export interface VerifyOptions extends FolderOptions {
  readonly publicKey?: string;
  /** Checkpoints that were kept elsewhere: what is under them can be neither cut nor replaced unseen. */
  readonly checkpoint?: string;
  readonly json?: boolean;
}

/** Longest that entries may go without a checkpoint over them and still count as proven, in milliseconds. */
const UNCOVERED_MS = 60_000;

/** Checks the audit log and every recording, offline, with the public key alone. */
export async function verify(options: VerifyOptions, terminal: Terminal): Promise<void> {
  const folders = await foldersOf(options);
  const keyFile = options.publicKey ?? join(folders.audit, publicKeyFile);
  const known = options.checkpoint === undefined ? [] : readCheckpoints(options.checkpoint);
  const { log, recordings } = await verified(folders, readKey(keyFile), known);
  const whole = log.problem === null && recordings !== null && recordings.problems.length === 0;
  const sound = whole && log.uncoveredMs <= UNCOVERED_MS;
  if (options.json === true) terminal.out(jsonText({ sound, log, recordings }, 2));
  else for (const line of report(log, recordings, terminal)) terminal.out(line);
  if (options.publicKey === undefined) {
    terminal.err(
      `The key is the one beside the log (${keyFile}). Against someone who could replace both, keep it elsewhere and use --public-key.`,
    );
  }
  if (whole && !sound)
    throw new Failure(
      exitCode.failed,
      `${log.entries - log.covered} entries, from more than a minute, are under no signed checkpoint: whoever could write to the log could have written them. If the gateway was killed, or could not make checkpoints, start it and verify again.`,
    );
  if (!sound)
    throw new Failure(
      exitCode.failed,
      'The record was changed or is damaged: keep a copy of it as it is, and find out who could write to it.',
    );
}

async function verified(folders: Folders, key: string, known: readonly string[]) {
  try {
    const log = await verifyLog(folders.audit, key, { known });
    if (log.problem !== null) return { log, recordings: null };
    const { verifyRecordings } = await import('@sallyport/gateway');
    return { log, recordings: await verifyRecordings(folders.recordings, readLog(folders.audit)) };
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    throw new Failure(exitCode.failed, `The audit log cannot be checked: ${error.message}.`, {
      cause: error,
    });
  }
}

function readKey(file: string): string {
  return readWhole(file, 'public key', '--public-key').trim();
}

/** Every signed note in a file: one checkpoint, or a copy of the log's own `checkpoints`. */
function readCheckpoints(file: string): readonly string[] {
  const notes = readWhole(file, 'checkpoint', '--checkpoint').match(NOTE) ?? [];
  if (notes.length > 0) return notes;
  throw new Failure(exitCode.usage, `There is no signed checkpoint in ${file}.`);
}

/** C2SP signed note over a checkpoint: three lines, an empty one, signatures. */
const NOTE = /(?:[^\n]+\n){3}\n(?:\u2014 [^\n]+\n)+/g;

function readWhole(file: string, what: string, option: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new Failure(
      exitCode.usage,
      `Cannot read the ${what} ${file} (${why}): name it with ${option} FILE.`,
      { cause },
    );
  }
}

function report(log: LogReport, recordings: RecordingsReport | null, { paint }: Terminal): readonly string[] {
  const { problem, entries, covered, checkpoints, segments, tornBytes } = log;
  const verdict = (sound: boolean) => (sound ? paint.good('sound  ') : paint.bad('CHANGED'));
  const lines = [
    `${verdict(problem === null)}  audit log: ${entries} entries in ${segments} segments, ${covered} of them under ${checkpoints} signed checkpoints`,
  ];
  if (problem === null && covered < entries)
    lines.push(`         nothing proves yet that the last ${entries - covered} were not replaced`);
  if (problem !== null)
    lines.push(`         ${problem.file} byte ${problem.offset}: ${oneLine(problem.reason)}`);
  if (tornBytes > 0)
    lines.push(`         ${tornBytes} bytes at the end are of a write that was cut short or is under way`);
  if (recordings === null)
    return [...lines, '         the recordings were not looked at: the log must be sound first'];
  const { problems, chunks, unfinished } = recordings;
  lines.push(
    `${verdict(problems.length === 0)}  recordings: ${recordings.recordings} in ${chunks} chunks, each as the log has it`,
  );
  for (const one of problems)
    lines.push(`         ${oneLine(one.file)} byte ${one.offset}: ${oneLine(one.reason)}`);
  if (unfinished.length > 0)
    lines.push(`         ${unfinished.length} without an end: open now, or cut off by a crash`);
  return lines;
}
