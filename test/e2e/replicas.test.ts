/** Two gateways, each a process with its own log, over one store: what is asked of one reaches the other. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readLog } from '@sallyport/audit-log';
import { type AccessRequest, createClient } from '@sallyport/contract';
import { run } from '../../packages/cli/src/captured-terminal.test-support.ts';
import { type Surroundings, startSurroundings } from '../fixtures/gateway.ts';
import { type GatewayChild, startGatewayChild } from '../fixtures/gateway-child.ts';
import { type PostgresServer, startPostgres } from '../fixtures/postgres-server.ts';
import { describe, eventually, fieldsOf, query, RawClient } from '../fixtures/raw-postgres.ts';
import { storageYaml } from '../fixtures/store.ts';

const POLICIES = `
@id("everyone") permit (principal, action in [Action::"connect", Action::"connect_writable", Action::"transact", Action::"call", Action::"set"], resource);
@id("read") permit (principal, action == Action::"select", resource) when { resource.schema == "work" };
@id("write") @approval("approvers") @grant("30m") permit (principal, action in Action::"write", resource);
`;

let store: PostgresServer;
let world: Surroundings;
let one: GatewayChild;
let two: GatewayChild;

/** A second configuration: another name, another folder, the same store. */
function configOfTwo(): string {
  const file = join(world.directory, 'two.yaml');
  const text = readFileSync(world.configFile, 'utf8');
  writeFileSync(file, text.replace('/data\n', '/data-two\n').replace('replica: one', 'replica: two'));
  return file;
}

before(async () => {
  store = await startPostgres();
  world = await startSurroundings({
    policies: { text: POLICIES },
    postgres: { initSql: 'create schema work; create table work.log (id serial, what text)' },
    config: storageYaml(store, 'one', ', operation_text_days: 0'),
  });
  [one, two] = await Promise.all([startGatewayChild(world.configFile), startGatewayChild(configOfTwo())]);
});
after(async () => {
  await Promise.all([one?.stop(), two?.stop()]);
  await world?.close();
  await store?.stop();
});

const connect = async (at: GatewayChild, subject = 'agent') =>
  (await RawClient.open({ port: at.port, user: 'db', password: await world.token(subject) })).client;

const as = async (at: GatewayChild, subject: string) =>
  createClient({ baseUrl: at.controlPlane, token: await world.token(subject) });

const entries = (folder: string) =>
  [...readLog(join(world.directory, folder, 'audit'))].map(({ fields }) => fields);

const rows = async (what: string) => {
  const [row] = await world.server.query(`select count(*)::int as n from work.log where what = '${what}'`);
  return Number(row?.n);
};

const insert = (what: string) => query(`insert into work.log (what) values ('${what}')`);

/** The access request about this, as the approver sees it on this gateway. */
const pending = (at: GatewayChild, marker: string): Promise<AccessRequest> =>
  eventually(`an access request about ${marker}`, async () => {
    const { accessRequests } = await (await as(at, 'approver')).listAccessRequests({ state: 'pending' });
    return accessRequests.find(({ text }) => text?.includes(marker) === true);
  });

test('a person decides on one gateway what another holds, and both logs say so [replicas.approve, L3]', async () => {
  const client = await connect(one);
  client.send(insert('across'));
  const request = await pending(two, 'across');
  assert.equal(request.decidable, true);
  const after = await (await as(two, 'approver')).approve({ id: request.id, reason: 'fine by me' });
  assert.deepEqual(
    [after.state, after.decisions.map((said) => said.approver)],
    ['approved', ['test|approver']],
  );
  assert.equal(describe(await client.until('Z')), 'N(01000) C(INSERT 0 1) ZI');
  assert.equal(await rows('across'), 1);
  await assert.rejects((await as(two, 'approver')).approve({ id: request.id }), { status: 409 });
  const told = (folder: string) =>
    entries(folder)
      .filter(({ requestId, type }) => requestId === request.id && type === 'access-decided')
      .map(({ facts }) => facts as { readonly approver: string; readonly state: string });
  assert.deepEqual(
    told('data').map(({ approver, state }) => [approver, state]),
    [['test|approver', 'approved']],
  );
  assert.deepEqual(
    told('data-two').map(({ approver, state }) => [approver, state]),
    [['test|approver', 'asked']],
  );
  client.close();
});

