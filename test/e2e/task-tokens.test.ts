/** Task tokens with the clients that agents have: openid-client exchanges, psql and node-postgres connect. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { createClient } from '@sallyport/contract';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import * as openid from 'openid-client';
import pg from 'pg';
import { run } from '../../packages/cli/src/captured-terminal.test-support.ts';
import { auditEntries } from '../fixtures/audit-entries.ts';
import { startGateway, TASK_ISSUER, type TestGateway } from '../fixtures/gateway.ts';
import { eventually } from '../fixtures/raw-postgres.ts';
import {
  boundPassword,
  exchangeForm,
  newAgentKey,
  postExchange,
  type TaskDetails,
} from '../fixtures/task-tokens.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const TYPE = 'urn:ietf:params:oauth:token-type:access_token';

const POLICIES = `
@id("all") permit (principal, action, resource) unless { action in Action::"destroy" };
@id("drops") @approval("approvers") permit (principal, action in Action::"destroy", resource);
`;

let world: TestGateway;
before(async () => {
  world = await startGateway({
    policies: { text: POLICIES },
    taskTokens: 'budget: { operations: 1000, rows: 5000, approvals: 3 }',
    postgres: {
      initSql:
        'create table orders as select g as id from generate_series(1, 1000) g; create table other (id int)',
    },
  });
});
after(() => world.close());

const entries = () => auditEntries(world);

/** A token of the agent, through the gateway's token endpoint. */
async function exchanged(details: TaskDetails, subjectToken?: string): Promise<string> {
  const subject = subjectToken ?? (await world.token('agent'));
  const form = exchangeForm(subject, { targets: ['db'], actions: ['read', 'call'], ...details });
  const { status, body } = await postExchange(world.gateway.controlPlane, form);
  assert.equal(status, 200, JSON.stringify(body));
  return body.access_token;
}

async function connect(password: string): Promise<pg.Client> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: world.port,
    user: 'db',
    database: 'postgres',
    password,
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

test('an agent with client credentials exchanges with openid-client and works with psql [task-tokens.exchange, task-tokens.record]', async () => {
  const { machineClient, tokenEndpoint, issuer } = world.issuer;
  const response = await fetch(tokenEndpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: machineClient.id,
      client_secret: machineClient.secret,
    }),
  });
  const { access_token: own } = (await response.json()) as { access_token: string };
  const configuration = new openid.Configuration(
    { issuer: TASK_ISSUER, token_endpoint: `${world.gateway.controlPlane}/v1/token` },
    'an-agent',
    {},
    openid.None(),
  );
  openid.allowInsecureRequests(configuration);
  const given = await openid.genericGrantRequest(configuration, GRANT, {
    subject_token: own,
    subject_token_type: TYPE,
    audience: 'db',
    scope: 'read call',
    authorization_details: JSON.stringify([
      { type: 'sallyport_task', task: 'nightly', instance: 'worker-3', budget: { operations: 50 } },
    ]),
  });
  assert.equal(given.token_type.toLowerCase(), 'bearer');
  assert.equal(given.scope, 'call read');
  assert.ok((given.expires_in ?? 0) <= 900);

  const passwords = join(world.directory, 'nightly.pgpass');
  writeFileSync(passwords, `*:*:*:*:${given.access_token}\n`, { mode: 0o600 });
  const { stdout } = await promisify(execFile)(
    'psql',
    [
      '-XAt',
      '-h',
      '127.0.0.1',
      '-p',
      String(world.port),
      '-U',
      'db',
      'postgres',
      '-c',
      'select count(*) from orders',
    ],
    { env: { ...process.env, PGPASSFILE: passwords } },
  );
  assert.equal(stdout.trim(), '1000');

  const { jti } = decodeJwt(given.access_token);
  const of = await eventually('it ended', () => {
    const found = entries().filter(({ tokenId }) => tokenId === jti);
    return found.some(({ type }) => type === 'session-ended') ? found : undefined;
  });
  const subject = `test|${machineClient.id}`;
  for (const type of ['token-issued', 'session-started', 'decision', 'introspection', 'session-ended']) {
    const entry = of.find((one) => one.type === type);
    assert.ok(entry, type);
    assert.deepEqual(entry.delegation, [`${subject}#worker-3`], type);
    if (type !== 'introspection') assert.deepEqual([entry.subject, entry.task], [subject, 'nightly'], type);
  }
  assert.ok(issuer);
});

