import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { EntryFields } from '@sallyport/audit-log';
import { createAuditIndex } from './audit-index.ts';
import { INDEX_FILE } from './database.ts';
import type { SearchFilter } from './filter.ts';
import { IndexFile, type IndexPlaces } from './index-file.ts';
import { caughtUp, places, scan, scanOperations, scanSessions, writeLog } from './linear-scan.fixture.ts';

const LOAD = fileURLToPath(new URL('./index-load.ts', import.meta.url));

function* decisions(count: number, name = 'a'): Generator<EntryFields> {
  for (let at = 0; at < count; at += 1)
    yield {
      type: 'decision',
      sessionId: `${name}${Math.floor(at / 50)}`,
      subject: `${name}-${at % 7}`,
      effect: at % 3 === 0 ? 'deny' : 'permit',
      form: `SELECT ${at} FROM t${at % 13}`,
      tables: [`db.public.t${at % 13}`],
    };
}

const FILTERS: readonly SearchFilter[] = [
  {},
  { subject: 'a-3' },
  { table: 't5', effect: 'deny' },
  { text: 'from t7', subject: 'a-1' },
  { text: '11' },
  { since: 1_100_000, until: 1_900_000 },
];

/** Everything an index says is what reading the log says. */
function expectSound(where: IndexPlaces, index: IndexFile): void {
  const all = scan(where.log);
  for (const filter of FILTERS) {
    const { found, next, complete } = index.operations(filter, { limit: 100_000 });
    assert.deepEqual([next, complete], [null, true]);
    assert.deepEqual(
      found.map(({ seq }) => seq),
      scanOperations(all, filter),
    );
    assert.deepEqual(
      index.sessions(filter, { limit: 100_000 }).found.map(({ id }) => id),
      scanSessions(all, filter),
    );
  }
}

function reopened(where: IndexPlaces): void {
  const index = caughtUp(new IndexFile(where));
  expectSound(where, index);
  index.close();
}

/** Indexes in a process of its own and kills it after a while; whether it was done before. */
async function killed(where: IndexPlaces, afterMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [LOAD, where.log, where.directory]);
  let output = '';
  let timer: NodeJS.Timeout | undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    timer ??= setTimeout(() => child.kill('SIGKILL'), afterMs);
  });
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  return output.includes('done');
}

test('killed at any moment, it catches up to the same answers [audit.index-crash]', async (t) => {
  const where = places(t);
  await writeLog(where.log, decisions(12_000), undefined, 400_000);
  let kills = 0;
  for (const afterMs of [0, 15, 40, 90, 150]) if (!(await killed(where, afterMs))) kills += 1;
  assert.ok(kills >= 2, `${kills} kills`);
  reopened(where);
  appendFileSync(join(where.directory, `${INDEX_FILE}-wal`), 'what a crash left of a write');
  reopened(where);
});

test('its thread can end at any moment too, and the next one goes on [audit.index-crash]', async (t) => {
  const where = places(t);
  await writeLog(where.log, decisions(6_000));
  const report = (fault: unknown) => assert.fail(String(fault));
  for (const afterMs of [150, 250]) {
    const index = createAuditIndex(where, { report });
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await index.close();
  }
  const index = createAuditIndex(where, { report });
  t.after(() => index.close());
  let complete = false;
  while (!complete) ({ complete } = await index.operations({}, { limit: 1 }));
  const { found } = await index.operations({ subject: 'a-3' }, { limit: 100_000 });
  assert.deepEqual(
    found.map(({ seq }) => seq),
    scanOperations(scan(where.log), { subject: 'a-3' }),
  );
});

test('a torn tail is not indexed, and what comes in its place is [audit.index-torn]', async (t) => {
  const where = places(t);
  await writeLog(where.log, decisions(20));
  const index = new IndexFile(where);
  t.after(() => index.close());
  const [segment = ''] = readdirSync(where.log).filter((name) => name.endsWith('.entries'));
  const file = join(where.log, segment);
  const whole = readFileSync(file);
  for (const tail of [whole.subarray(0, 5), whole.subarray(0, 60), Buffer.alloc(300, 0xff)]) {
    caughtUp(index);
    appendFileSync(file, tail);
    assert.deepEqual(index.step(), { entries: 0, atEnd: true });
    expectSound(where, index);
    await writeLog(where.log, decisions(3, 'b'), 2_000_000);
    caughtUp(index);
    expectSound(where, index);
  }
  assert.equal(index.operations({ subject: 'b-1' }, { limit: 10 }).found.length, 3);
});

test('an index of another log, or of one that lost its end, is made anew [audit.index-rebuilt]', async (t) => {
  const where = places(t);
  const others = places(t);
  await writeLog(where.log, decisions(300));
  const index = caughtUp(new IndexFile(where));
  t.after(() => index.close());
  const replaceLog = () => {
    rmSync(where.log, { recursive: true });
    cpSync(others.log, where.log, { recursive: true });
  };
  // Entries that were read but never reached the disk, and others in their place after a power cut.
  await writeLog(others.log, [...decisions(250), ...decisions(90, 'b')]);
  replaceLog();
  expectSound(where, caughtUp(index));
  rmSync(others.log, { recursive: true });
  await writeLog(others.log, decisions(10));
  replaceLog();
  expectSound(where, caughtUp(index));
  rmSync(where.log, { recursive: true });
  caughtUp(index);
  assert.deepEqual(index.operations({}, { limit: 10 }).found, []);
});