test('a denial reaches the gateway that holds it, with its reason [replicas.approve]', async () => {
  const client = await connect(two);
  client.send(insert('refused'));
  await (await as(one, 'approver')).deny({
    id: (await pending(one, 'refused')).id,
    reason: 'not on a Friday',
  });
  const error = (await client.until('Z')).find(({ type }) => type === 'E');
  assert.match(fieldsOf(error ?? { type: 'E', body: Buffer.alloc(0) }).M ?? '', /not on a Friday/);
  assert.equal(await rows('refused'), 0);
  client.close();
});

test('who may not decide may not on another gateway either [replicas.rules, L3]', async () => {
  const client = await connect(one);
  client.send(insert('mine'));
  const { id } = await pending(two, 'mine');
  for (const subject of ['agent', 'stranger', 'auditor', 'guard'])
    await assert.rejects((await as(two, subject)).approve({ id }), (error: { status?: number }) =>
      [403, 404].includes(error.status ?? 0),
    );
  assert.equal((await (await as(one, 'approver')).getAccessRequest({ id })).state, 'pending');
  client.close();
  await eventually('it is cancelled', async () =>
    (await (await as(two, 'approver')).getAccessRequest({ id })).state === 'cancelled' ? true : undefined,
  );
  await assert.rejects((await as(two, 'approver')).approve({ id }), { status: 409 });
  assert.equal(await rows('mine'), 0);
});

test('what was granted at one gateway is listed and ended at any, and bites what is open [replicas.grants, L6]', async () => {
  const client = await connect(one);
  client.send(insert('granted'));
  const { id } = await pending(one, 'granted');
  await (await as(one, 'approver')).approve({ id, reason: 'for today', grantSeconds: 1_200 });
  await client.until('Z');
  // It stands: nobody is asked.
  assert.equal(describe(await client.ask(insert('granted again'))), 'C(INSERT 0 1) ZI');
  const guard = await as(two, 'guard');
  const [grant] = (await guard.listGrants({})).grants;
  assert.deepEqual([grant?.requestId, grant?.standing], [id, true]);
  await guard.revokeGrant({ id: grant?.id ?? '', reason: 'enough' });
  await eventually('it is over at the gateway that gave it', async () => {
    const { grants } = await (await as(one, 'guard')).listGrants({});
    return grants.length === 0 ? true : undefined;
  });
  client.send(insert('granted no more'));
  const asked = await pending(one, 'granted no more');
  assert.equal(await rows('granted no more'), 0);
  client.close();
  await eventually('it is cancelled', async () =>
    (await (await as(one, 'approver')).getAccessRequest({ id: asked.id })).state === 'cancelled'
      ? true
      : undefined,
  );
  for (const folder of ['data', 'data-two'])
    assert.ok(
      entries(folder).some(
        ({ type, reason }) =>
          type === 'grant-ended' && /guard.*revoked it: enough/.test(String(reason as unknown)),
      ),
    );
  await assert.rejects(guard.revokeGrant({ id: grant?.id ?? '', reason: 'again' }), { status: 409 });
});

test('a grant is not given from another gateway than the one that asks [replicas.grants]', async () => {
  const client = await connect(one);
  client.send(insert('far away'));
  const { id } = await pending(two, 'far away');
  await assert.rejects(
    (await as(two, 'approver')).approve({ id, reason: 'for today', grantSeconds: 60 }),
    (error: { status?: number; message?: string }) =>
      error.status === 409 && /waits at gateway "one"/.test(error.message ?? ''),
  );
  assert.equal((await (await as(one, 'approver')).getAccessRequest({ id })).state, 'pending');
  client.close();
});

