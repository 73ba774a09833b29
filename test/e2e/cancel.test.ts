/** A cancel request carries a key, and the key decides. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import {
  bind,
  cancelRequest,
  describe,
  eventually,
  execute,
  parse,
  RawClient,
  sync,
  valuesOf,
} from '../fixtures/raw-postgres.ts';

let world: TestGateway;
before(async () => {
  world = await startGateway({ policies: { directory: 'test/fixtures/policies/allow-all' } });
});
after(() => world.close());

test('a cancel request reaches the session whose key it carries, and no other [e2e.cancel]', async () => {
  const login = { port: world.port, user: 'db', password: await world.token('agent') };
  const keyOf = (greeting: readonly { type: string; body: Buffer }[]) => {
    const body = greeting.find(({ type }) => type === 'K')?.body ?? Buffer.alloc(8);
    return { processId: body.readInt32BE(0), key: body.subarray(4) };
  };
  const [first, second] = [await RawClient.open(login), await RawClient.open({ ...login, minor: 2 })];
  const [mine, other] = [keyOf(first.greeting), keyOf(second.greeting)];
  assert.equal(mine.key.length, 4);
  assert.equal(other.key.length, 32);
  const sleeping = async (marker: string) => {
    const rows = await world.server.query(
      `select 1 from pg_stat_activity where query like '%${marker}%' and state = 'active' and pid <> pg_backend_pid()`,
    );
    return rows.length > 0;
  };
  first.client.send(parse('', 'select pg_sleep(60) /* first */'), bind('', ''), execute(), sync());
  second.client.send(parse('', 'select pg_sleep(60) /* second */'), bind('', ''), execute(), sync());
  const wait = (marker: string) =>
    eventually(`${marker} runs`, async () => ((await sleeping(marker)) ? true : undefined));
  await Promise.all([wait('first'), wait('second')]);
  const request = async (processId: number, key: Buffer) => {
    const socket = await RawClient.dial(world.port);
    socket.send(cancelRequest(processId, key));
    assert.deepEqual(await socket.untilClosed(), []);
  };
  // Wrong in one way each: none of these may cancel anything.
  await request(mine.processId, Buffer.from(mine.key.map((byte) => byte ^ 1)));
  await request(mine.processId, other.key);
  await request(mine.processId, Buffer.concat([mine.key, Buffer.alloc(4)]));
  await request(other.processId, mine.key);
  await request(mine.processId ^ 1 || 7, mine.key);
  assert.ok((await sleeping('first')) && (await sleeping('second')));
  await request(other.processId, other.key);
  assert.equal(describe(await second.client.until('Z')), '1 2 E(57014) ZI');
  assert.ok(await sleeping('first'));
  await request(mine.processId, mine.key);
  assert.equal(describe(await first.client.until('Z')), '1 2 E(57014) ZI');
  const goesOn = await first.client.ask(parse('', 'select 5'), bind('', ''), execute(), sync());
  assert.deepEqual(goesOn.filter(({ type }) => type === 'D').map(valuesOf), [['5']]);
  first.client.close();
  second.client.close();
});