test('the token is a JWT that anyone verifies with the published key, and names what it is for [task-tokens.token]', async () => {
  const token = await exchanged({ task: 'look-around/orders', instance: 'w1' });
  const base = world.gateway.controlPlane;
  const jwks = (await (await fetch(`${base}/.well-known/jwks.json`)).json()) as Parameters<
    typeof createLocalJWKSet
  >[0];
  assert.ok(jwks.keys.every((key) => !('d' in key)));
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(jwks), {
    issuer: TASK_ISSUER,
    audience: TASK_ISSUER,
    typ: 'at+jwt',
  });
  assert.equal(protectedHeader.alg, 'EdDSA');
  assert.equal(payload.sub, 'test|agent');
  assert.equal(payload.task, 'look-around/orders');
  assert.deepEqual(payload.act, { sub: 'agent-1#w1', act: { sub: 'agent-1' } });
  assert.deepEqual(payload.authorization_details, [
    {
      type: 'sallyport_task',
      targets: ['db'],
      actions: ['call', 'read'],
      budget: { operations: 1000, rows: 5000, approvals: 3 },
    },
  ]);
  const metadata = (await (await fetch(`${base}/.well-known/oauth-authorization-server`)).json()) as Record<
    string,
    unknown
  >;
  assert.equal(metadata.issuer, TASK_ISSUER);
  assert.equal(metadata.token_endpoint, `${TASK_ISSUER}/v1/token`);
  const file = join(world.directory, 'data', 'task-token-keys.json');
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('what it does not name is denied, whatever policy permits, and the session goes on [task-tokens.blank]', async () => {
  const client = await connect(await exchanged({}));
  assert.equal((await client.query('select * from orders limit 3')).rows.length, 3);
  for (const [sql, action] of [
    ['insert into other values (1)', 'insert'],
    ['drop table other', 'drop'],
    ['create table more (id int)', 'create'],
    ["copy (select 1) to program 'id'", 'program'],
  ] as const) {
    await assert.rejects(client.query(sql), new RegExp(`does not name the action ${action}`), sql);
  }
  await client.query('begin');
  await client.query("set application_name = 'x'");
  await client.query('commit');
  assert.equal((await client.query('select 1 as one')).rows.length, 1);
  await client.end();
});

test('a session of a token that names no change is read-only at the server as well [task-tokens.read-only]', async () => {
  const reader = await connect(await exchanged({}));
  assert.equal((await reader.query('show transaction_read_only')).rows[0].transaction_read_only, 'on');
  await reader.end();
  const writer = await connect(await exchanged({ actions: ['read', 'insert'] }));
  assert.equal((await writer.query('insert into other values (1)')).rowCount, 1);
  await assert.rejects(writer.query('update other set id = 2'), /does not name the action update/);
  await writer.end();
});

test('operations are counted over all sessions and descendants of a token [task-tokens.budget, task-tokens.descendants]', async () => {
  const parent = await exchanged({ budget: { operations: 6 } });
  const child = await exchanged({ budget: { operations: 4 } }, parent);
  const one = await connect(parent);
  const two = await connect(child);
  for (let round = 0; round < 3; round += 1) await two.query('select 1');
  for (let round = 0; round < 3; round += 1) await one.query('select 1');
  await assert.rejects(one.query('select 1'), /budget of the task token, 6 operations, is used up/);
  await assert.rejects(
    two.query('select 1'),
    /budget of a token that the task token was made from, 6 operations/,
  );
  await Promise.all([one.end(), two.end()]);
  for (const token of [parent, child]) await assert.rejects(connect(token), /6 operations, is used up/);
  const sibling = exchangeForm(parent, { budget: { operations: 1 } });
  const { status, body } = await postExchange(world.gateway.controlPlane, sibling);
  assert.deepEqual([status, body.error], [400, 'invalid_request']);
});

test('rows are counted as they are delivered, and none is over [task-tokens.rows]', async () => {
  const token = await exchanged({ budget: { rows: 1_500 } });
  const clients = await Promise.all([connect(token), connect(token), connect(token)]);
  const answers = await Promise.allSettled(
    clients.map(async (client) => {
      let rows = 0;
      const query = new pg.Query('select * from orders');
      query.on('row', () => {
        rows += 1;
      });
      const ended = new Promise<string>((resolve) => {
        query.on('error', (error) => resolve(error.message));
        query.on('end', () => resolve(''));
      });
      client.query(query);
      return { rows: await ended.then((message) => ({ message, rows })) };
    }),
  );
  const seen = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value.rows] : []));
  assert.equal(
    seen.reduce((sum, one) => sum + one.rows, 0),
    1_500,
  );
  assert.ok(seen.some(({ message }) => /budget of the task token, in rows, is used up/.test(message)));
  await Promise.all(clients.map((client) => client.end()));
  const cut = entries().filter(
    ({ type, reason }) => type === 'decision' && String(reason as unknown).includes('in rows'),
  );
  assert.ok(cut.length >= 1);
});