test('sessions of every gateway are listed with its name, and ended from any [replicas.end, L6]', async () => {
  const [here, there] = [await connect(one), await connect(two)];
  await here.ask(query('select count(*) from work.log'));
  const guard = await as(two, 'guard');
  const open = (await guard.listSessions({ open: true })).sessions;
  assert.deepEqual(open.map(({ replica }) => replica).sort(), ['one', 'two']);
  const tokenFile = join(world.directory, 'guard.token');
  writeFileSync(tokenFile, await world.token('guard'), { mode: 0o600 });
  const shown = await run(['sessions', '--open', '--url', two.controlPlane, '--token-file', tokenFile]);
  assert.match(shown.out, /TARGET +GATEWAY +WHO/);
  for (const { id, replica } of open) assert.match(shown.out, new RegExp(`^${id} .* ${replica} +\\S+`, 'm'));
  const target = open.find(({ replica }) => replica === 'one');
  await guard.endSession({ id: target?.id ?? '', reason: 'enough' });
  assert.ok((await here.untilClosed()) !== undefined);
  const ended = await guard.getSession({ id: target?.id ?? '' });
  assert.match(ended.endedReason ?? '', /guard.*ended it: enough/);
  await assert.rejects(guard.endSession({ id: target?.id ?? '', reason: 'again' }), { status: 409 });
  // The other goes on.
  assert.equal(
    describe(await there.ask(query('select count(*) from work.log where false'))),
    'T D(0) C(SELECT 1) ZI',
  );
  there.close();
});

test('what is revoked on one gateway ends on the others, is refused by them, and is lifted for all [containment.replicas, L6]', async () => {
  const [here, there] = [await connect(one), await connect(two)];
  const guard = await as(one, 'guard');
  const { revocation, ended } = await guard.revoke({ kind: 'actor', value: 'agent-1', reason: 'odd' });
  assert.equal(ended, 1, 'those of this gateway, at once');
  for (const client of [here, there]) {
    const last = (await client.untilClosed()).findLast(({ type }) => type === 'E');
    assert.match(
      fieldsOf(last ?? { type: 'E', body: Buffer.alloc(0) }).M ?? '',
      /"agent-1" was revoked: odd/,
    );
  }
  for (const at of [one, two]) await assert.rejects(connect(at), /revoked/);
  assert.equal((await (await as(two, 'guard')).listRevocations()).revocations[0]?.id, revocation.id);
  await (await as(two, 'guard')).liftRevocation({ id: revocation.id, reason: 'a drill' });
  const again = await eventually('it is let in again', () => connect(one).catch(() => undefined));
  again.close();
});

test('sessions with something in common are ended on every gateway, and counted [replicas.end, L6]', async () => {
  const [here, there] = [await connect(one), await connect(two)];
  const { sessions } = await eventually('both are listed', async () => {
    const page = await (await as(one, 'guard')).listSessions({ open: true });
    return page.sessions.length === 2 ? page : undefined;
  });
  assert.deepEqual(sessions.map(({ replica }) => replica).sort(), ['one', 'two']);
  const guard = await as(two, 'guard');
  assert.deepEqual(await guard.endSessions({ task: 'another', reason: 'no' }), { ended: 0, problems: [] });
  assert.deepEqual(await guard.endSessions({ actor: 'agent-1', reason: 'no' }), { ended: 2, problems: [] });
  await Promise.all([here.untilClosed(), there.untilClosed()]);
});

test('what a gateway held when it was killed is failed by itself, and the other leaves it alone [replicas.crash, storage.retention]', async () => {
  const client = await connect(two);
  client.send(insert('orphan'));
  const { id } = await pending(one, 'orphan');
  await two.kill();
  const approver = await as(one, 'approver');
  // Nobody is there to answer: the word is withdrawn, and counts neither now nor later.
  await assert.rejects(approver.approve({ id }), { status: 503 });
  assert.equal((await approver.getAccessRequest({ id })).state, 'pending');
  two = await startGatewayChild(join(world.directory, 'two.yaml'));
  await eventually('it is failed', async () =>
    (await approver.getAccessRequest({ id })).state === 'failed' ? true : undefined,
  );
  assert.equal(await rows('orphan'), 0);
  // At its start the time of what ended before was over: zero days.
  const [kept] = await store.query(
    "select count(*)::int as n from sallyport.access_request where text like '%across%'",
  );
  assert.equal(kept?.n, 0);
  const left = (await (await as(one, 'guard')).listSessions({ open: true })).sessions;
  assert.deepEqual(
    left.filter(({ replica }) => replica === 'two'),
    [],
  );
});

test('a second gateway of the same name does not start [storage.replica-name]', async () => {
  const file = join(world.directory, 'twin.yaml');
  writeFileSync(file, readFileSync(world.configFile, 'utf8').replace('/data\n', '/data-twin\n'));
  await assert.rejects(startGatewayChild(file), /named "one" uses this store/);
});
