/** A session asks to see a data class in clear, people approve, and it ends when the session says so or policy does. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AccessRequest } from '@sallyport/contract';
import type pg from 'pg';
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
@id("everyone") permit (principal, action in [Action::"connect", Action::"transact", Action::"call", Action::"set", Action::"show", Action::"connect_writable", Action::"undetermined"], resource);
@id("read") permit (principal, action == Action::"select", resource);
@id("jwt") permit (principal, action == Action::"reveal", resource) when { resource.name == "jwt" };
@id("email") @approval("approvers") permit (principal, action == Action::"reveal", resource) when { resource.name == "email" };
@id("few") @limit_rows("5") permit (principal, action == Action::"reveal", resource) when { resource.name == "note" };
`;

const CONFIG = `masking:
  detectors: { enabled: [] }
  classified:
    - { column: work.people.mail, class: email }
    - { column: work.people.salary, class: salary }
    - { column: work.people.note, class: note }`;

let world: TestGateway;
before(async () => {
  world = await startGateway({
    policies: { text: POLICIES },
    postgres: {
      initSql: `create schema work; create table work.people (mail text, salary text, note text);
        insert into work.people values ('ada@example.com', '100', 'n')`,
    },
    config: CONFIG,
  });
});
after(() => world.close());

const MASKED = '***';
const ASK = "SET sallyport.reveal = 'email'";

async function mailSeen(client: pg.Client): Promise<unknown> {
  return (await client.query('select mail from work.people')).rows[0]?.mail;
}

async function shown(client: pg.Client): Promise<unknown> {
  return (await client.query('show sallyport.reveal')).rows[0]?.['sallyport.reveal'];
}

function pending(marker: string): Promise<AccessRequest> {
  return eventually(`an access request about ${marker}`, async () => {
    const approver = await world.as('approver');
    return (await approver.listAccessRequests({ state: 'pending' })).accessRequests.find(
      ({ text }) => text?.includes(marker) === true,
    );
  });
}

/** The client asks for it, and people approve. */
async function approved(client: pg.Client, statement = ASK): Promise<AccessRequest> {
  const asked = client.query(statement);
  const request = await pending(statement);
  await (await world.as('approver')).approve({ id: request.id, reason: 'fine' });
  assert.equal((await asked).command, 'SET');
  return request;
}

const revealEntries = (client: { readonly id: string }) =>
  auditEntries(world).filter(({ type, sessionId }) => type === 'reveal' && sessionId === client.id);

/** The session of the newest entry of this type. */
function newestSession(): { readonly id: string } {
  const started = auditEntries(world).filter(({ type }) => type === 'session-started');
  const id = started.at(-1)?.sessionId;
  assert.ok(typeof id === 'string');
  return { id };
}

test('a class is shown once people approved, in this session alone, until it is reset [masking.reveal-session]', async () => {
  const client = await world.connect();
  const session = newestSession();
  const other = await world.connect();
  assert.equal(await mailSeen(client), MASKED);
  assert.equal(await shown(client), '');
  const request = await approved(client);
  assert.equal(request.form, 'reveal email');
  assert.equal(await mailSeen(client), 'ada@example.com');
  assert.equal(
    (await client.query('select mail from work.people where $1 = 1', [1])).rows[0]?.mail,
    'ada@example.com',
  );
  assert.equal((await client.query('select salary from work.people')).rows[0]?.salary, MASKED);
  assert.equal(await shown(client), 'email');
  assert.equal(await mailSeen(other), MASKED);
  assert.equal(await shown(other), '');
  const [granted, ...more] = revealEntries(session);
  assert.deepEqual(more, []);
  assert.deepEqual([granted?.effect, granted?.requestId], ['permit', request.id]);
  assert.deepEqual(granted?.facts, {
    state: 'granted',
    classes: ['email'],
    approvedBy: ['test|approver'],
  });
  const decided = auditEntries(world).find(
    ({ type, evaluationId }) => type === 'decision' && evaluationId === granted?.evaluationId,
  );
  assert.deepEqual(
    [decided?.effect, decided?.actions, decided?.form],
    ['permit', ['reveal'], 'reveal email'],
  );

  assert.equal((await client.query('RESET sallyport.reveal')).command, 'SET');
  assert.equal(await mailSeen(client), MASKED);
  assert.equal(await shown(client), '');
  const [, ended, ...none] = revealEntries(session);
  assert.deepEqual(none, []);
  assert.deepEqual(ended?.facts, { state: 'ended', classes: ['email'] });
  assert.equal(ended?.evaluationId, granted?.evaluationId);
  await client.end();
  await other.end();
});

