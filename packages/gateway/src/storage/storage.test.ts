import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { openStorage, type Storage, storageSection } from './index.ts';
import { request, session } from './rows.fixture.ts';
import { STORE_FILE } from './sqlite.ts';

const DAY = 86_400_000;

async function folder(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-storage-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

function open(directory: string, now = 0, section: Record<string, unknown> = {}): Promise<Storage> {
  return openStorage(storageSection.parse({ directory, ...section }), {
    clock: { now: () => now, elapsed: () => now },
  });
}

test('the store is for its owner only [storage.private]', async (t) => {
  const directory = join(await folder(t), 'data');
  const storage = await open(directory);
  assert.equal(statSync(directory).mode & 0o077, 0);
  for (const file of [STORE_FILE, `${STORE_FILE}-wal`, `${STORE_FILE}-shm`]) {
    assert.equal(statSync(join(directory, file)).mode & 0o077, 0, file);
  }
  await storage.close();
});

test('a store opens again with everything in it, and one of a newer gateway does not [storage.forward-only]', async (t) => {
  const directory = await folder(t);
  let storage = await open(directory);
  await storage.sessions.record({ started: [session('s1')] });
  await storage.close();
  storage = await open(directory);
  assert.equal((await storage.sessions.find('s1'))?.subject, 'main|alice');
  await storage.close();
  const raw = new DatabaseSync(join(directory, STORE_FILE));
  raw.exec("INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-from-the-future', '2100-01-01')");
  raw.close();
  await assert.rejects(open(directory), { code: 'storage-unavailable', message: /newer gateway/ });
});

test('a store that cannot be used says so [storage.fault]', async (t) => {
  const directory = await folder(t);
  writeFileSync(join(directory, 'file'), '');
  await assert.rejects(open(join(directory, 'file')), {
    code: 'storage-unavailable',
    message: /storage.directory/,
  });
  writeFileSync(
    join(directory, STORE_FILE),
    'this is not a database, and long enough to be looked at as one '.repeat(20),
  );
  await assert.rejects(open(directory), { code: 'storage-unavailable' });
  await rm(join(directory, STORE_FILE));
  const storage = await open(directory);
  await storage.sessions.record({ started: [session('twice')] });
  await assert.rejects(storage.sessions.record({ started: [session('twice')] }), {
    code: 'storage-unavailable',
  });
  await storage.close();
});

test('operation text is erased from the file too [storage.retention]', async (t) => {
  const directory = await folder(t);
  const storage = await open(directory, 100 * DAY);
  await storage.accessRequests.opened(
    request('old', { state: 'denied', ended_at: 92 * DAY, text: 'erase-me-now' }),
  );
  await storage.applyRetention();
  await storage.close();
  assert.ok(!readFileSync(join(directory, STORE_FILE)).includes('erase-me-now'));
});
