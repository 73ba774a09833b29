import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { Proposal } from '@sallyport/gateway';
import { exitCode, Failure } from '../failure.ts';
import { table } from '../table.ts';
import { jsonText, oneLine, someLines, type Terminal } from '../terminal.ts';
import { databaseOf, deskFor, progress, withBench } from './policy/bench.ts';

export interface ClassifyOptions {
  readonly config: string;
  readonly database?: string;
  readonly schema?: string;
  readonly sample: number;
  readonly json?: boolean;
  readonly write?: boolean;
}

interface Proposed extends Proposal {
  /** As the configuration writes it. */
  readonly column: string;
}

interface Found {
  readonly proposals: readonly Proposed[];
  readonly unreadable: readonly string[];
}

/** Proposes classes for columns that look as if they should have one, and adds them to the configuration when asked. */
export async function classify(target: string, options: ClassifyOptions, terminal: Terminal): Promise<void> {
  const { addClassified, loadConfig } = await import('@sallyport/gateway');
  const { proposals, unreadable } = await lookAt(target, options, terminal);
  for (const one of unreadable)
    terminal.err(terminal.paint.wait(`${oneLine(one)} could not be read: names only.`));
  if (options.json === true) terminal.out(jsonText({ target, proposals, unreadable }, 2));
  else if (proposals.length === 0) terminal.out('Nothing to add: no other column looks classified.');
  if (proposals.length === 0) return;

  const file = realpathSync(options.config);
  const before = readFileSync(file, 'utf8');
  const after = addClassified(
    before,
    proposals.map(({ column, class: dataClass }) => ({ column, class: dataClass })),
  );
  if (options.json !== true) show(proposals, options.config, before, after, terminal);
  if (options.write !== true) return;
  replaceFile(file, before, after, loadConfig);
  terminal.err(
    `Added ${proposals.length} to ${oneLine(options.config)}. The gateway reads it when it starts.`,
  );
}

function lookAt(target: string, options: ClassifyOptions, terminal: Terminal): Promise<Found> {
  const { config: file, database, schema, sample } = options;
  return withBench({ config: file, catalog: 'live' }, terminal, async ({ config, parts, workbench }) => {
    const { columnPathText, proposeClass } = await import('@sallyport/gateway');
    const desk = await deskFor(workbench, target, databaseOf(config, target, database), '');
    const tables = desk.sampleTables?.(sample, schema);
    if (tables === undefined) throw new Failure(exitCode.usage, `Target ${target} has no tables to look at.`);
    const mask = parts.masking.compile(target, []);
    const tell = progress(terminal, (done) => `${done} tables looked at`);
    const proposals: Proposed[] = [];
    const unreadable: string[] = [];
    let done = 0;
    for await (const one of tables) {
      done += 1;
      tell(done);
      if (!one.readable) unreadable.push(`${one.schema}.${one.table}`);
      for (const column of one.columns) {
        if (mask.columnClass(one.schema, one.table, column.name, column.declared) !== null) continue;
        const proposal = proposeClass(column);
        if (proposal === null) continue;
        proposals.push({ column: columnPathText(target, one.schema, one.table, column.name), ...proposal });
      }
    }
    return { proposals, unreadable };
  });
}

function show(
  proposals: readonly Proposed[],
  name: string,
  before: string,
  after: string,
  terminal: Terminal,
): void {
  const rows = proposals.map((one) => [oneLine(one.column), one.class, one.confidence, one.evidence]);
  for (const line of table(terminal, ['COLUMN', 'CLASS', 'CONFIDENCE', 'EVIDENCE'], rows)) terminal.out(line);
  terminal.out('');
  for (const line of unifiedDiff(name, before, after)) terminal.out(someLines(line).join(' '));
}

/** One hunk, from the first line that differs to the last, with three lines around it. */
function unifiedDiff(name: string, before: string, after: string): readonly string[] {
  const [old, made] = [before, after].map((text) => text.replace(/\n$/, '').split('\n')) as [
    string[],
    string[],
  ];
  let start = 0;
  while (start < old.length && start < made.length && old[start] === made[start]) start += 1;
  let same = 0;
  while (same < Math.min(old.length, made.length) - start && old.at(-1 - same) === made.at(-1 - same))
    same += 1;
  const from = Math.max(0, start - 3);
  const tail = old.slice(old.length - same, old.length - same + 3);
  const removed = old.slice(start, old.length - same);
  const added = made.slice(start, made.length - same);
  const around = start - from + tail.length;
  return [
    `--- ${name}`,
    `+++ ${name}`,
    `@@ -${from + 1},${around + removed.length} +${from + 1},${around + added.length} @@`,
    ...old.slice(from, start).map((line) => ` ${line}`),
    ...removed.map((line) => `-${line}`),
    ...added.map((line) => `+${line}`),
    ...tail.map((line) => ` ${line}`),
  ];
}

/** The file is as it was or as it should be, and a configuration the gateway would refuse never takes its place. */
function replaceFile(file: string, before: string, after: string, check: (file: string) => unknown): void {
  const temporary = `${file}.${process.pid}.new`;
  try {
    writeFileSync(temporary, after, { flag: 'wx', mode: statSync(file).mode & 0o777 });
    const handle = openSync(temporary, 'r');
    fsyncSync(handle);
    closeSync(handle);
    check(temporary);
    if (readFileSync(file, 'utf8') !== before)
      throw new Failure(
        exitCode.failed,
        'The configuration was changed meanwhile: nothing was written; try again.',
      );
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}
