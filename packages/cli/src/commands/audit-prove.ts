import { writeFileSync } from 'node:fs';
import { findEntries, LogError, proveEntry } from '@sallyport/audit-log';
import { verifyProof, writeProof } from '@sallyport/audit-log/verifier';
import { exitCode, Failure } from '../failure.ts';
import { jsonText, oneLine, type Terminal } from '../terminal.ts';
import { foldersOf, keyOf, type LogOptions, readCheckpoint } from './audit-log.ts';

export interface ProveOptions extends LogOptions {
  /** A checkpoint that somebody kept: the proof shows as well that the log only grew since. */
  readonly from?: string;
  /** The checkpoint to prove under instead of the newest, such as a cosigned one. */
  readonly checkpoint?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** Most entries of one evaluation that are named when it has several. */
const MOST_NAMED = 10;

/** Makes the proof of one entry, which `verify-proof` checks without the log. */
export async function prove(wanted: string, options: ProveOptions, terminal: Terminal): Promise<void> {
  const folders = await foldersOf(options);
  const { key } = keyOf(folders, options);
  const proof = await orFailure(() =>
    proveEntry(folders.audit, key, indexOf(folders.audit, wanted), {
      ...(options.from === undefined ? {} : { from: readCheckpoint(options.from, '--from') }),
      ...(options.checkpoint === undefined
        ? {}
        : { checkpoint: readCheckpoint(options.checkpoint, '--checkpoint') }),
    }),
  );
  const text = writeProof(proof);
  const verdict = await verifyProof(text, { key });
  // What does not check here would check nowhere.
  if (!verdict.proven) throw new Failure(exitCode.failed, `The proof does not hold: ${verdict.reason}.`);
  if (options.out === undefined) {
    terminal.out(text.trimEnd());
    return;
  }
  writeNew(options.out, text);
  const { index, size, signedBy, grewFrom } = verdict;
  if (options.json === true) {
    terminal.out(jsonText({ file: options.out, index, size, signedBy, grewFrom }, 2));
    return;
  }
  terminal.out(`${options.out}: proof of entry ${index} under a checkpoint over ${size} entries`);
  if (grewFrom !== null) terminal.out(`and that the log only grew since the one over ${grewFrom}`);
}

/** An entry by its number, or by the evaluation id that its denial or recording shows. */
function indexOf(directory: string, wanted: string): number {
  if (/^\d{1,15}$/.test(wanted)) return Number(wanted);
  const found: { readonly seq: number; readonly type: string }[] = [];
  for (const { seq, fields } of findEntries(directory, wanted))
    if (fields.evaluationId === wanted) found.push({ seq, type: typeName(fields.type) });
  const decisions = found.filter(({ type }) => type === 'decision');
  const [one, ...others] = decisions.length === 1 ? decisions : found;
  if (one !== undefined && others.length === 0) return one.seq;
  if (one === undefined) {
    throw new Failure(
      exitCode.failed,
      `No entry has the evaluation id ${wanted}: give that, or the number of an entry (seq).`,
    );
  }
  const named = found.slice(0, MOST_NAMED).map(({ seq, type }) => `${seq} (${oneLine(type)})`);
  throw new Failure(
    exitCode.usage,
    `${found.length} entries have the evaluation id ${wanted}: name one by its number, such as ${named.join(', ')}.`,
  );
}

function typeName(type: unknown): string {
  return typeof type === 'string' ? type : '?';
}

async function orFailure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    throw new Failure(exitCode.failed, `There is no proof: ${error.message}.`, { cause: error });
  }
}

function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const why = code === 'EEXIST' ? 'it is there already' : code;
    throw new Failure(exitCode.usage, `Cannot write ${file} (${why}): name another with --out FILE.`, {
      cause,
    });
  }
}
