import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { openStorage, type Storage, storageSection } from './index.ts';
import { STORE_FILE } from './sqlite.ts';
import type { AccessRequestRow } from './tables.ts';

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

function request(id: string, overrides: Partial<AccessRequestRow> = {}): AccessRequestRow {
  return {
    id,
    session_id: 's',
    subject: 'main|alice',
    display_name: 'Alice',
    actor: null,
    task: null,
    target: 'shop',
    digest: 'd',
    text: 'SELECT topsecret',
    form: 'SELECT $1',
    parameters: '["hushhush"]',
    requirements: '[]',
    reason: 'r',
    state: 'pending',
    created_at: 1,
    expires_at: 2,
    ended_at: null,
    redeemed_at: null,
    mode: 'hold',
    shown: null,
    ...overrides,
  };
}

function session(id: string, overrides: Record<string, unknown> = {}) {
  return {
    id,
    subject: 'main|alice',
    display_name: 'Alice',
    actor: null,
    task: null,
    target: 'shop',
    facet: 'db',
    protocol: 'postgres',
    client: 'psql',
    started_at: 1,
    recording: null,
    ...overrides,
  };
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
  await storage.sessions.started(session('s1'));
  await storage.close();
  storage = await open(directory);
  assert.equal((await storage.sessions.find('s1'))?.subject, 'main|alice');
  await storage.close();
  const raw = new DatabaseSync(join(directory, STORE_FILE));
  raw.exec("INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-from-the-future', '2100-01-01')");
  raw.close();
  await assert.rejects(open(directory), { code: 'storage-unavailable', message: /newer gateway/ });
});

test('operation text is erased from the file when its time is over [storage.retention]', async (t) => {
  const directory = await folder(t);
  const storage = await open(directory, 100 * DAY, { operationTextDays: 7, sessionDays: 30 });
  await storage.accessRequests.opened(request('open'));
  await storage.accessRequests.opened(
    request('recent', { state: 'denied', ended_at: 95 * DAY, text: 'kept' }),
  );
  await storage.accessRequests.opened(
    request('old', { state: 'denied', ended_at: 92 * DAY, text: 'erase-me-now' }),
  );
  await storage.accessRequests.opened(request('ancient', { state: 'denied', ended_at: 60 * DAY }));
  await storage.accessRequests.decided({
    request_id: 'ancient',
    seat: 0,
    approver: 'b',
    approver_name: 'b',
    verdict: 'deny' as const,
    reason: '',
    decided_at: 1,
    grant_ms: null,
    withdrawn_at: null,
  });
  await storage.sessions.started(session('running'));
  await storage.sessions.started(session('over'));
  await storage.sessions.ended('over', 'closed', 60 * DAY, 3);

  await storage.applyRetention();
  assert.notEqual((await storage.accessRequests.find('open'))?.request.text, null);
  assert.equal((await storage.accessRequests.find('recent'))?.request.text, 'kept');
  const old = (await storage.accessRequests.find('old'))?.request;
  assert.deepEqual([old?.text, old?.parameters, old?.form], [null, null, 'SELECT $1']);
  assert.equal(await storage.accessRequests.find('ancient'), null);
  assert.deepEqual(
    (await storage.sessions.list({ limit: 10 })).map((one) => one.id),
    ['running'],
  );
  await storage.close();
  assert.ok(!readFileSync(join(directory, STORE_FILE)).includes('erase-me-now'));
});

test('what an earlier run left open is ended [storage.restart]', async (t) => {
  const storage = await open(await folder(t));
  await storage.sessions.started(session('a'));
  await storage.sessions.started(session('b'));
  await storage.sessions.ended('a', 'closed', 5, 7);
  await storage.accessRequests.opened(request('r'));
  assert.equal(await storage.sessions.endOpen('the gateway stopped', 9), 1);
  assert.equal(await storage.accessRequests.failPending(9), 1);
  await storage.sessions.ended('b', 'again', 10, 1);
  const [b, a] = await storage.sessions.list({ limit: 10 });
  assert.deepEqual(
    [a?.ended_reason, a?.operations, b?.ended_reason, b?.ended_at],
    ['closed', 7, 'the gateway stopped', 9],
  );
  assert.equal((await storage.accessRequests.find('r'))?.request.state, 'failed');
  await storage.close();
});

test('text of any content is only text [storage.plain-text]', async (t) => {
  const storage = await open(await folder(t));
  for (const [index, evil] of ["'; DROP TABLE session; --", '\u0000', '%_', '🙂', '"x"'].entries()) {
    await storage.sessions.started(session(`s${index}`, { subject: evil, client: evil }));
    const found = await storage.sessions.list({ limit: 10, subject: evil });
    assert.deepEqual(
      found.map((one) => one.client),
      [evil],
    );
  }
  assert.equal((await storage.sessions.list({ limit: 2 })).length, 2);
  await storage.close();
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
  await storage.sessions.started(session('twice'));
  await assert.rejects(storage.sessions.started(session('twice')), { code: 'storage-unavailable' });
  await storage.close();
});