test('what is not permitted, not a class, or asked for in another way is refused, and nothing is shown [masking.reveal-session]', async () => {
  const client = await world.connect();
  const session = newestSession();
  const refused = async (text: string, message: RegExp): Promise<void> => {
    await assert.rejects(client.query(text), (error: pg.DatabaseError) => {
      assert.match(error.message, message, text);
      assert.equal(error.code, '42501');
      return true;
    });
  };
  await refused("SET sallyport.reveal = 'hunter2'", /no such class/);
  await refused("SET sallyport.reveal = 'email, hunter2'", /no such class: number 2 of 2/);
  await refused("SET sallyport.reveal = 'salary'", /no policy permits reveal on DataClass "salary"/);
  await refused(
    "SET sallyport.reveal = 'note'",
    /policy "few" permits .* with limits, which reveals nothing/,
  );
  const elsewhere = /by a statement with nothing else in it/;
  await refused("SET LOCAL sallyport.reveal = 'email'", elsewhere);
  await refused("SET sallyport.reveal = 'email'; select 1", elsewhere);
  await refused("select set_config('sallyport.reveal', 'email', false)", elsewhere);
  await refused('SET "sallyport"."reveal" = email', elsewhere);
  await refused('/* x */ SHOW sallyport.reveal', elsewhere);
  await assert.rejects(client.query({ name: 'p', text: 'SHOW sallyport.reveal' }), elsewhere);
  assert.equal(await mailSeen(client), MASKED);
  assert.deepEqual(revealEntries(session), []);
  const log = JSON.stringify(auditEntries(world));
  assert.ok(!log.includes('hunter2'), 'what is no class may be anything, and is not logged');
  await client.end();
});

test('two statements that differ in nothing but the class are two questions, and a list replaces a list [masking.reveal-session]', async () => {
  const client = await world.connect();
  const session = newestSession();
  await approved(client);
  await assert.rejects(client.query("SET sallyport.reveal = 'salary'"), /no policy permits/);
  assert.equal(await shown(client), 'email', 'a refusal leaves what there was');
  const again = client.query("SET sallyport.reveal = ' '");
  assert.equal((await again).command, 'SET');
  assert.equal(await mailSeen(client), MASKED);
  await approved(client, 'set session SALLYPORT.reveal to email;');
  assert.equal(await mailSeen(client), 'ada@example.com');
  await client.query('SET sallyport.reveal TO DEFAULT');
  assert.equal(await mailSeen(client), MASKED);
  assert.deepEqual(
    revealEntries(session).map(({ facts }) => (facts as { state?: unknown }).state),
    ['granted', 'ended', 'granted', 'ended'],
  );
  await client.end();
});

test('what puts a session back for its next user ends it, and what policy shows anyway needs nobody [masking.reveal-session]', async () => {
  const client = await world.connect();
  const session = newestSession();
  assert.equal((await client.query('SET sallyport.reveal = jwt')).command, 'SET');
  assert.equal(await shown(client), 'jwt');
  assert.deepEqual(revealEntries(session)[0]?.facts, {
    state: 'granted',
    classes: ['jwt'],
    approvedBy: [],
  });
  for (const reset of ['DISCARD ALL', 'reset all']) {
    await approved(client);
    assert.equal(await mailSeen(client), 'ada@example.com');
    await client.query(reset);
    assert.equal(await shown(client), '', reset);
    assert.equal(await mailSeen(client), MASKED, reset);
  }
  await client.end();
});

test('a request that is denied shows nothing, and the session goes on as it was [masking.reveal-session]', async () => {
  const client = await world.connect();
  const session = newestSession();
  const asked = client.query(ASK);
  const request = await pending(ASK);
  await (await world.as('approver')).deny({ id: request.id, reason: 'not today' });
  await assert.rejects(asked, /not today/);
  assert.equal(await mailSeen(client), MASKED);
  assert.deepEqual(revealEntries(session), []);
  await client.end();
});

