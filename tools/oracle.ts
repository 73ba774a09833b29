/**
 * Asks real servers what statements touch and compares: `npm run oracle`, or
 * `npm run oracle -- --majors 18 --corpora generated,tpch --files join,with --seed 7 --misses FILE`.
 * Exits 1 when the server touched something that we did not name and did not call undetermined.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Miss, TALLY_HEAD, type Tally } from '../test/oracle/tally.ts';
import { MAJORS, type Major } from '../test/oracle/versions.ts';
import { CORPORA } from './oracle/corpora.ts';

const { values } = parseArgs({
  options: {
    majors: { type: 'string', default: MAJORS.join(',') },
    corpora: { type: 'string', default: Object.keys(CORPORA).join(',') },
    /** Regression files; all when empty. */
    files: { type: 'string', default: '' },
    statements: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    misses: { type: 'string' },
  },
});

const list = (text: string): readonly string[] => text.split(',').filter((one) => one !== '');
const majors = list(values.majors).map((one) => {
  const major = MAJORS.find((known) => String(known) === one);
  if (major === undefined) throw new Error(`no PostgreSQL ${one}; there are ${MAJORS.join(', ')}`);
  return major;
});
const corpora = list(values.corpora).map((name) => {
  const corpus = CORPORA[name];
  if (corpus === undefined)
    throw new Error(`no corpus "${name}"; there are ${Object.keys(CORPORA).join(', ')}`);
  return [name, corpus] as const;
});

const rows: (readonly string[])[] = [];
const misses: (Miss & { readonly major: Major; readonly corpus: string })[] = [];
for (const major of majors) {
  for (const [name, corpus] of corpora) {
    const started = performance.now();
    const tally: Tally = await corpus(major, {
      files: list(values.files),
      seed: Number(values.seed),
      statements: Number(values.statements),
      told: (what) => process.stderr.write(`\r${major} ${name}: ${what}`.padEnd(100)),
    });
    process.stderr.write(
      `\r${major} ${name}: ${((performance.now() - started) / 1000).toFixed(0)} s`.padEnd(100),
    );
    rows.push([String(major), ...tally.row(name)]);
    misses.push(...tally.misses.map((miss) => ({ ...miss, major, corpus: name })));
    const reasons = [...tally.why].toSorted((a, b) => b[1] - a[1]).slice(0, 12);
    process.stdout.write(`\nPostgreSQL ${major}, ${name}: why undetermined\n`);
    for (const [why, count] of reasons) process.stdout.write(`  ${String(count).padStart(6)}  ${why}\n`);
  }
}

const head = ['PostgreSQL', ...TALLY_HEAD];
process.stdout.write(`\n| ${head.join(' | ')} |\n|${' --- |'.repeat(head.length)}\n`);
for (const row of rows) process.stdout.write(`| ${row.join(' | ')} |\n`);
if (values.misses !== undefined) {
  writeFileSync(values.misses, misses.map((miss) => `${JSON.stringify(miss)}\n`).join(''));
}
for (const { major, where, sql, missed } of misses.slice(0, 40)) {
  process.stdout.write(
    `missed on ${major}, ${where}: ${missed.join(', ')}\n    ${sql.replaceAll(/\s+/g, ' ').slice(0, 200)}\n`,
  );
}
if (misses.length > 0) process.exitCode = 1;
