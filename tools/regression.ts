/**
 * Runs PostgreSQL's own regression files by psql, directly and through the gateway under a policy that allows
 * everything, and compares the outputs byte for byte: `npm run regression`, or `npm run regression -- boolean int4`.
 * Exits 1 when a file differs in a way that is not meant. With `--keep FOLDER` the outputs stay there.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isExpected, LEFT_OUT, type Outcome, outcomeOf } from './regression/outcome.ts';
import { type FileRun, startStand } from './regression/run.ts';
import { regressionSources } from './regression/sources.ts';

const { values, positionals } = parseArgs({ options: { keep: { type: 'string' } }, allowPositionals: true });

const sources = await regressionSources();
const unknown = positionals.filter((name) => !sources.schedule.includes(name));
if (unknown.length > 0)
  throw new Error(`PostgreSQL ${sources.major} has no regression file ${unknown.join(', ')}`);
const wanted = new Set(positionals.length === 0 ? sources.schedule : ['test_setup', ...positionals]);

const counts: Record<Outcome['kind'], number> = { identical: 0, meant: 0, differs: 0, 'left out': 0 };
let expected = 0;
const total = { directMs: 0, gatewayMs: 0 };

const stand = await startStand(sources);
try {
  for (const name of sources.schedule.filter((file) => wanted.has(file))) {
    const reason = LEFT_OUT[name];
    if (reason !== undefined) {
      tell(name, { kind: 'left out', reason });
      continue;
    }
    const run = await stand.run(name);
    total.directMs += run.directMs;
    total.gatewayMs += run.gatewayMs;
    if (isExpected(sources, run)) expected += 1;
    if (values.keep !== undefined) keep(values.keep, run);
    tell(name, outcomeOf(run), run);
  }
} finally {
  await stand.close();
}

const ran = counts.identical + counts.meant + counts.differs;
process.stdout.write(
  `\nPostgreSQL ${sources.major}: ${counts.identical} files identical, ${counts.meant} differ as meant, ` +
    `${counts.differs} differ, ${counts['left out']} left out\n` +
    `directly, ${expected} of ${ran} are as PostgreSQL's own test expects\n` +
    `${(total.directMs / 1000).toFixed(0)} s directly, ${(total.gatewayMs / 1000).toFixed(0)} s through the gateway\n`,
);
for (const fault of stand.faults) process.stdout.write(`the gateway reported: ${String(fault)}\n`);
if (counts.differs > 0 || stand.faults.length > 0) process.exitCode = 1;

function tell(name: string, outcome: Outcome, run?: FileRun): void {
  counts[outcome.kind] += 1;
  const time = run === undefined ? '' : `${run.directMs.toFixed(0)} / ${run.gatewayMs.toFixed(0)} ms`;
  const more = 'reason' in outcome ? outcome.reason : time;
  process.stdout.write(`${name.padEnd(24)} ${outcome.kind.padEnd(10)} ${more}\n`);
  if (outcome.kind === 'differs') for (const line of outcome.lines) process.stdout.write(`    ${line}\n`);
}

function keep(folder: string, run: FileRun): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${run.name}.direct`), run.direct, 'latin1');
  writeFileSync(join(folder, `${run.name}.gateway`), run.gateway, 'latin1');
}
