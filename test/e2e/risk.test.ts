/** Risk and shadow mode in a whole gateway: what policy sees, what is on record, what people are shown. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AccessRequest } from '@sallyport/contract';
import { auditEntries, type Entry } from '../fixtures/audit-entries.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { describe, eventually, query, RawClient } from '../fixtures/raw-postgres.ts';

const POLICIES = `
@id("everyone") permit (principal, action in [Action::"connect", Action::"session", Action::"call"], resource);
@id("calm") permit (principal, action in [Action::"read", Action::"write"], resource is Table) when { context.risk < 60 && resource.name != "people" };
@id("wild") @approval("approvers") permit (principal, action in [Action::"read", Action::"write"], resource is Table) when { context.risk >= 40 && resource.name == "people" };
@id("no-secret") @shadow forbid (principal, action == Action::"select", resource is Table) when { resource.name == "secret" };
`;

let world: TestGateway;
before(async () => {
  world = await startGateway({
    policies: { text: POLICIES },
    postgres: {
      initSql: ['calm', 'people', 'secret']
        .map((name) => `create table ${name} (id int, ssn text)`)
        .join(';'),
    },
    config: 'masking: { classified: [{ column: public.people.ssn, class: ssn }] }',
  });
});
after(() => world.close());

const raw = async () =>
  (await RawClient.open({ port: world.port, user: 'db', password: await world.token('agent') })).client;

/** The decisions about operations of this form, oldest first. */
const decisions = (form: RegExp): Entry[] =>
  auditEntries(world).filter(
    (entry) => entry.type === 'decision' && typeof entry.form === 'string' && form.test(entry.form),
  );

const factsOf = (entry: Entry | undefined) => entry?.facts as Record<string, unknown> | undefined;

test('what is new to an actor is riskier than the second time, and both are on record [policy.risk, policy.risk-shown, policy.risk-keyed]', async () => {
  const client = await raw();
  for (const _ of [1, 2])
    assert.match(describe(await client.ask(query('select id from calm'))), /C\(SELECT 0\) ZI$/);
  const [first, second] = decisions(/from calm/i).map(factsOf);
  assert.match(String(first?.riskReasons), /new to this actor \(10\)/);
  assert.doesNotMatch(String(second?.riskReasons), /new to this actor/);
  assert.equal(Number(first?.risk), Number(second?.risk) + 10);
  client.close();
});

test('a denied or held attempt makes nothing familiar, and an approver is shown the risk [policy.risk-shown, policy.risk]', async () => {
  const client = await raw();
  const approver = await world.as('approver');
  for (const _ of [1, 2]) {
    client.send(query('select ssn from people'));
    const request = await eventually(
      'an access request',
      async (): Promise<AccessRequest | undefined> =>
        (await approver.listAccessRequests({ state: 'pending' })).accessRequests[0],
    );
    assert.match(request.reason, /policy "wild" permits .*; risk \d+ of 100: .*classified columns \(20\)/);
    assert.match(request.reason, /new to this actor \(10\)/);
    await approver.deny({ id: request.id, reason: 'no' });
    assert.match(describe(await client.until('Z')), /E\(42501\) ZI$/);
  }
  const denied = decisions(/from people/i).map(factsOf);
  assert.ok(denied.length >= 2 && denied.every((facts) => Number(facts?.risk) >= 40));
  client.close();
});

test('what a policy in shadow mode would have done is on record, and nothing else is different [policy.shadow]', async () => {
  const client = await raw();
  assert.match(describe(await client.ask(query('select id from secret'))), /C\(SELECT 0\) ZI$/);
  const [entry] = decisions(/from secret/i);
  assert.equal(entry?.effect, 'permit');
  const { shadow, shadowPolicies, shadowReason } = factsOf(entry) ?? {};
  assert.deepEqual([shadow, shadowPolicies], ['deny', ['no-secret']]);
  assert.match(String(shadowReason), /policy "no-secret" forbids select on Table/);
  assert.equal(factsOf(decisions(/from calm/i)[0])?.shadow, undefined);
  client.close();
});

test('a threshold made lower ends what is under way above it [policy.risk-keyed, L6]', async () => {
  const client = await raw();
  client.send(query('select pg_sleep(60), count(*) from calm'));
  await eventually('the statement runs', async () => {
    const [row] = await world.server.query(
      "select count(*)::int as n from pg_stat_activity where state = 'active' and query like '%pg_sleep(60)%' and pid <> pg_backend_pid()",
    );
    return Number(row?.n) > 0 ? true : undefined;
  });
  writeFileSync(
    join(world.directory, 'policies', 'test.cedar'),
    POLICIES.replace('context.risk < 60', 'context.risk < 3'),
  );
  assert.equal((await world.gateway.reloadPolicies()).inForce, true);
  assert.match(describe(await client.untilClosed()), /E\(57P01\)$/);
});
