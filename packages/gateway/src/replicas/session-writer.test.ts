import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { testStore } from '../../../../test/fixtures/store.ts';
import type { StartedSession, Storage } from '../storage/index.ts';
import { createSessionWriter } from './session-writer.ts';

const row = (id: string): StartedSession => ({
  ...{ id, subject: 'main|alice', display_name: 'Alice', actor: null, task: null, target: 'shop' },
  ...{ facet: 'db', client: 'psql', protocol: 'postgres', started_at: 1, recording: `${id}.rec` },
});
const over = (id: string, reason = 'closed') => ({ id, reason, at: 9, operations: 3 });

/** A writer over a real store that counts what it is asked, and can be away. */
async function writerOf(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-sessions-'));
  const storage = await testStore(directory, { clock: { now: () => 2, elapsed: () => 2 } });
  t.after(async () => {
    await storage.close();
    await rm(directory, { recursive: true, force: true });
  });
  const open = new Set<string>();
  const faults: unknown[] = [];
  const written: number[] = [];
  const store = { isAway: false };
  const record: Storage['sessions']['record'] = (changes) => {
    written.push((changes.started ?? []).length + (changes.ended ?? []).length);
    return store.isAway ? Promise.reject(new Error('away')) : storage.sessions.record(changes);
  };
  const writer = createSessionWriter({
    sessions: { record },
    isOpen: (id) => open.has(id),
    lost: (id) => over(id, 'lost'),
    report: (fault) => faults.push(fault),
  });
  const rows = async () =>
    (await storage.sessions.list({ limit: 1_000 })).map(({ id, ended_reason }) => [id, ended_reason]);
  return { writer, rows, open, faults, written, store };
}

test('a thousand sessions that start and end at once are some twenty writes, and all are written [storage.sessions-together]', async (t) => {
  const { writer, rows, faults, written } = await writerOf(t);
  const ids = Array.from({ length: 1_000 }, (_, at) => `s${at}`);
  for (const id of ids) writer.started(row(id));
  for (const id of ids) writer.ended(over(id));
  await writer.flush();
  assert.deepEqual(new Map((await rows()) as [string, string][]), new Map(ids.map((id) => [id, 'closed'])));
  assert.equal(written.length, 20);
  assert.deepEqual(faults, []);
});

test('a row that the store does not take keeps no other from it [storage.sessions-together]', async (t) => {
  const { writer, rows, faults } = await writerOf(t);
  writer.started(row('a'));
  await writer.flush();
  for (const id of ['b', 'a', 'c']) writer.started(row(id));
  writer.ended(over('b'));
  await writer.flush();
  assert.deepEqual(
    new Map((await rows()) as [string, string | null][]),
    new Map([
      ['a', null],
      ['b', 'closed'],
      ['c', null],
    ]),
  );
  assert.equal(faults.length, 1);
});

test('what a store that is away missed is written when it is back [storage.sessions-together]', async (t) => {
  const { writer, rows, open, faults, store } = await writerOf(t);
  for (const id of ['before', 'during', 'still', 'gone']) open.add(id);
  writer.started(row('before'));
  await writer.flush();
  store.isAway = true;
  for (const id of ['during', 'still', 'gone']) writer.started(row(id));
  await writer.flush();
  for (const id of ['before', 'during']) {
    open.delete(id);
    writer.ended(over(id));
  }
  await writer.flush();
  open.delete('gone');
  store.isAway = false;
  assert.equal(faults.length, 5);
  await writer.retry();
  assert.deepEqual(
    new Map((await rows()) as [string, string | null][]),
    new Map([
      ['before', 'closed'],
      ['still', null],
      ['gone', 'lost'],
    ]),
  );
  assert.equal(faults.length, 5);
});
