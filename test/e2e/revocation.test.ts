/** Tightening bites sessions that are open, and what they are in the middle of. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { auditEntries } from '../fixtures/audit-entries.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import {
  bind,
  describe,
  eventually,
  execute,
  fieldsOf,
  parse,
  query,
  RawClient,
  sync,
} from '../fixtures/raw-postgres.ts';

const POLICIES = `
@id("everyone") permit (principal, action in [Action::"connect", Action::"connect_writable", Action::"transact", Action::"call", Action::"listen", Action::"notify"], resource);
@id("read") permit (principal, action == Action::"select", resource) when { resource.schema == "shop" };
@id("see") permit (principal, action == Action::"reveal", resource);
`;

let world: TestGateway;
before(async () => {
  world = await startGateway({
    policies: { text: POLICIES },
    postgres: {
      initSql:
        "create schema shop; create table shop.item (name text, code text); insert into shop.item values ('tea', 'x-1')",
    },
    config: 'masking: { classified: [{ column: shop.item.code, class: code }] }',
  });
});
after(() => world.close());

async function open(subject = 'agent'): Promise<RawClient> {
  return (await RawClient.open({ port: world.port, user: 'db', password: await world.token(subject) }))
    .client;
}

const extra = () => join(world.directory, 'policies', 'extra.cedar');
/** Only the file is written: the gateway has to notice by itself. */
const forbid = (what: string) =>
  writeFileSync(extra(), `@id("extra") forbid (principal, ${what}, resource);`);

async function restore(): Promise<void> {
  rmSync(extra(), { force: true });
  assert.equal((await world.gateway.reloadPolicies()).inForce, true);
}

/** Backends of the gateway that run a text with this in it. */
async function running(marker: string): Promise<number> {
  const rows = await world.server.query(
    `select 1 from pg_stat_activity where query like '%${marker}%' and state = 'active' and pid <> pg_backend_pid()`,
  );
  return rows.length;
}

const started = (marker: string) =>
  eventually(`${marker} runs`, async () => ((await running(marker)) > 0 ? true : undefined));
const stopped = (marker: string) =>
  eventually(`${marker} stops`, async () => ((await running(marker)) === 0 ? true : undefined));

function lastWord(messages: readonly { type: string; body: Buffer }[]): Readonly<Record<string, string>> {
  const error = messages.findLast(({ type }) => type === 'E');
  assert.ok(error !== undefined, 'the client is told why');
  return fieldsOf(error);
}

test('a changed policy file is in force for sessions that are open [e2e.policy-change, L6]', async () => {
  const client = await open();
  const prepared = [parse('s', 'select name from shop.item'), sync()];
  await client.ask(...prepared);
  const ask = () => client.ask(bind('', 's'), execute(), sync()).then(describe);
  assert.equal(await ask(), '2 D(tea) C(SELECT 1) ZI');
  forbid('action == Action::"select"');
  await eventually('the statement is refused', async () =>
    (await ask()) === 'E(42501) ZI' ? true : undefined,
  );
  await restore();
  assert.equal(await ask(), '2 D(tea) C(SELECT 1) ZI');
  client.close();
});

test('a policy that withdraws connect ends sessions, idle ones too [e2e.policy-change, L6]', async () => {
  const client = await open();
  forbid('action == Action::"connect"');
  const word = lastWord(await client.untilClosed());
  assert.equal(word.S, 'FATAL');
  assert.equal(word.C, '57P01');
  assert.match(word.M ?? '', /policy changed/);
  await restore();
  const ended = auditEntries(world).filter(
    ({ type, reason }) => type === 'session-ended' && /policy changed/.test(JSON.stringify(reason ?? null)),
  );
  assert.equal(ended.length, 1);
});

test('a policy that withdraws what runs at this moment stops it [e2e.policy-change, L6]', async () => {
  const client = await open();
  client.send(query('select pg_sleep(60), name from shop.item /* withdrawn */'));
  await started('withdrawn');
  forbid('action == Action::"select"');
  const word = lastWord(await client.untilClosed());
  assert.match(word.M ?? '', /under way/);
  await stopped('withdrawn');
  await restore();
});

test('what is revealed no more is masked in what follows, and stops what runs [e2e.policy-change, L4, L6]', async () => {
  const idle = await open();
  const busy = await open();
  assert.match(describe(await idle.ask(query('select code from shop.item'))), /D\(x-1\)/);
  await idle.ask(query('listen room'));
  busy.send(query('select pg_sleep(60), code from shop.item /* revealing */'));
  await started('revealing');
  forbid('action == Action::"reveal"');
  await busy.untilClosed();
  await stopped('revealing');
  const after = describe(await idle.ask(query('select code from shop.item')));
  assert.ok(after.includes('D(') && !after.includes('x-1'), after);
  // A notification belongs to no statement: it is masked as the policy in force says.
  const other = await open();
  await other.ask(query("notify room, 'mail alice@corp.example'"));
  const [notification] = await idle.until('A');
  assert.ok(notification !== undefined && !notification.body.includes('alice@corp.example'));
  await restore();
  idle.close();
  other.close();
});

test('ending a session stops what it runs at the server too [e2e.revocation, L6]', async () => {
  const client = await open();
  const other = await open('approver');
  client.send(query('select pg_sleep(60) /* revoked */'));
  await started('revoked');
  const ended = world.gateway.endSessions(
    ({ identity }) => identity.actor === 'agent-1',
    'the agent was quarantined',
  );
  assert.ok(ended >= 1);
  const word = lastWord(await client.untilClosed());
  assert.match(word.M ?? '', /quarantined/);
  await stopped('revoked');
  assert.equal(describe(await other.ask(query('select 1'))), 'T D(1) C(SELECT 1) ZI');
  other.close();
});

test('a session does not outlive its access token [e2e.token-expiry]', async () => {
  const password = await world.issuer.token({ subject: 'approver', expiresInSeconds: 2 });
  const { client } = await RawClient.open({ port: world.port, user: 'db', password });
  client.send(query('select pg_sleep(60) /* expiring */'));
  const word = lastWord(await client.untilClosed());
  assert.equal(word.C, '57P01');
  assert.match(word.M ?? '', /expired/);
  await stopped('expiring');
});
