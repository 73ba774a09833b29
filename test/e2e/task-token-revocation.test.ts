/** A task token that its holder ends when the task is over (RFC 7009), as standard clients and the command do it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { decodeJwt } from 'jose';
import * as openid from 'openid-client';
import { run } from '../../packages/cli/src/captured-terminal.test-support.ts';
import { TASK_ISSUER } from '../fixtures/gateway.ts';
import { boundPassword, makeProof, newAgentKey, postRevocation } from '../fixtures/task-tokens.ts';
import { startTaskWorld, type TaskWorld } from '../fixtures/task-world.ts';

let world: TaskWorld;
before(async () => {
  world = await startTaskWorld();
});
after(() => world.close());

const at = () => world.gateway.controlPlane;
const REASON = 'its holder ended it';

/** A session of this password, and what it is told at its end. */
async function open(password: string) {
  const client = await world.connectAs(password);
  const ended = once(client, 'error').then(([error]) => (error as Error).message);
  assert.equal((await client.query('select 1 as one')).rows.length, 1);
  return { client, ended };
}

test('a session of an agent ends with the token it was opened with, and a stolen copy opens none [task-tokens.revoke, task-tokens.revoke-record, L6]', async () => {
  const token = await world.taskToken({ task: 'look-around/revoke', instance: 'w1' });
  const sibling = await world.taskToken();
  const [mine, other] = [await open(token), await open(sibling)];
  const metadata = (await (await fetch(`${at()}/.well-known/oauth-authorization-server`)).json()) as {
    readonly revocation_endpoint: string;
  };
  assert.equal(metadata.revocation_endpoint, `${TASK_ISSUER}/v1/token/revoke`);
  const configuration = new openid.Configuration(
    { ...metadata, issuer: TASK_ISSUER, revocation_endpoint: `${at()}/v1/token/revoke` },
    'an-agent',
    {},
    openid.None(),
  );
  openid.allowInsecureRequests(configuration);
  await openid.tokenRevocation(configuration, token, { token_type_hint: 'access_token' });
  assert.match(await mine.ended, /the token was revoked: its holder ended it/);
  await assert.rejects(world.connectAs(token), /the token was revoked/);
  const { status, body } = await world.exchange({}, { subjectToken: token });
  assert.deepEqual([status, body.error], [400, 'invalid_request']);
  const headers = { authorization: `Bearer ${token}` };
  assert.equal((await world.call(headers)).status, 401);
  assert.equal((await other.client.query('select 1 as one')).rows.length, 1, 'of another token it goes on');
  await other.client.end();

  const { jti, exp } = decodeJwt(token);
  const entries = world.entries();
  const [revoked, ...more] = entries.filter(
    ({ type, facts }) => type === 'revoked' && (facts as { value?: unknown }).value === jti,
  );
  assert.equal(more.length, 0);
  assert.deepEqual(
    [revoked?.subject, revoked?.actor, revoked?.task, revoked?.tokenId, revoked?.delegation],
    ['test|agent', 'agent-1', 'look-around/revoke', jti, ['agent-1#w1', 'agent-1']],
  );
  assert.deepEqual([revoked?.effect, revoked?.reason], ['deny', REASON]);
  const facts = revoked?.facts as Readonly<Record<string, unknown>>;
  assert.deepEqual([facts.kind, facts.names, facts.endedSessions], ['token', [jti], 1]);
  assert.equal(facts.until, (exp ?? 0) * 1_000 + 300_000, 'it is forgotten when the token has long expired');
  const ended = entries.find(({ type, tokenId }) => type === 'session-ended' && tokenId === jti);
  assert.match(String(ended?.reason as unknown), /its holder ended it/);
  const failed = entries.filter(
    ({ type, reason }) => type === 'authentication-failed' && /holder ended/.test(String(reason as unknown)),
  );
  assert.ok(failed.length >= 1);
});

test('what was made from it ends with it, and what it was made from does not [task-tokens.revoke-descendants]', async () => {
  const parent = await world.taskToken();
  const child = await world.taskToken({}, { subjectToken: parent });
  const grandchild = await world.taskToken({}, { subjectToken: child });
  const [one, two, three] = [await open(parent), await open(child), await open(grandchild)];
  assert.deepEqual(await postRevocation(at(), { token: child }), { status: 200, body: '' });
  for (const { ended } of [two, three]) assert.match(await ended, /its holder ended it/);
  assert.equal((await one.client.query('select 1 as one')).rows.length, 1);
  for (const token of [child, grandchild]) await assert.rejects(world.connectAs(token), /revoked/);
  await one.client.end();
  await (await world.connectAs(parent)).end();
});

test('a request on a connection that was open before is refused as well [task-tokens.revoke, L6]', async () => {
  const token = await world.taskToken({ targets: ['api'], actions: ['read', 'call'] });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = () =>
    new Promise<number | string>((resolve) => {
      const headers = { authorization: `Bearer ${token}` };
      const where = { host: '127.0.0.1', port: world.apiPort, path: '/api/things', agent, headers };
      request(where, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
      })
        .once('error', () => resolve('closed'))
        .end();
    });
  assert.equal(await ask(), 200);
  const reached = world.reached.length;
  assert.equal((await postRevocation(at(), { token })).status, 200);
  assert.ok([401, 'closed'].includes(await ask()));
  assert.equal(world.reached.length, reached);
  agent.destroy();
});

test('a bound token is ended by whoever holds its key, by command as well [task-tokens.revoke-bound, task-tokens.command]', async () => {
  const key = await newAgentKey();
  const dpop = await makeProof(key, 'POST', `${at()}/v1/token`, null);
  const bound = await world.taskToken({}, { headers: { dpop } });
  const { ended } = await open(await boundPassword(key, bound, { port: world.port }));
  const proof = await makeProof(key, 'POST', `${at()}/v1/token/revoke`, null);
  assert.equal((await postRevocation(at(), { token: bound }, { dpop: proof })).status, 200);
  assert.match(await ended, /its holder ended it/);

  const keyFile = join(world.directory, 'agent.key');
  const where = ['--url', at(), '--token-file', '-'];
  const asking = ['task-token', 'exchange', ...where, '--target', 'db', '--action', 'read', 'call'];
  const given = await run([...asking, '--key-file', keyFile], await world.token('agent'));
  assert.equal(given.code, 0, given.err);
  const without = await run(['task-token', 'revoke', ...where], given.out);
  assert.deepEqual([without.code, without.out], [3, ''], without.err);
  assert.match(without.err, /no DPoP proof of that key/);
  const proving = ['task-token', 'proof', '--token-file', '-', '--target', 'db'];
  const address = ['--address', `127.0.0.1:${world.port}`, '--key-file', keyFile];
  const mine = await open((await run([...proving, ...address], given.out)).out);
  const done = await run(['task-token', 'revoke', ...where, '--key-file', keyFile], given.out);
  assert.equal(done.code, 0, done.err);
  assert.match(done.out, /good for nothing any more/);
  assert.match(await mine.ended, /its holder ended it/);
  const again = await run(['task-token', 'revoke', ...where, '--key-file', keyFile], given.out);
  assert.deepEqual([again.code, again.out], [0, done.out], 'ended is ended');
});

test('the command sends no token that is not a task token to its end [task-tokens.command, task-tokens.revoke-own]', async () => {
  const where = ['--url', at(), '--token-file', '-'];
  const own = await run(['task-token', 'revoke', ...where], await world.token('agent'));
  assert.equal(own.code, 3);
  assert.match(own.err, /only task tokens end here/);
  assert.ok((await world.exchange({ targets: ['db'], actions: ['read'] })).status === 200);
});