test('an index that is damaged or of another version is thrown away and made anew [audit.index-rebuilt]', async (t) => {
  const where = places(t);
  await writeLog(where.log, decisions(3_000));
  reopened(where);
  const file = join(where.directory, INDEX_FILE);
  const sql = (text: string) => {
    const database = new DatabaseSync(file);
    database.exec(text);
    database.close();
  };
  const damages: (() => void)[] = [
    () => writeFileSync(file, 'this is not a database, and long enough to be looked at as one '.repeat(200)),
    () => truncateSync(file, 20_000),
    () => writeFileSync(file, readFileSync(file).fill(0xa5, 8_192)),
    () => sql('PRAGMA user_version = 99'),
    () => sql('DROP TABLE operation_posting'),
    () => sql('DELETE FROM progress'),
    () => sql("UPDATE operation_posting SET bits = x'ffffff'"),
    () => rmSync(file),
  ];
  for (const damage of damages) {
    damage();
    const index = caughtUp(new IndexFile(where));
    // What is found damaged only by a search is made anew by it.
    index.operations({ subject: 'a-1' }, { limit: 1 });
    index.sessions({ subject: 'a-1' }, { limit: 1 });
    expectSound(where, caughtUp(index));
    index.close();
  }
  assert.equal(statSync(file).mode & 0o077, 0);
});

test('an index from before logins were found is indexed again [audit.index-rebuilt, audit.logins]', async (t) => {
  const where = places(t);
  const login: EntryFields = { type: 'authenticated', sessionId: 'a0', subject: 'a-3', actor: null };
  await writeLog(where.log, [login, ...decisions(100)]);
  caughtUp(new IndexFile(where)).close();
  const before = new DatabaseSync(join(where.directory, INDEX_FILE));
  before.exec('DELETE FROM operation WHERE seq = 0; PRAGMA user_version = 1');
  before.close();
  const index = caughtUp(new IndexFile(where));
  expectSound(where, index);
  const { found } = index.operations({ subject: 'a-3' }, { limit: 500 });
  assert.deepEqual([found.at(-1)?.seq, found.at(-1)?.type], [0, 'authenticated']);
  index.close();
});

test('while one process has it open another makes it anew, or throws it away [audit.index-rebuilt]', async (t) => {
  const where = places(t);
  await writeLog(where.log, decisions(2_000));
  const index = caughtUp(new IndexFile(where));
  t.after(() => index.close());
  const other = new IndexFile(where);
  other.clear();
  other.step();
  other.close();
  expectSound(where, caughtUp(index));
  for (const suffix of ['', '-wal', '-shm'])
    rmSync(join(where.directory, INDEX_FILE + suffix), { force: true });
  await writeLog(where.log, decisions(5, 'b'), 9_000_000);
  expectSound(where, caughtUp(index));
});

test('without a log there is nothing to find, and a folder that cannot be written is a fault [audit.index-apart]', async (t) => {
  const where = places(t);
  const index = caughtUp(new IndexFile(where));
  assert.deepEqual(index.operations({}, { limit: 1 }), { found: [], next: null, complete: true });
  index.close();
  const file = join(where.directory, 'file');
  mkdirSync(where.directory, { recursive: true });
  writeFileSync(file, '');
  assert.throws(() => new IndexFile({ ...where, directory: join(file, 'index') }), {
    code: 'storage-unavailable',
  });
  const faults: unknown[] = [];
  const broken = createAuditIndex(
    { ...where, directory: join(file, 'index') },
    { report: (fault) => void faults.push(fault) },
  );
  t.after(() => broken.close());
  await assert.rejects(broken.operations({}, { limit: 1 }), { code: 'storage-unavailable' });
  assert.equal(faults.length, 1);
});

test('a log that is damaged in the middle is said to be, and what comes before it is found [audit.index-torn]', async (t) => {
  const where = places(t);
  await writeLog(where.log, decisions(400), undefined, 20_000);
  const segments = readdirSync(where.log).filter((name) => name.endsWith('.entries'));
  const second = join(where.log, segments[1] ?? '');
  const bytes = readFileSync(second);
  bytes[400] = (bytes[400] ?? 0) ^ 0xff;
  writeFileSync(second, bytes);
  const index = new IndexFile(where);
  t.after(() => index.close());
  assert.throws(() => caughtUp(index), { name: 'LogError', message: /is damaged at byte/ });
  const { complete, found } = index.operations({}, { limit: 400 });
  assert.equal(complete, false);
  assert.ok(found.length > 50, `${found.length} found`);
  assert.deepEqual(found.map(({ seq }) => seq).reverse(), [...found.keys()]);
  // A whole segment is gone: nobody can say what was in it, and beginning anew would not help.
  rmSync(second);
  assert.throws(() => caughtUp(index), { name: 'LogError', message: /where entry \d+ should be/ });
});
