/** What is revoked stays so: across a crash, without the log, without the store. And who may undo it. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { auditEntries } from '../../fixtures/audit-entries.ts';
import { startGatewayChild } from '../../fixtures/gateway-child.ts';
import { eventually, query, RawClient } from '../../fixtures/raw-postgres.ts';
import { AGENT, lastWord, startRevocationWorld, storeFile, type World } from './world.ts';

let world: World;
before(async () => {
  world = await startRevocationWorld(
    'create schema shop; create table shop.item (code text); create table shop.kept (n int); insert into shop.kept values (1)',
  );
});
after(() => world.close());

const open = async (actor = 'agent-1') => world.open(await world.issuer.token({ ...AGENT, actor }));
const guard = () => world.as('guard');
const quarantine = async (actor: string) =>
  (await guard()).revoke({ kind: 'actor', value: actor, reason: 'odd', quarantine: true });
const forgetStore = () => {
  for (const end of ['', '-wal', '-shm']) rmSync(`${storeFile(world)}${end}`, { force: true });
};
const factsOf = (entry: { readonly facts?: unknown } | undefined) =>
  (entry?.facts ?? {}) as Readonly<Record<string, unknown>>;
async function liftAll(): Promise<void> {
  for (const { id } of (await (await guard()).listRevocations()).revocations)
    await (await guard()).liftRevocation({ id, reason: 'the next test' });
}

test('it is in force after a restart, with the store lost, and with an older store [containment.restart, L6]', async () => {
  await quarantine('agent-1');
  await world.restart();
  await assert.rejects(open(), /was quarantined: odd/);
  await world.restart(forgetStore);
  await assert.rejects(open(), /was quarantined: odd/);
  const copy = join(world.directory, 'older.db');
  await world.restart(() => copyFileSync(storeFile(world), copy));
  await quarantine('agent-2');
  const [newest] = (await (await guard()).listRevocations()).revocations;
  await world.restart(() => {
    forgetStore();
    copyFileSync(copy, storeFile(world));
  });
  await assert.rejects(open('agent-2'), /was quarantined: odd/);
  assert.deepEqual((await (await guard()).listRevocations()).revocations[0], newest, 'the log has all of it');
  await liftAll();
  await world.restart(forgetStore);
  assert.deepEqual(
    (await (await guard()).listRevocations()).revocations,
    [],
    'the log has that it was lifted',
  );
  (await open()).close();
});

test('it is in force after a crash right behind the answer [containment.restart]', async () => {
  await world.gateway.close();
  const child = await startGatewayChild(world.configFile);
  const { client } = await RawClient.open({
    port: child.port,
    user: 'db',
    password: await world.issuer.token(AGENT),
  });
  const { createClient } = await import('@sallyport/contract');
  const as = createClient({ baseUrl: child.controlPlane, token: await world.token('guard') });
  await as.revoke({ kind: 'actor', value: 'agent-1', reason: 'it crashed' });
  await child.kill();
  client.close();
  const again = await startGatewayChild(world.configFile);
  await assert.rejects(
    RawClient.open({ port: again.port, user: 'db', password: await world.issuer.token(AGENT) }),
    /was revoked: it crashed/,
  );
  await again.stop();
  await world.restart();
  await liftAll();
});

test('a gateway that cannot know what is revoked does not start, and says what to do [containment.restart, L2]', async () => {
  const log = join(world.directory, 'data', 'audit');
  assert.ok(existsSync(log));
  await quarantine('agent-1');
  await world.gateway.close();
  const store = new DatabaseSync(storeFile(world));
  store.exec(`update revocation set kind = 'nonsense'`);
  store.close();
  const { createGateway, loadConfig } = await import('@sallyport/gateway');
  await assert.rejects(
    createGateway(loadConfig(world.configFile), { report: () => undefined }),
    /cannot be known what is revoked.*Move the store away/,
  );
  await world.restart(forgetStore);
  await assert.rejects(open(), /was quarantined/);
  await liftAll();
});

test('without the log sessions end all the same, it is said, made up for, and in force after a restart [containment.no-proof, L6]', async () => {
  const client = await open();
  const as = await guard();
  world.isLogBroken = true;
  const { ended, problems, revocation } = await as.revoke({
    kind: 'actor',
    value: 'agent-1',
    reason: 'now',
  });
  assert.equal(ended, 1);
  assert.deepEqual(problems, ['the audit log could not be written']);
  assert.match((await lastWord(client)).M ?? '', /was revoked: now/);
  // Lifting permits something, and that needs its entry.
  await assert.rejects(as.liftRevocation({ id: revocation.id, reason: 'no' }), { status: 503 });
  assert.equal((await as.listRevocations()).revocations.length, 1);
  await assert.rejects(open(), /was revoked: now/);
  world.isLogBroken = false;
  assert.equal(auditEntries(world).filter(({ reason }) => reason === 'now').length, 0);
  await world.restart();
  await assert.rejects(open(), /was revoked: now/);
  const made = auditEntries(world).find(({ type, reason }) => type === 'revoked' && reason === 'now');
  assert.equal(factsOf(made).revocation, revocation.id);
  await liftAll();
  assert.ok(world.faults.length > 0);
});

test('a person who is an operator lifts it, a machine does not, and nobody what is about them [containment.lift]', async () => {
  const { revocation } = await (await guard()).revoke({ kind: 'task', value: 'night', reason: 'odd' });
  for (const subject of ['agent', 'approver', 'auditor', 'stranger'])
    await assert.rejects(
      async () => (await world.as(subject)).liftRevocation({ id: revocation.id, reason: 'please' }),
      {
        status: 403,
      },
    );
  const { createClient } = await import('@sallyport/contract');
  const clientOf = (token: string) => createClient({ baseUrl: world.gateway.controlPlane, token });
  const robot = clientOf(await world.issuer.token({ subject: 'agent', claims: { groups: ['security'] } }));
  await assert.rejects(robot.liftRevocation({ id: revocation.id, reason: 'please' }), {
    status: 403,
    message: /person/,
  });
  const agent = clientOf(await world.issuer.token({ subject: 'guard', actor: 'agent-9' }));
  await assert.rejects(agent.revoke({ kind: 'task', value: 'x', reason: 'mine' }), { status: 403 });
  await (await guard()).revoke({ kind: 'subject', value: 'guard@corp.example', reason: 'turned' });
  await assert.rejects(async () => (await guard()).listRevocations(), { status: 401, message: /revoked/ });
  const second = clientOf(
    await world.issuer.token({ subject: 'stranger', claims: { groups: ['security'] } }),
  );
  for (const { id } of (await second.listRevocations()).revocations)
    await second.liftRevocation({ id, reason: 'a drill' });
  await assert.rejects(second.liftRevocation({ id: revocation.id, reason: 'again' }), { status: 404 });
  const lifted = auditEntries(world).findLast(({ type }) => type === 'revocation-lifted');
  assert.deepEqual([lifted?.subject, lifted?.reason], ['test|stranger', 'a drill']);
});

test('whoever was revoked approves nothing any more [containment.approvals, L3]', async () => {
  const approvals = await world.as('approver');
  const client = await open('agent-3');
  client.send(query('delete from shop.kept'));
  const pending = await eventually(
    'it waits',
    async () => (await approvals.listAccessRequests({ state: 'pending' })).accessRequests[0],
  );
  const as = await guard();
  await as.revoke({ kind: 'subject', value: 'test|approver', reason: 'stolen laptop' });
  await assert.rejects(approvals.approve({ id: pending.id }), { status: 401 });
  assert.deepEqual(await world.server.query('select n from shop.kept'), [{ n: 1 }]);
  client.close();
  await liftAll();
});

test('a newer token with fewer groups ends sessions on older ones and has them refused [containment.groups, L6]', async () => {
  const at = (seconds: number, groups: readonly string[]) =>
    world.issuer.token({
      ...AGENT,
      actor: 'agent-5',
      claims: { groups, iat: Math.floor(Date.now() / 1_000) - seconds },
    });
  const [older, newer] = [await at(60, ['agents', 'payroll']), await at(30, ['agents'])];
  const [client, bystander] = [await world.open(older), await open('agent-6')];
  const next = await world.open(newer);
  assert.match((await lastWord(client)).M ?? '', /newer token of the same caller has fewer groups/);
  await assert.rejects(world.open(older), /present the newer one/);
  assert.ok(!next.closed && !bystander.closed);
  // More groups are no loss, and neither are those of another caller.
  (await world.open(await at(10, ['agents', 'auditors']))).close();
  assert.ok(!next.closed && !bystander.closed);
  const entry = auditEntries(world).findLast(({ type }) => type === 'groups-lost');
  assert.deepEqual([entry?.actor, factsOf(entry).endedSessions], ['agent-5', 1]);
  next.close();
  bystander.close();
});

test('what a name is of is told where it can be, and asked for where it cannot [containment.quarantine]', async () => {
  const client = await open('agent-7');
  const as = await guard();
  const kindOf = async (value: string) =>
    (await as.revoke({ value, reason: 'odd', quarantine: true })).revocation.kind;
  await assert.rejects(as.revoke({ value: 'who-is-this', reason: 'odd', quarantine: true }), { status: 409 });
  assert.equal(await kindOf('agent-7'), 'actor');
  await lastWord(client);
  assert.equal(await kindOf('db'), 'target');
  assert.equal(await kindOf('somebody@corp.example'), 'subject');
  await liftAll();
  (await open('db')).close();
  await assert.rejects(as.revoke({ value: 'db', reason: 'odd', quarantine: true }), {
    status: 409,
    message: /actor and target/,
  });
});

test('whoever reads a recording when they are revoked gets no more of it [containment.readers]', async () => {
  const client = await open('agent-8');
  const auditor = await world.as('auditor');
  const session = await eventually('it is listed', async () =>
    (await auditor.listSessions({ open: true })).sessions.find(({ actor }) => actor === 'agent-8'),
  );
  const events: unknown[] = [];
  const reading = (async () => {
    for await (const event of auditor.recording({ id: session.id, follow: true })) events.push(event);
  })();
  // It breaks off while other things are waited for.
  const broken = assert.rejects(reading, /broke off/);
  await eventually('it is read', () => (events.length > 0 ? true : undefined));
  await (await guard()).revoke({ kind: 'subject', value: 'auditor@corp.example', reason: 'left' });
  await client.ask(query(`select 'not for them' as secret`));
  await broken;
  assert.ok(!JSON.stringify(events).includes('not for them'));
  client.close();
  await liftAll();
});
