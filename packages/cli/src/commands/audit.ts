import { LogError, type LogReport, readLog, verifyLog } from '@sallyport/audit-log';
import type { RecordingsReport } from '@sallyport/gateway';
import { exitCode, Failure } from '../failure.ts';
import { jsonText, oneLine, type Terminal } from '../terminal.ts';
import { type Folders, foldersOf, keyOf, type LogOptions, readCheckpoints } from './audit-log.ts';
import { progressOf } from './progress.ts';

export interface VerifyOptions extends LogOptions {
  /** Checkpoints that were kept elsewhere: what is under them can be neither cut nor replaced unseen. */
  readonly checkpoint?: string;
  readonly json?: boolean;
}

/** Longest that entries may go without a checkpoint over them and still count as proven, in milliseconds. */
const UNCOVERED_MS = 60_000;

/** Checks the audit log and every recording, offline, with the public key alone. */
export async function verify(options: VerifyOptions, terminal: Terminal): Promise<void> {
  const folders = await foldersOf(options);
  const { key, keyFile } = keyOf(folders, options);
  const known = options.checkpoint === undefined ? [] : readCheckpoints(options.checkpoint, '--checkpoint');
  const { log, recordings } = await verified(folders, key, known, terminal);
  const whole = log.problem === null && recordings !== null && recordings.problems.length === 0;
  const sound = whole && log.uncoveredMs <= UNCOVERED_MS;
  if (options.json === true) terminal.out(jsonText({ sound, log, recordings }, 2));
  else for (const line of report(log, key, recordings, terminal)) terminal.out(line);
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

async function verified(folders: Folders, key: string, known: readonly string[], terminal: Terminal) {
  try {
    const log = await verifyLog(folders.audit, key, { known, onProgress: progressOf(terminal) });
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

function report(
  log: LogReport,
  key: string,
  recordings: RecordingsReport | null,
  { paint }: Terminal,
): readonly string[] {
  const { problem, entries, covered, checkpoints, segments, tornBytes } = log;
  const verdict = (sound: boolean) => (sound ? paint.good('sound  ') : paint.bad('CHANGED'));
  const lines = [
    `${verdict(problem === null)}  audit log: ${entries} entries in ${segments} segments, ${covered} of them under ${checkpoints} signed checkpoints`,
  ];
  if (problem === null && log.signedBy !== key)
    lines.push(`         signed by ${oneLine(log.signedBy)} now, which follows from the key that was given`);
  if (problem === null && covered < entries)
    lines.push(`         nothing proves yet that the last ${entries - covered} were not replaced`);
  if (problem !== null)
    lines.push(
      `         ${problem.file} byte ${problem.offset}: ${oneLine(problem.reason)} (${problem.code})`,
    );
  if (tornBytes > 0)
    lines.push(`         ${tornBytes} bytes at the end are of a write that was cut short or is under way`);
  if (recordings === null)
    return [...lines, '         the recordings were not looked at: the log must be sound first'];
  const { problems, chunks, deleted, unfinished } = recordings;
  lines.push(
    `${verdict(problems.length === 0)}  recordings: ${recordings.recordings} in ${chunks} chunks, each as the log has it`,
  );
  for (const one of problems)
    lines.push(`         ${oneLine(one.file)} byte ${one.offset}: ${oneLine(one.reason)}`);
  for (const [reason, count] of countsOf(deleted.map((one) => one.reason)))
    lines.push(`         ${count} deleted by retention, as the log says (${oneLine(reason)})`);
  if (unfinished.length > 0)
    lines.push(`         ${unfinished.length} without an end: open now, or cut off by a crash`);
  return lines;
}

function countsOf(words: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
