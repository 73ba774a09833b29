/** What changes something: each in the log, and each once however often it is sent. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type RouteName, routeTable } from '@sallyport/contract';
import { type House, startHouse } from './control-plane.fixture.ts';
import { attemptOf } from './serve-routes.ts';

let house: House;
let agent: string;
const tokens = new Map<string, string>();
before(async () => {
  house = await startHouse();
  agent = await house.provider.token({ subject: 'alice', actor: 'agent-7' });
  for (const subject of ['alice', 'bob', 'carol', 'dave', 'erin'])
    tokens.set(subject, await house.provider.token({ subject }));
  await house.startSession('alices', 'test|alice', 'agent-7');
});
after(() => house.close());

interface Sent {
  readonly key?: string;
  readonly reason?: string;
}

/** The thing a route changes. */
async function aboutWhat(route: RouteName, pending: string): Promise<string> {
  const token = (subject: string) => tokens.get(subject) ?? '';
  if (routeTable[route].on === 'session') return 'alices';
  if (route === 'rotateTokenKey') return house.tokenKeys.signing.kid;
  if (route === 'revokeGrant') return house.grant(agent, token('bob'));
  if (route === 'liftRevocation') {
    const asked = { kind: 'task', value: 'held', reason: 'a try', quarantine: true } as const;
    const by = await house.identity.authenticate(token('carol'));
    return (await house.containment.revoke(asked, by)).revocation.id;
  }
  if (route === 'revoke' || route === 'endSessions') return 'agent-99';
  return route === 'closeReview' ? house.review(token('alice')) : pending;
}

