import { LogError, type LogStatus, logStatus, openLog } from '@sallyport/audit-log';
import { exitCode, Failure } from '../failure.ts';
import { jsonText, oneLine, type Terminal } from '../terminal.ts';
import { span } from '../time.ts';
import { foldersOf, keyOf, type LogOptions } from './audit-log.ts';
import { megabytes } from './progress.ts';

export interface StatusOptions extends LogOptions {
  readonly json?: boolean;
}

/** How the log stands: quick, and no verification of its entries. */
export async function status(options: StatusOptions, terminal: Terminal): Promise<void> {
  const folders = await foldersOf(options);
  const found = orFailure(() => logStatus(folders.audit, keyOf(folders, options).key));
  const ageMs = found.checkpointAt === null ? null : Math.max(0, Date.now() - found.checkpointAt);
  if (options.json === true) {
    const { checkpoint, ...rest } = found;
    const newest = checkpoint === null ? null : { size: checkpoint.size, note: checkpoint.note };
    terminal.out(jsonText({ ...rest, checkpoint: newest, checkpointAgeMs: ageMs }, 2));
    return;
  }
  for (const line of report(found, ageMs)) terminal.out(line);
}

/** Most segments that are listed one by one; the newest. */
const MOST_SEGMENTS = 10;

function report(found: LogStatus, ageMs: number | null): readonly string[] {
  const { entries, bytes, segments, checkpoint, checkpoints, keyChanges, tornBytes } = found;
  const covered = checkpoint?.size ?? 0;
  const lines = [
    `entries      ${entries}, ${megabytes(bytes)} in ${segments.length} segments`,
    checkpoint === null
      ? 'checkpoint   none yet'
      : `checkpoint   over ${covered} entries, the newest of ${checkpoints}, written ${span(ageMs ?? 0)} ago`,
    `uncovered    ${Math.max(0, entries - covered)} entries under no checkpoint yet`,
    `public key   ${oneLine(found.knownKey)}`,
  ];
  if (keyChanges > 0)
    lines.push(
      `signing key  ${oneLine(found.signingKey)}, after ${keyChanges === 1 ? 'one change' : `${keyChanges} changes`} of key`,
    );
  if (tornBytes > 0) lines.push(`unfinished   ${tornBytes} bytes of a write under way or cut short`);
  const shown = segments.slice(-MOST_SEGMENTS);
  if (shown.length < segments.length)
    lines.push(`segments     the newest ${MOST_SEGMENTS} of ${segments.length}`);
  for (const { name, bytes: size } of shown) lines.push(`  ${name}  ${megabytes(size)}`);
  return lines;
}

/** Gives the log another key. The gateway must be stopped: the log has one writer. */
export async function rotateKey(options: StatusOptions, terminal: Terminal): Promise<void> {
  const folders = await foldersOf(options);
  // Opening a folder that has no log would begin one.
  keyOf(folders, options);
  try {
    const log = openLog(folders.audit);
    const from = log.signingKey;
    try {
      await log.rotateKey();
    } finally {
      await log.close();
    }
    const { signingKey, publicKey, size } = log;
    if (options.json === true) terminal.out(jsonText({ from, to: signingKey, publicKey, entries: size }, 2));
    else {
      terminal.out(`signing key  ${oneLine(signingKey)}`);
      terminal.out(`             follows ${oneLine(from)}, which signs nothing more`);
    }
    terminal.err(
      'Whoever has an earlier public key of this log can go on with it; new ones may take the new key.',
    );
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    throw new Failure(exitCode.failed, `The key cannot be changed: ${error.message}.`, { cause: error });
  }
}

function orFailure<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    throw new Failure(exitCode.failed, `The audit log cannot be read: ${error.message}.`, { cause: error });
  }
}
