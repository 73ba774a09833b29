import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readLog } from '@sallyport/audit-log';
import { until } from '../../../../../test/fixtures/until.ts';
import { append, type Desk, numbers, openDesk, scratch } from '../export.fixture.ts';

const caughtUp = (desk: Desk) => until('all entries', () => desk.exports.status()[0]?.lag.entries === 0);

/** Lines of the file and of those it was renamed to, oldest first. */
function linesOf(path: string): string[] {
  const folder = join(path, '..');
  const names = readdirSync(folder).filter((name) => name.startsWith('out.ndjson'));
  // The one without a number is the newest.
  const ordered = [
    ...names.filter((name) => name !== 'out.ndjson').sort(),
    ...names.filter((name) => name === 'out.ndjson'),
  ];
  return ordered.flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1));
}

const seqsOf = (lines: readonly string[]): number[] =>
  lines.map((line) => (JSON.parse(line) as { seq: number }).seq);

test('a file has every entry as it is in the log, over rotations and restarts [export.ndjson]', async () => {
  const directory = scratch();
  const path = join(directory, 'out.ndjson');
  const config = { name: 'file', type: 'ndjson', path, rotateBytes: 4_096 };
  for (let life = 0; life < 3; life += 1) {
    const desk = await openDesk(directory, [config]);
    append(desk.audit, 50);
    await caughtUp(desk);
    await desk.close();
  }
  const lines = linesOf(path);
  assert.deepEqual(seqsOf(lines), numbers(150));
  assert.ok(readdirSync(directory).filter((name) => /^out\.ndjson\.\d{16}$/.test(name)).length > 3);
  const entries = [...readLog(join(directory, 'audit'))].map(({ fields }) => fields);
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    entries,
  );
});

test('a line that a crash left unfinished is cut and sent again [export.ndjson-torn]', async () => {
  const directory = scratch();
  const path = join(directory, 'out.ndjson');
  const config = { name: 'file', type: 'ndjson', path };
  const first = await openDesk(directory, [config]);
  append(first.audit, 3);
  await caughtUp(first);
  await first.close();
  appendFileSync(path, `{"form":"${'x'.repeat(200_000)}`);
  const second = await openDesk(directory, [config]);
  append(second.audit, 1);
  await caughtUp(second);
  await second.close();
  assert.deepEqual(seqsOf(linesOf(path)), numbers(4));
});

test('a file that cannot be written or is a link is an error that names it, until it is put right [export.ndjson]', async () => {
  const directory = scratch();
  const other = join(directory, 'other');
  writeFileSync(other, 'precious\n');
  chmodSync(other, 0o600);
  const path = join(directory, 'out.ndjson');
  symlinkSync(other, path);
  const desk = await openDesk(directory, [{ name: 'file', type: 'ndjson', path }]);
  append(desk.audit, 1);
  await until(
    'a problem',
    () => desk.exports.status()[0]?.problem === `the file ${path} cannot be written (ELOOP)`,
  );
  assert.equal(readFileSync(other, 'utf8'), 'precious\n');
  await desk.close();
  const foreign = join(directory, 'foreign');
  writeFileSync(foreign, 'precious\nand unfinished');
  const second = await openDesk(directory, [{ name: 'foreign', type: 'ndjson', path: foreign }]);
  await until('a problem', () => /no export wrote/.test(second.exports.status()[0]?.problem ?? ''));
  assert.equal(readFileSync(foreign, 'utf8'), 'precious\nand unfinished');
  await second.close();
});