function send(route: RouteName, subject: string, id: string, { key, reason = 'because' }: Sent = {}) {
  const bodies: Partial<Record<RouteName, object>> = {
    closeReview: { verdict: 'justified', words: reason },
    revoke: { kind: 'actor', value: id, reason },
    endSessions: { actor: id, reason },
  };
  const { method, path } = routeTable[route];
  return fetch(`${house.address}${path.replace(':id', id)}`, {
    method,
    headers: {
      authorization: `Bearer ${tokens.get(subject) ?? agent}`,
      'content-type': 'application/json',
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    body: JSON.stringify(bodies[route] ?? { reason }),
  });
}

/** Who may make each change, and who may not although they see what it is about. A new one does not compile without. */
type Mutations = { [N in RouteName]: (typeof routeTable)[N]['mutates'] extends false ? never : N }[RouteName];
interface Change {
  readonly by: string;
  readonly not: string;
  /** With this: to them it looks as if it were not there. */
  readonly refused?: 'not-found';
}
const changes: Partial<Record<Mutations, Change>> = {
  approve: { by: 'bob', not: 'alice' },
  deny: { by: 'bob', not: 'alice' },
  cancelAccessRequest: { by: 'alice', not: 'bob' },
  revokeGrant: { by: 'alice', not: 'dave', refused: 'not-found' },
  closeReview: { by: 'bob', not: 'alice' },
  rotateTokenKey: { by: 'carol', not: 'dave' },
  endSession: { by: 'carol', not: 'dave' },
  endSessions: { by: 'carol', not: 'dave' },
  revoke: { by: 'carol', not: 'dave' },
  liftRevocation: { by: 'carol', not: 'dave' },
  holdRecording: { by: 'dave', not: 'carol' },
  releaseRecording: { by: 'dave', not: 'erin' },
};

/** Changes that take more than a reason: slack.test.ts and passkeys.test.ts look at what is in the log of each. */
const ELSEWHERE: ReadonlySet<string> = new Set<Mutations>([
  'verifyRegistration',
  'removePasskey',
  'resetPasskeys',
  'linkSlack',
  'unlinkSlack',
  'testChannel',
]);

describe('a change', () => {
  const mutating = Object.entries(routeTable).filter(
    ([name, { mutates }]) => mutates && !ELSEWHERE.has(name),
  );
  for (const [name, { params }] of mutating as [RouteName, (typeof routeTable)[RouteName]][]) {
    test(`${name} is in the log with who, what and which, and so is an attempt that was refused [control-plane.audited]`, async () => {
      const change = changes[name as Mutations];
      assert.ok(change !== undefined, `write who may ${name} into this test`);
      const pending = await house.ask(agent);
      const id = await aboutWhat(name, pending.id);
      const start = house.entries.length;
      const { refused: code = 'not-permitted' } = change;
      assert.equal((await send(name, change.not, id)).status, code === 'not-found' ? 404 : 403);
      const refused = house.entries.slice(start).find(({ type }) => type === 'admin');
      assert.equal(refused?.subject, `test|${change.not}`);
      const { about, ...facts } = refused?.facts ?? {};
      assert.deepEqual(facts, { attempt: attemptOf(name), refused: code });
      // What has no id in its path is named in its body alone, which is the caller's text.
      const named = refused?.sessionId ?? refused?.requestId ?? about;
      assert.equal(named, params === undefined ? undefined : id);

      const before = house.entries.length + house.held.length;
      assert.equal((await send(name, change.by, id)).status, 200);
      // Holding is logged by the room that holds, which here keeps a list.
      const told = JSON.stringify([...house.entries, ...house.held].slice(before - house.held.length));
      assert.ok(told.includes(`test|${change.by}`), told);
      assert.ok(told.includes(id), told);
      pending.cancel();
    });
  }
});

describe('a change with a key', () => {
  test('is made once and answered alike [control-plane.idempotency]', async () => {
    const pending = await house.ask(agent);
    const first = await send('approve', 'bob', pending.id, { key: 'k-1' });
    const again = await send('approve', 'bob', pending.id, { key: 'k-1' });
    assert.deepEqual([first.status, again.status], [200, 200]);
    assert.deepEqual(
      [first.headers.get('idempotency-replayed'), again.headers.get('idempotency-replayed')],
      [null, 'true'],
    );
    assert.equal(await again.text(), await first.text());
    const decided = house.entries.filter(
      (one) => one.type === 'access-decided' && one.requestId === pending.id,
    );
    assert.equal(decided.length, 1);
    // Without the key it is another request, and there is nothing left to decide.
    assert.equal((await send('approve', 'bob', pending.id)).status, 409);
  });

  test('is not another change under the same key [control-plane.idempotency]', async () => {
    const pending = await house.ask(agent);
    assert.equal((await send('endSession', 'carol', 'alices', { key: 'k-2' })).status, 200);
    for (const other of [
      send('endSession', 'carol', 'alices', { key: 'k-2', reason: 'another' }),
      send('deny', 'carol', pending.id, { key: 'k-2' }),
      send('approve', 'carol', pending.id, { key: 'k-2' }),
    ]) {
      const answer = await other;
      assert.equal(answer.status, 422);
      assert.equal(((await answer.json()) as { code: string }).code, 'key-reused');
    }
    pending.cancel();
  });

  test('says nothing to another caller who uses the same key [control-plane.idempotency]', async () => {
    const pending = await house.ask(agent);
    assert.equal((await send('approve', 'bob', pending.id, { key: 'k-3' })).status, 200);
    const others = await send('approve', 'carol', pending.id, { key: 'k-3' });
    assert.equal(others.headers.get('idempotency-replayed'), null);
    assert.equal(others.status, 409, 'it is decided already: nothing was replayed');
    // Whoever may not see it learns no more with the key than without.
    const stranger = await send('approve', 'dave', pending.id, { key: 'k-3' });
    const without = await send('approve', 'dave', pending.id);
    assert.equal(await stranger.text(), await without.text());
  });

  test('that was refused may be sent again, and is judged again [control-plane.idempotency]', async () => {
    const pending = await house.ask(agent);
    assert.equal((await send('approve', 'alice', pending.id, { key: 'k-4' })).status, 403);
    assert.equal((await send('approve', 'bob', 'ar-none', { key: 'k-4' })).status, 404);
    assert.equal((await send('approve', 'bob', pending.id, { key: 'k-4' })).status, 200);
  });

  test('at the same time is made once [control-plane.idempotency]', async () => {
    const pending = await house.ask(agent);
    const start = house.entries.length;
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => send('approve', 'bob', pending.id, { key: 'k-5' })),
    );
    const statuses = answers.map(({ status }) => status);
    assert.ok(statuses.includes(200), String(statuses));
    assert.ok(
      statuses.every((status) => status === 200 || status === 409),
      String(statuses),
    );
    const decided = house.entries.slice(start).filter(({ type }) => type === 'access-decided');
    assert.equal(decided.length, 1);
  });

  test('wants a key that is one [control-plane.idempotency]', async () => {
    const pending = await house.ask(agent);
    for (const key of ['', 'a b', 'k'.repeat(256), 'a, b'])
      assert.equal((await send('approve', 'bob', pending.id, { key })).status, 400, key.slice(0, 9));
    assert.equal((await send('approve', 'bob', pending.id, { key: 'k'.repeat(255) })).status, 200);
  });

  test('forgets the oldest keys of a caller, and no other caller’s [control-plane.idempotency]', async () => {
    const { idempotency } = house.storage;
    for (let n = 1; n <= 4; n += 1)
      await idempotency.begin({ key: `a${n}`, caller: 'a', request: 'r', created_at: n });
    await idempotency.begin({ key: 'b1', caller: 'b', request: 'r', created_at: 1 });
    await idempotency.keepNewest('a', 2);
    const taken = async (key: string) =>
      (await idempotency.begin({ key, caller: 'x', request: 'r', created_at: 9 })) !== null;
    assert.deepEqual(
      [await taken('a1'), await taken('a2'), await taken('a3'), await taken('a4'), await taken('b1')],
      [false, false, true, true, true],
    );
  });
});
