/** Two gateways that share a store and the key of task tokens: a token that is ended at one is ended at both. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readLog } from '@sallyport/audit-log';
import { createClient } from '@sallyport/contract';
import { decodeJwt } from 'jose';
import { type Surroundings, startSurroundings } from '../fixtures/gateway.ts';
import { type GatewayChild, startGatewayChild } from '../fixtures/gateway-child.ts';
import { type PostgresServer, startPostgres } from '../fixtures/postgres-server.ts';
import { describe, fieldsOf, query, RawClient } from '../fixtures/raw-postgres.ts';
import { storageYaml } from '../fixtures/store.ts';
import { exchangeForm, postExchange, postRevocation } from '../fixtures/task-tokens.ts';

let store: PostgresServer;
let world: Surroundings;
let one: GatewayChild;
let two: GatewayChild;
let configOfTwo: string;

before(async () => {
  store = await startPostgres();
  world = await startSurroundings({
    policies: { text: '@id("all") permit (principal, action, resource);' },
    taskTokens: 'lifetime_seconds: 600',
    config: storageYaml(store, 'one'),
  });
  one = await startGatewayChild(world.configFile);
  const text = readFileSync(world.configFile, 'utf8');
  configOfTwo = join(world.directory, 'two.yaml');
  writeFileSync(configOfTwo, text.replace('/data\n', '/data-two\n').replace('replica: one', 'replica: two'));
  const file = 'task-token-keys.json';
  mkdirSync(join(world.directory, 'data-two'), { recursive: true, mode: 0o700 });
  copyFileSync(join(world.directory, 'data', file), join(world.directory, 'data-two', file));
  two = await startGatewayChild(configOfTwo);
});
after(async () => {
  await Promise.all([one?.stop(), two?.stop()]);
  await world?.close();
  await store?.stop();
});

async function taskToken(at: GatewayChild): Promise<string> {
  const form = exchangeForm(await world.token('agent'), { targets: ['db'], actions: ['read', 'call'] });
  const { status, body } = await postExchange(at.controlPlane, form);
  assert.equal(status, 200, JSON.stringify(body));
  return body.access_token;
}

const connect = async (at: GatewayChild, password: string) =>
  (await RawClient.open({ port: at.port, user: 'db', password })).client;

const revocationsIn = (folder: string, jti: unknown) =>
  [...readLog(join(world.directory, folder, 'audit'))].filter(
    ({ fields }) => fields.type === 'revoked' && fields.tokenId === jti,
  );

test('its sessions end on both, both refuse a copy, also after a restart, and one log has it [task-tokens.revoke, task-tokens.revoke-kept, L6]', async () => {
  const token = await taskToken(one);
  const clients = await Promise.all([connect(one, token), connect(two, token)]);
  for (const client of clients) assert.match(describe(await client.ask(query('select 1'))), /D\(1\)/);
  assert.deepEqual(await postRevocation(two.controlPlane, { token }), { status: 200, body: '' });
  for (const client of clients) {
    const error = (await client.untilClosed()).findLast(({ type }) => type === 'E');
    assert.match(fieldsOf(error ?? { type: 'E', body: Buffer.alloc(0) }).M ?? '', /its holder ended it/);
  }
  for (const at of [one, two]) await assert.rejects(connect(at, token), /its holder ended it/);
  await one.stop();
  one = await startGatewayChild(world.configFile);
  await assert.rejects(connect(one, token), /its holder ended it/);
  assert.equal((await postRevocation(one.controlPlane, { token })).status, 200);
  const { jti } = decodeJwt(token);
  assert.deepEqual([revocationsIn('data', jti).length, revocationsIn('data-two', jti).length], [0, 1]);
});

test('one that another gateway signed with a key of its own is not said to be over [task-tokens.revoke-elsewhere]', async () => {
  await createClient({ baseUrl: one.controlPlane, token: await world.token('guard') }).rotateTokenKey({
    reason: 'a drill',
  });
  const token = await taskToken(one);
  const response = await fetch(`${two.controlPlane}/v1/token/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ token }),
  });
  const { error, error_description: told } = (await response.json()) as Record<string, string>;
  assert.deepEqual([response.status, error], [503, 'temporarily_unavailable'], told);
  assert.match(told ?? '', /the gateway that gave it out/);
  assert.match(String(response.headers.get('retry-after')), /^[1-9]/);
  const client = await connect(one, token);
  assert.equal((await postRevocation(one.controlPlane, { token })).status, 200);
  await client.untilClosed();
});
