import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createClient, rowsOf } from '@sallyport/contract';
import { type House, startHouse } from './control-plane.fixture.ts';

const SESSIONS = 7;
let house: House;
const tokens = new Map<string, string>();
before(async () => {
  house = await startHouse();
  for (const subject of ['alice', 'bob', 'carol', 'dave'])
    tokens.set(subject, await house.provider.token({ subject }));
  tokens.set('agent', await house.provider.token({ subject: 'alice', actor: 'agent-7' }));
  // All began at the same moment: the id has to tell them apart.
  for (let n = 0; n < SESSIONS; n += 1) {
    await house.startSession(`a${n}`, 'test|alice', 'agent-7');
    await house.startSession(`b${n}`, 'test|bob', null);
  }
});
after(() => house.close());

const client = (who: string) => createClient({ baseUrl: house.address, token: tokens.get(who) ?? '' });

test('sessions come page by page, each once [control-plane.pages]', async () => {
  for (const limit of [1, 2, 3, SESSIONS, 500]) {
    const all = await rowsOf(
      (at) => client('dave').listSessions({ ...at, limit }),
      (page) => page.sessions,
      1_000,
    );
    assert.equal(all.length, 2 * SESSIONS, `limit ${limit}`);
    assert.equal(new Set(all.map(({ id }) => id)).size, 2 * SESSIONS);
    const own = await rowsOf(
      (at) => client('agent').listSessions({ ...at, limit }),
      (page) => page.sessions,
      1_000,
    );
    assert.deepEqual(
      own.map(({ id }) => id).sort(),
      Array.from({ length: SESSIONS }, (_, n) => `a${n}`),
    );
  }
});

test('access requests come page by page, pending and past as one list [control-plane.pages]', async () => {
  const opened: string[] = [];
  for (let n = 0; n < 6; n += 1) {
    const pending = await house.ask(tokens.get('agent') ?? '');
    opened.push(pending.id);
    if (n % 2 === 0) pending.cancel();
  }
  for (const limit of [1, 2, 4, 100]) {
    const all = await rowsOf(
      (at) => client('bob').listAccessRequests({ ...at, limit }),
      (page) => page.accessRequests,
      1_000,
    );
    assert.deepEqual(all.map(({ id }) => id).sort(), opened.toSorted(), `limit ${limit}`);
    const pending = await rowsOf(
      (at) => client('bob').listAccessRequests({ ...at, limit, state: 'pending' }),
      (page) => page.accessRequests,
      1_000,
    );
    assert.equal(pending.length, 3);
    const past = await rowsOf(
      (at) => client('bob').listAccessRequests({ ...at, limit, state: 'cancelled' }),
      (page) => page.accessRequests,
      1_000,
    );
    assert.equal(past.length, 3);
  }
  assert.equal((await client('dave').listAccessRequests()).accessRequests.length, 0);
});

test('a listing shows no row that policy forbids, nor its text [control-plane.pages, control-plane.policies]', async (t) => {
  const policies = mkdtempSync(join(tmpdir(), 'sallyport-listing-'));
  t.after(() => rmSync(policies, { recursive: true }));
  writeFileSync(
    join(policies, 'own.cedar'),
    `forbid (principal, action in [Action::"see-session", Action::"see-access-request"], resource)
     when { resource.target == "shop" && !principal.groups.contains("developers") };`,
  );
  const strict = await startHouse({ policies });
  t.after(() => strict.close());
  await strict.startSession('a0', 'test|alice', 'agent-7');
  const asked = await strict.ask(await strict.provider.token({ subject: 'alice', actor: 'agent-7' }));
  const as = async (subject: string) =>
    createClient({ baseUrl: strict.address, token: await strict.provider.token({ subject }) });
  for (const subject of ['bob', 'carol', 'dave', 'erin']) {
    assert.deepEqual((await (await as(subject)).listSessions()).sessions, []);
    assert.deepEqual((await (await as(subject)).listAccessRequests()).accessRequests, []);
    await assert.rejects((await as(subject)).getAccessRequest({ id: asked.id }), { status: 404 });
  }
  assert.equal((await (await as('alice')).listSessions()).sessions.length, 1);
  assert.equal((await (await as('alice')).listAccessRequests()).accessRequests.length, 1);
  asked.cancel();
});

test('a cursor of another, or a forged one, shows nothing more [control-plane.pages, control-plane.own]', async () => {
  const auditors = (await client('dave').listSessions({ limit: 2 })).next ?? '';
  const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  for (const cursor of [auditors, forged([8_640_000_000_000_000, 'zzz']), forged([2, 'b0'])]) {
    const { sessions } = await client('agent').listSessions({ cursor });
    assert.ok(sessions.every(({ subject }) => subject === 'test|alice'));
  }
  for (const cursor of [
    'x',
    'null',
    forged(null),
    forged([]),
    forged([-1, 'a']),
    forged([1e300, 'a']),
    forged([1, "' OR 1=1 --"]),
    forged([1, 'a', 'b']),
    forged({ at: 1, id: 'a' }),
    `${forged([1, 'a'])}=`,
    'A'.repeat(201),
  ]) {
    await assert.rejects(client('agent').listSessions({ cursor }), { status: 400 }, cursor.slice(0, 40));
  }
});
