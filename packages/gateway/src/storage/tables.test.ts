/** What every store does. Runs over the embedded store, and in tables.postgres.test.ts over PostgreSQL. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { testStore } from '../../../../test/fixtures/store.ts';
import type { Storage } from './index.ts';
import { request, session } from './rows.fixture.ts';

const DAY = 86_400_000;

async function folder(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-storage-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

function open(directory: string, now = 0, section: Record<string, unknown> = {}): Promise<Storage> {
  return testStore(directory, { clock: { now: () => now, elapsed: () => now } }, section);
}

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
  await storage.sessions.record({ started: [session('running')] });
  await storage.sessions.record({ started: [session('over')] });
  await storage.sessions.record({ ended: [{ id: 'over', reason: 'closed', at: 60 * DAY, operations: 3 }] });

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
});

test('what an earlier run left open is ended [storage.restart]', async (t) => {
  const storage = await open(await folder(t));
  await storage.sessions.record({ started: [session('a')] });
  await storage.sessions.record({ started: [session('b')] });
  await storage.sessions.record({ ended: [{ id: 'a', reason: 'closed', at: 5, operations: 7 }] });
  await storage.accessRequests.opened(request('r'));
  assert.equal(await storage.sessions.endOpen('the gateway stopped', 9), 1);
  assert.equal(await storage.accessRequests.failPending(9), 1);
  await storage.sessions.record({ ended: [{ id: 'b', reason: 'again', at: 10, operations: 1 }] });
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
  for (const [index, evil] of [
    "'; DROP TABLE session; --",
    '\u0000',
    '\uFFFE0\uFFFE1',
    '%_',
    '🙂',
    '"x"',
  ].entries()) {
    await storage.sessions.record({ started: [session(`s${index}`, { subject: evil, client: evil })] });
    const found = await storage.sessions.list({ limit: 10, subject: evil });
    assert.deepEqual(
      found.map((one) => one.client),
      [evil],
    );
  }
  assert.equal((await storage.sessions.list({ limit: 2 })).length, 2);
  await storage.close();
});

test('listings are newest first, ties by the bytes of the id [storage.order]', async (t) => {
  const storage = await open(await folder(t));
  // A language would put these otherwise: a, B, _.
  for (const id of ['B', 'a', '_', 'ä']) await storage.sessions.record({ started: [session(id)] });
  await storage.sessions.record({ started: [session('later', { started_at: 2 ** 40 })] });
  const rows = await storage.sessions.list({ limit: 10 });
  assert.deepEqual(
    rows.map(({ id, started_at }) => [id, started_at]),
    [['later', 2 ** 40], ...['ä', 'a', '_', 'B'].map((id) => [id, 1])],
  );
  assert.deepEqual(await storage.sessions.list({ limit: 10, subject: 'MAIN|ALICE' }), []);
  await storage.close();
});

test('a session that is open can be asked to end, by the first reason, until it did [storage.asked]', async (t) => {
  const storage = await open(await folder(t));
  await storage.sessions.record({ started: [session('s')] });
  assert.equal(await storage.sessions.askEnd('nobody', 'why', 1), false);
  assert.equal(await storage.sessions.askEnd('s', 'first', 1), true);
  assert.equal(await storage.sessions.askEnd('s', 'second', 2), true);
  assert.deepEqual(await storage.sessions.endsAsked(), [{ session_id: 's', reason: 'first', asked_at: 1 }]);
  await storage.sessions.record({ ended: [{ id: 's', reason: 'first', at: 3, operations: 0 }] });
  assert.equal(await storage.sessions.askEnd('s', 'third', 4), false);
  assert.deepEqual(await storage.sessions.endsAsked(), []);
  await storage.close();
});

test('a word is taken once, however many reach for it [storage.asked]', async (t) => {
  const storage = await open(await folder(t));
  await storage.accessRequests.opened(request('r'));
  const word = {
    id: 'w',
    request_id: 'r',
    approver: '{}',
    verdict: 'approve' as const,
    reason: '',
    through: null,
    shown: '',
    asked_at: 1,
  };
  await storage.accessWords.asked(word);
  assert.deepEqual(await storage.accessWords.waiting(), [{ ...word, state: 'asked', answer: '' }]);
  const tries = Array.from({ length: 8 }, (_, at) =>
    storage.accessWords.take('w', at % 2 === 0 ? 'taken' : 'withdrawn'),
  );
  assert.equal((await Promise.all(tries)).filter(Boolean).length, 1);
  assert.deepEqual(await storage.accessWords.waiting(), []);
  await storage.close();
});

test('of two decisions for one seat one is refused [storage.seats]', async (t) => {
  const storage = await open(await folder(t));
  await storage.accessRequests.opened(request('r'));
  const decide = (approver: string) =>
    storage.accessRequests.decided({
      ...{ request_id: 'r', seat: 0, approver, approver_name: approver },
      ...{ verdict: 'approve' as const, reason: '', decided_at: 1, grant_ms: null, withdrawn_at: null },
    });
  const results = await Promise.allSettled([decide('b'), decide('c')]);
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  await storage.close();
});

test('words between rooms arrive later, with their id, and never as a stack of calls [storage.bus]', async (t) => {
  const storage = await open(await folder(t));
  t.after(() => storage.close());
  const heard: (string | null)[] = [];
  const end = storage.bus.subscribe('a-topic', (id) => void heard.push(id));
  storage.bus.subscribe('a-topic', () => Promise.reject(new Error('mine')));
  const sent = storage.bus.publish('a-topic', 'one');
  assert.deepEqual(heard, []);
  await sent;
  await new Promise(setImmediate);
  assert.deepEqual(heard, ['one']);
  end();
  await storage.bus.publish('a-topic', 'two');
  await new Promise(setImmediate);
  assert.deepEqual(heard, ['one']);
  for (const id of ['', 'with space', 'x'.repeat(201), 'a\u0000'])
    await assert.rejects(storage.bus.publish('a-topic', id), TypeError);
  await assert.rejects(storage.bus.publish('a topic', 'id'), TypeError);
});
