import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { until } from '../../../../test/fixtures/until.ts';
import { inProcessBus } from './bus.ts';
import { createRowSeals, type RefusedRow, type SealedRow } from './row-seals.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-seals-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const KEY = Buffer.alloc(32, 1);
let files = 0;

/** One gateway; those with the same bus share a store. */
function gateway({ key = KEY, bus = inProcessBus(assert.ifError), marksFile = '' } = {}) {
  files += 1;
  const refused: RefusedRow[] = [];
  const file = marksFile === '' ? join(directory, `marks-${files}`) : marksFile;
  const seals = createRowSeals({ key, bus, marksFile: file, refused: (row) => void refused.push(row) });
  const row = (value: number, mac = seals.of('passkey', ['a', value])): SealedRow => ({
    ...{ table: 'passkey', name: 'a', subject: 'bob', fields: ['a', value], mac },
    ages: [{ mark: 'a', value }],
  });
  const holds = async (...rows: readonly SealedRow[]) =>
    (
      await seals.sound(
        async () => rows,
        (one) => one,
      )
    ).length === rows.length;
  return { ...seals, row, holds, refused, file };
}

test('a row holds with its own seal, in its own table, of its own fields, with this key [storage.seals]', async () => {
  const one = gateway();
  assert.equal(await one.holds(one.row(1)), true);
  const { mac } = one.row(1);
  for (const wrong of [
    one.row(2, mac),
    one.row(1, ''),
    one.row(1, mac.toUpperCase()),
    one.row(1, one.of('slack_link', ['a', 1])),
    one.row(1, one.of('passkey', ['a1'])),
    gateway({ key: Buffer.alloc(32, 2) }).row(1),
  ]) {
    assert.equal(await one.holds(wrong), false);
    assert.equal(await one.holds(wrong), false);
  }
  assert.deepEqual([...new Set(one.refused.map(({ why }) => why))], ['seal']);
  assert.equal(one.refused.length, 6, 'each is told of once');
  assert.match(String(one.refused[0]?.row), /^[0-9a-f]{64}$/);
});

test('what ended stays ended after a restart, also when the last line of the file is torn [storage.seals]', async () => {
  const first = gateway();
  first.raise('a', 5);
  first.raise('a', 3);
  assert.equal(first.raised('a'), 5);
  appendFileSync(first.file, `${'b'.repeat(64)} 12`.slice(0, 30));
  assert.equal(statSync(first.file).mode & 0o777, 0o600);
  const second = gateway({ marksFile: first.file });
  assert.equal(await second.holds(second.row(4)), false);
  assert.equal(await second.holds(second.row(5)), true);
  second.raise('a', 6);
  const third = gateway({ marksFile: first.file });
  assert.deepEqual([await third.holds(third.row(5)), third.raised('a')], [false, 6]);
  assert.equal(readFileSync(first.file, 'utf8').split('\n').length, 2, 'one line for a mark, once read');
});

test('a gateway hears of what ended on another, and believes nobody else [storage.seals]', async () => {
  const bus = inProcessBus(assert.ifError);
  const words: string[] = [];
  bus.subscribe('row-marks', (word) => void words.push(String(word)));
  const [one, other] = [gateway({ bus }), gateway({ bus })];
  one.raise('a', 5);
  await until('the word', () => other.raised('a') === 5);
  assert.equal(await other.holds(other.row(4)), false);
  const [word = ''] = words;
  const [name, value, seal] = word.split('.');
  const stranger = gateway({ bus, key: Buffer.alloc(32, 2) });
  stranger.raise('b', 9);
  for (const forged of [
    `${name}.9.${seal}`,
    `${'b'.repeat(64)}.${value}.${seal}`,
    `${name}.9.${'0'.repeat(64)}`,
    `${name}.99999999999999999999.${seal}`,
    'nonsense',
  ])
    await bus.publish('row-marks', forged);
  await until('every word', () => words.length >= 7);
  assert.deepEqual([other.raised('a'), other.raised('b')], [5, 0]);
  for (const { close } of [one, other, stranger]) close();
});

test('a row that is written while it is read is not taken for an older one [storage.seals]', async () => {
  const one = gateway();
  let reads = 0;
  const read = async () => {
    reads += 1;
    if (reads > 1) return [one.row(2)];
    const rows = [one.row(1)];
    one.raise('a', 2);
    return rows;
  };
  assert.equal((await one.sound(read, (row) => row)).length, 1);
  assert.deepEqual(one.refused, []);
});

test('what cannot be kept is a fault that says so [storage.seals]', () => {
  const one = gateway({ marksFile: join(directory, 'gone', 'marks') });
  rmSync(join(directory, 'gone'), { recursive: true });
  assert.throws(() => one.raise('a', 1), /data directory/);
});
