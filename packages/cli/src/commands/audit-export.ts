import { existsSync } from 'node:fs';
import { LogError, LogTail } from '@sallyport/audit-log';
import type { ExportStatus } from '@sallyport/contract';
import { asking, type ControlPlaneOptions } from '../control-plane.ts';
import { exitCode, Failure } from '../failure.ts';
import { table } from '../table.ts';
import { jsonText, oneLine, type Terminal } from '../terminal.ts';
import { foldersOf } from './audit-log.ts';

export interface ExportOptions {
  readonly data?: string;
  readonly config?: string;
  readonly format: 'ndjson' | 'ocsf';
  readonly since?: number;
  readonly until?: number;
}

/** Entries read, and lines written, at once. */
const BATCH = { entries: 500, bytes: 1_048_576 };

/** Prints entries, one JSON object a line, from the files of the log: whether or not a gateway runs. */
export async function exportEntries(options: ExportOptions, terminal: Terminal): Promise<void> {
  const { format, since, until = Number.POSITIVE_INFINITY } = options;
  if (since !== undefined && since > until) {
    throw new Failure(exitCode.usage, `--since ${since} is after --until ${until}: nothing is between them.`);
  }
  const { audit } = await foldersOf(options);
  if (!existsSync(audit)) {
    throw new Failure(
      exitCode.usage,
      `There is no audit log in ${audit}: name the data directory with --data DIR.`,
    );
  }
  const { exported } = await import('@sallyport/gateway');
  const tail = new LogTail(audit);
  try {
    let position = since === undefined ? tail.first() : { seq: since, segment: 0, offset: 0 };
    for (;;) {
      const { entries, next } = await tail.read(position, BATCH);
      const wanted = entries.filter(({ seq }) => seq <= until);
      const lines = wanted.map((entry) => exported(entry, format).line);
      if (lines.length > 0) await print(lines, terminal);
      if (wanted.length < entries.length || entries.length === 0) return;
      position = next;
    }
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    throw new Failure(exitCode.failed, `The audit log cannot be exported: ${error.message}.`, {
      cause: error,
    });
  } finally {
    await tail.close();
  }
}

/** Byte for byte as it is in the log, where it is kept; where somebody looks, so that it can do nothing to the terminal. */
async function print(lines: readonly string[], { columns, pipe, out }: Terminal): Promise<void> {
  if (pipe !== undefined && columns === Number.POSITIVE_INFINITY) await pipe.write(`${lines.join('\n')}\n`);
  else for (const line of lines) out(jsonText(JSON.parse(line)));
}

/** How each export is doing, asked of the gateway. */
export async function status(
  options: ControlPlaneOptions & { readonly json?: boolean },
  terminal: Terminal,
): Promise<void> {
  const exports = await asking(options, terminal, async (client) => (await client.listExports()).exports);
  if (options.json === true) terminal.out(jsonText(exports, 2));
  else if (exports.length === 0)
    terminal.err('Nothing is exported: see audit.export in docs/configuration.md.');
  else {
    const headings = ['NAME', 'TYPE', 'STATE', 'ACKNOWLEDGED', 'BEHIND', 'ON LAG', 'PROBLEM'];
    for (const line of table(terminal, headings, exports.map(row))) terminal.out(line);
  }
  const behind = exports.filter(({ state }) => state === 'behind').map(({ name }) => oneLine(name));
  if (behind.length > 0)
    throw new Failure(exitCode.failed, `Further behind than it may be: ${behind.join(', ')}.`);
}

function row({ name, type, state, acknowledged, lag, onLag, problem }: ExportStatus): readonly string[] {
  const behind = `${lag.entries ?? '?'} entries, ${lag.seconds} s`;
  const upTo = acknowledged === null ? '-' : String(acknowledged);
  return [oneLine(name), oneLine(type), state, upTo, behind, onLag, problem === null ? '' : oneLine(problem)];
}