test('access requests are counted when they are opened [task-tokens.approvals]', async () => {
  const client = await connect(await exchanged({ actions: ['destroy'], budget: { approvals: 1 } }));
  const waiting = client.query('drop table if exists not_there_1').catch((error: Error) => error.message);
  const approver = await world.as('approver');
  const [request] = await eventually('it waits', async () => {
    const { accessRequests: pending } = await approver.listAccessRequests({ state: 'pending' });
    return pending.length > 0 ? pending : undefined;
  });
  assert.ok(request);
  assert.deepEqual(request.delegation.slice(1), ['agent-1']);
  assert.ok(request.tokenId);
  await approver.deny({ id: request.id, reason: 'no' });
  assert.match(String((await waiting) as unknown), /denied it/);
  await assert.rejects(
    client.query('drop table if exists not_there_2'),
    /budget of the task token, 1 approvals, is used up/,
  );
  await client.end();
});

test('a bound token works with a proof for each connection, made by openid-client or by hand [task-tokens.dpop, task-tokens.postgres-proof]', async () => {
  const configuration = new openid.Configuration(
    { issuer: TASK_ISSUER, token_endpoint: `${world.gateway.controlPlane}/v1/token` },
    'an-agent',
    {},
    openid.None(),
  );
  openid.allowInsecureRequests(configuration);
  const pair = await openid.randomDPoPKeyPair('ES256', { extractable: true });
  const DPoP = openid.getDPoPHandle(configuration, pair);
  const form = exchangeForm(await world.token('agent'), { targets: ['db'], actions: ['read'] });
  const { grant_type: _, ...parameters } = form;
  const given = await openid.genericGrantRequest(configuration, GRANT, parameters, { DPoP });
  assert.equal(given.token_type.toLowerCase(), 'dpop');
  const { exportJWK, calculateJwkThumbprint } = await import('jose');
  const jwk = await exportJWK(pair.publicKey);
  const key = { privateKey: pair.privateKey, jwk, jkt: await calculateJwkThumbprint(jwk) };
  const claims = decodeJwt(given.access_token) as { cnf?: { jkt?: string } };
  assert.equal(claims.cnf?.jkt, key.jkt);
  for (let round = 0; round < 2; round += 1) {
    const client = await connect(await boundPassword(key, given.access_token, { port: world.port }));
    assert.equal((await client.query('select id from orders limit 1')).rows.length, 1);
    await client.end();
  }
});

test('chain, task and token are in the list of sessions and in the head of the recording [task-tokens.record]', async () => {
  const token = await exchanged({ task: 'look-around/list', instance: 'lister' });
  const { jti } = decodeJwt(token);
  const client = await connect(token);
  await client.query('select 1');
  const guard = await world.as('guard');
  const listed = (await guard.listSessions({ open: true })).sessions.find(({ tokenId }) => tokenId === jti);
  assert.deepEqual(listed?.delegation, ['agent-1#lister', 'agent-1']);
  assert.equal(listed?.task, 'look-around/list');
  await client.end();
  const auditor = createClient({ baseUrl: world.gateway.controlPlane, token: await world.token('auditor') });
  await eventually('it ended', async () =>
    (await auditor.getSession({ id: listed?.id ?? '' })).endedAt === null ? undefined : true,
  );
  for await (const event of auditor.recording({ id: listed?.id ?? '' })) {
    const { header } = event as { header?: { identity?: { tokenId?: string; delegation?: string[] } } };
    const text = JSON.stringify(header ?? event);
    assert.ok(text.includes(String(jti)), text);
    assert.ok(text.includes('agent-1#lister'), text);
    break;
  }
});