test('the answer comes in its turn, with the state of the transaction, and nothing reaches the server [masking.reveal-session]', async () => {
  const password = await world.token('agent');
  const { client } = await RawClient.open({ port: world.port, user: 'db', password });
  assert.equal(describe(await client.ask(query('begin'))), 'C(BEGIN) ZT');
  client.send(query('select pg_sleep(0.1)'), query('show sallyport.reveal'), query('select 1'));
  assert.equal(describe(await client.until('Z')), 'T D() C(SELECT 1) ZT');
  assert.equal(describe(await client.until('Z')), 'T D() C(SHOW) ZT');
  assert.equal(describe(await client.until('Z')), 'T D(1) C(SELECT 1) ZT');
  client.send(query("set sallyport.reveal = 'salary'"));
  assert.equal(
    describe(await client.until('Z')),
    'E(42501) ZE',
    'a refusal fails the transaction, as any does',
  );
  assert.equal(describe(await client.ask(query('reset sallyport.reveal'))), 'C(SET) ZE');
  assert.equal(describe(await client.ask(query('rollback'))), 'C(ROLLBACK) ZI');
  client.send(parse('', 'show sallyport.reveal'), sync());
  const said = await client.until('Z');
  assert.equal(describe(said), 'E(42501) ZI');
  assert.match(fieldsOf(said[0] ?? { type: 'E', body: Buffer.alloc(0) }).H ?? '', /RESET sallyport\.reveal/);
  assert.equal(
    describe(
      await client.ask(query("select coalesce(current_setting('sallyport' || '.reveal', true), 'unset')")),
    ),
    'T D(unset) C(SELECT 1) ZI',
  );
  client.close();
});

test('as a prepared statement it is asked for each time it runs, in the middle of a pipeline [masking.reveal-session]', async () => {
  const password = await world.token('agent');
  const { client } = await RawClient.open({ port: world.port, user: 'db', password });
  client.send(parse('ask', "SET sallyport.reveal = 'email'"), parse('end', 'RESET sallyport.reveal'), sync());
  assert.equal(describe(await client.until('Z')), '1 1 ZI');
  const mail = [parse('', 'select mail from work.people'), bind('', ''), execute('')];
  client.send(...mail, bind('', 'ask'), execute(''), ...mail, sync());
  const request = await pending(ASK);
  await (await world.as('approver')).approve({ id: request.id, reason: 'fine' });
  // The notice that it waits may come before the rows of what is under way.
  const said = (await client.until('Z')).filter(({ type }) => type !== 'N');
  assert.equal(describe(said), '1 2 D(***) C(SELECT 1) 2 C(SET) 1 2 D(ada@example.com) C(SELECT 1) ZI');
  client.send(bind('', 'end'), execute(''), ...mail, sync());
  assert.equal(describe(await client.until('Z')), '2 C(SET) 1 2 D(***) C(SELECT 1) ZI');
  client.send(parse('no', "SET sallyport.reveal = 'salary'"), bind('', 'no'), execute(''), ...mail, sync());
  assert.equal(describe(await client.until('Z')), '1 E(42501) ZI');
  client.close();
});

test('a policy that permits it no more ends it at once, and so does the end of the session [masking.reveal-session]', async () => {
  const client = await world.connect();
  const session = newestSession();
  await approved(client);
  const file = join(world.directory, 'policies', 'test.cedar');
  writeFileSync(file, `${POLICIES}\n@id("harmless") permit (principal, action == Action::"lock", resource);`);
  const mail = () => mailSeen(client);
  const version = () => auditEntries(world).filter(({ type }) => type === 'policy-loaded').length;
  await eventually('the changed policy', async () => (version() >= 2 ? true : undefined));

  await eventually('the grant judged again', async () =>
    (await mail()) === 'ada@example.com' ? true : undefined,
  );
  writeFileSync(
    file,
    `${POLICIES}\n@id("closed") forbid (principal, action == Action::"reveal", resource) when { resource.name == "email" };`,
  );
  await eventually('the grant ended', async () => ((await mail()) === MASKED ? true : undefined));
  await eventually('its entry', async () => (revealEntries(session).length === 2 ? true : undefined));
  assert.match(JSON.stringify(revealEntries(session)[1]), /policy changed/);
  writeFileSync(file, POLICIES);
  await eventually('the first policy', async () => (version() >= 4 ? true : undefined));
  await approved(client);
  await client.end();
  await eventually('the entry of the end', async () =>
    revealEntries(session).length === 4 ? true : undefined,
  );
  assert.match(JSON.stringify(revealEntries(session)[3]), /the session ended/);
});