test('no token is written anywhere [task-tokens.no-secret]', async () => {
  const token = await exchanged({});
  const client = await connect(token);
  await client.end();
  const key = await newAgentKey();
  await assert.rejects(connect(await boundPassword(key, token, { port: world.port })), /not bound to a key/);
  const [, , signature = ''] = token.split('.');
  for (const line of entries()) assert.ok(!JSON.stringify(line).includes(signature));
  assert.ok(!readFileSync(join(world.directory, 'data', 'store', 'sallyport.db')).includes(signature));
  assert.ok(!JSON.stringify(world.faults).includes(signature));
  assert.notEqual(createHash('sha256').update(token).digest('base64url'), decodeJwt(token).jti);
});

test('the command exchanges, makes the password of a connection, and shows what a token is for [task-tokens.command]', async () => {
  const keyFile = join(world.directory, 'agent.key');
  const at = ['--url', world.gateway.controlPlane, '--token-file', '-'];
  const asked = [
    'task-token',
    'exchange',
    ...at,
    '--target',
    'db',
    '--action',
    'read',
    '--rows',
    '10',
    '--key-file',
    keyFile,
  ];
  const given = await run(asked, await world.token('agent'));
  assert.equal(given.code, 0, given.err);
  assert.equal(statSync(keyFile).mode & 0o777, 0o600);
  const address = `127.0.0.1:${world.port}`;
  const proving = ['task-token', 'proof', '--token-file', '-', '--target', 'db', '--address', address];
  const { out: password } = await run([...proving, '--key-file', keyFile], given.out);
  const client = await connect(password);
  assert.equal((await client.query('select id from orders limit 3')).rows.length, 3);
  await client.end();
  await assert.rejects(connect(password), /used before/);
  const shown = await run(['task-token', 'inspect', '--token-file', '-'], given.out);
  assert.match(shown.out, /"targets":\["db"\]/);
  const wider = [
    'task-token',
    'exchange',
    ...at,
    '--target',
    'db',
    '--action',
    'write',
    '--key-file',
    keyFile,
  ];
  const refused = await run(wider, given.out);
  assert.equal(refused.code, 3);
  assert.match(refused.err, /does not name all of these actions/);
  chmodSync(keyFile, 0o644);
  assert.equal((await run([...proving, '--key-file', keyFile], given.out)).code, 2);
});

test('an operator has the key changed: on record first, old tokens stay good, new ones are of the new key [task-tokens.rotate-key]', async () => {
  const kidOf = (token: string) => decodeProtectedHeader(token).kid;
  const old = await exchanged({});
  const before = entries().length;
  const at = ['--url', world.gateway.controlPlane, '--token-file', '-', '--reason', 'a laptop was lost'];
  const rotate = async (subject: string) =>
    run(['task-token', 'rotate-key', ...at], await world.token(subject));
  for (const subject of ['agent', 'approver', 'auditor']) {
    const refused = await rotate(subject);
    assert.equal(refused.code, 3, refused.err);
  }
  assert.equal(kidOf(await exchanged({})), kidOf(old), 'nothing was changed');
  const given = await rotate('guard');
  assert.equal(given.code, 0, given.err);
  const fresh = await exchanged({});
  assert.notEqual(kidOf(fresh), kidOf(old));
  assert.ok(given.out.includes(String(kidOf(fresh))) && given.out.includes(String(kidOf(old))), given.out);
  for (const token of [old, fresh]) await (await connect(token)).end();
  const admin = entries()
    .slice(before)
    .filter(({ type }) => type === 'admin');
  const attempts = admin.map(({ subject, reason, facts }) => [subject, reason, facts]);
  const attempt = 'rotate-token-key';
  assert.deepEqual(attempts, [
    ...['agent', 'approver', 'auditor'].map((one) => [
      `test|${one}`,
      undefined,
      { attempt, refused: 'not-permitted' },
    ]),
    ['test|guard', 'a laptop was lost', { attempt, about: kidOf(old) }],
  ]);
  const jwks = await (await fetch(`${world.gateway.controlPlane}/.well-known/jwks.json`)).json();
  assert.deepEqual(
    (jwks as { keys: { kid: string }[] }).keys.map(({ kid }) => kid),
    [kidOf(fresh), kidOf(old)],
  );
  const file = join(world.directory, 'data', 'task-token-keys.json');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const stored = JSON.parse(readFileSync(file, 'utf8')) as { keys: { d?: string }[] };
  assert.deepEqual(
    stored.keys.map(({ d }) => d !== undefined),
    [true, false],
    'of the old key only the public part is kept',
  );
});
