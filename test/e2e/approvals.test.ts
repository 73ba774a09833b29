/** How people are asked: refused with an id and sent again, with a reason, for a time, or without waiting and reviewed. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ApiError } from '@sallyport/contract';
import { createGateway, loadConfig } from '@sallyport/gateway';
import pg from 'pg';
import { auditEntries } from '../fixtures/audit-entries.ts';
import { type CommandResult, runCommand } from '../fixtures/commands.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { eventually } from '../fixtures/raw-postgres.ts';

const POLICIES = `
@id("everyone") permit (principal, action in [Action::"connect", Action::"connect_writable", Action::"transact", Action::"call", Action::"set"], resource);
@id("read") permit (principal, action == Action::"select", resource) when { resource.schema == "work" };
@id("write") @approval("approvers") @break_glass("security")
permit (principal, action in Action::"write", resource) when { resource is Table && resource.schema == "work" };
@id("why") @approval("approvers") @reason("required") @grant("1h")
permit (principal, action == Action::"select", resource) when { resource.schema == "asked" };
`;

let world: TestGateway;
before(async () => {
  world = await startGateway({
    policies: { text: POLICIES },
    postgres: {
      initSql: `create schema work; create table work.log (what text); create schema twin; create table twin.log (what text);
        create schema asked; create table asked.customers (id int); insert into asked.customers values (1);
        create table asked.orders (id int)`,
    },
    config: 'approval: { expiry_seconds: 60, review_hours: 0.002, reason_required: true }',
  });
});
after(() => world.close());

type Login = { readonly subject?: string; readonly options?: string };

async function client({ subject = 'agent', options = '' }: Login = {}): Promise<pg.Client> {
  return world.connect({ password: await world.token(subject), ...(options === '' ? {} : { options }) });
}

async function refusal(work: Promise<unknown>): Promise<pg.DatabaseError> {
  return work.then(
    () => assert.fail('it was not refused'),
    (error: unknown) => error as pg.DatabaseError,
  );
}

const RETURN = { options: '-c sallyport.approval=return' };
const insert = (what: string): string => `insert into work.log (what) values ('${what}')`;

async function rows(what: string): Promise<number> {
  const [row] = await world.server.query(`select count(*)::int as n from work.log where what = '${what}'`);
  return Number(row?.n);
}

/** The id in a refusal that people can still decide. */
function idOf(error: pg.DatabaseError): string {
  return (
    /Access request (ar-[0-9a-f]+) is open until/.exec(error.detail ?? '')?.[1] ?? assert.fail(String(error))
  );
}

function entriesAbout(id: string) {
  return auditEntries(world).filter((entry) => entry.requestId === id);
}

const factsOf = (entry: { readonly facts?: unknown } | undefined) =>
  (entry?.facts ?? {}) as Record<string, unknown>;

async function sallyport(subject: string, ...args: string[]): Promise<CommandResult> {
  const file = join(world.directory, `${subject}.token`);
  writeFileSync(file, await world.token(subject), { mode: 0o600 });
  const place = ['--url', world.gateway.controlPlane, '--token-file', file];
  return runCommand(process.execPath, ['packages/cli/bin/sallyport.js', ...args, ...place], {
    HOME: world.directory,
  });
}

test('who does not wait is refused with an id at once, and the identical operation runs once after the approval, on another connection [approval.return, L3]', async () => {
  const first = await client(RETURN);
  const refused = await refusal(first.query(insert('returned')));
  assert.equal(refused.code, '42501');
  assert.match(refused.message, /people are asked: access request ar-/);
  const id = idOf(refused);
  // Asked twice is asked once, on whatever connection.
  const second = await client(RETURN);
  assert.equal(idOf(await refusal(second.query(insert('returned')))), id);
  assert.equal(await rows('returned'), 0);
  const approver = await world.as('approver');
  await approver.approve({ id: id, reason: 'fine' });
  // Nothing else is approved by it: another value, another text, another agent's word.
  assert.notEqual(idOf(await refusal(second.query(insert('returned2')))), id);
  assert.notEqual(idOf(await refusal(second.query(`${insert('returned')} -- again`))), id);
  await first.end();
  assert.equal((await second.query(insert('returned'))).rowCount, 1);
  assert.equal(await rows('returned'), 1);
  assert.notEqual(idOf(await refusal(second.query(insert('returned')))), id);
  assert.equal(await rows('returned'), 1);
  const decision = entriesAbout(id).find(({ type, effect }) => type === 'decision' && effect === 'permit');
  assert.deepEqual(decision?.policies, ['write']);
  assert.notEqual((await approver.getAccessRequest({ id: id })).redeemedAt, null);
});

test('an approval of one parameter is none of another, over a new connection [approval.return, L3]', async () => {
  const text = 'insert into work.log (what) values ($1)';
  const one = await client(RETURN);
  const id = idOf(await refusal(one.query(text, ['bound'])));
  const approver = await world.as('approver');
  assert.deepEqual((await approver.getAccessRequest({ id: id })).parameters, ['bound']);
  await approver.approve({ id: id, reason: 'this value' });
  await one.end();
  const other = await client(RETURN);
  assert.notEqual(idOf(await refusal(other.query(text, ['unbound']))), id);
  assert.equal((await other.query(text, ['bound'])).rowCount, 1);
  assert.deepEqual([await rows('bound'), await rows('unbound')], [1, 0]);
});

test('a name that means another table in the new session is another operation [approval.return, L3]', async () => {
  const text = "insert into log (what) values ('meant')";
  const one = await client(RETURN);
  await one.query('set search_path = work');
  const id = idOf(await refusal(one.query(text)));
  await (await world.as('approver')).approve({ id: id, reason: 'into work' });
  const other = await client(RETURN);
  await other.query('set search_path = twin');
  const refused = await refusal(other.query(text));
  assert.match(refused.message, /no policy permits insert/);
  const third = await client(RETURN);
  await third.query('set search_path = work');
  assert.equal((await third.query(text)).rowCount, 1);
});

test('a denial with its reason reaches whoever waits and whoever comes back [approval.return, approval.deny-reason]', async () => {
  const approver = await world.as('approver');
  const back = await client(RETURN);
  const id = idOf(await refusal(back.query(insert('no'))));
  await approver.deny({ id: id, reason: 'use the report instead' });
  const refused = await refusal(back.query(insert('no')));
  assert.match(refused.message, /approver denied it: use the report instead/);
  assert.equal(refused.code, '42501');
  const waiting = await client();
  const held = refusal(waiting.query(insert('no2')));
  const pending = await eventually('the hold', async () =>
    (await approver.listAccessRequests({ state: 'pending' })).accessRequests.find(({ text }) =>
      text?.includes('no2'),
    ),
  );
  assert.equal(pending.mode, 'hold');
  await approver.deny({ id: pending.id, reason: 'not today' });
  assert.match((await held).message, /approver denied it: not today/);
});

test('whoever asked sees where it stands, as the profile has it, and takes it back [approval.task, approval.cancel]', async () => {
  const agent = await world.as('agent');
  const one = await client(RETURN);
  const id = idOf(await refusal(one.query(insert('task'))));
  const { task, result } = await agent.accessRequestTask({ id: id });
  assert.equal(task.status, 'pending');
  assert.equal(task.links?.cancel, `/v1/access-requests/${id}/cancel`);
  assert.equal(result, undefined);
  await assert.rejects(
    (await world.as('approver')).cancelAccessRequest({ id: id }),
    (error: ApiError) => error.status === 403,
  );
  await agent.cancelAccessRequest({ id: id });
  assert.equal((await agent.accessRequestTask({ id: id })).task.status, 'cancelled');
  await assert.rejects(
    (await world.as('approver')).approve({ id: id, reason: 'late' }),
    (error: ApiError) => error.status === 409,
  );
  const again = idOf(await refusal(one.query(insert('task'))));
  assert.notEqual(again, id);
  await (await world.as('approver')).approve({ id: again, reason: 'yes' });
  assert.equal((await agent.accessRequestTask({ id: again })).result?.mode, 'reevaluate');
});

test('a policy that changed after the approval makes it worth nothing to who comes back [approval.return, L3]', async () => {
  const one = await client(RETURN);
  const id = idOf(await refusal(one.query(insert('policy'))));
  await (await world.as('approver')).approve({ id: id, reason: 'under this policy' });
  const file = join(world.directory, 'policies', 'test.cedar');
  writeFileSync(
    file,
    `${POLICIES}\n@id("more") permit (principal, action == Action::"select", resource) when { resource.schema == "none" };`,
  );
  assert.equal((await world.gateway.reloadPolicies()).inForce, true);
  const refused = await refusal((await client(RETURN)).query(insert('policy')));
  assert.notEqual(idOf(refused), id);
  assert.equal(await rows('policy'), 0);
  writeFileSync(file, POLICIES);
  assert.equal((await world.gateway.reloadPolicies()).inForce, true);
});

test('where policy wants a reason, none is a clear denial, and the one given is shown and recorded [approval.reason]', async () => {
  const one = await client(RETURN);
  const refused = await refusal(one.query('select * from asked.customers'));
  assert.match(refused.message, /it needs a reason, and none was given/);
  assert.match(refused.hint ?? '', /SET sallyport\.reason/);
  await one.query("set sallyport.reason = 'ticket 7:\u202e see\u0007 ''there'''");
  assert.deepEqual((await one.query('show sallyport.reason')).rows.length, 1);
  const id = idOf(await refusal(one.query('select * from asked.customers')));
  const shown = (await (await world.as('approver')).getAccessRequest({ id: id })).shown;
  assert.equal(shown.stated, "ticket 7:  see  'there'");
  assert.equal(shown.grantSeconds, 3_600);
  const requested = entriesAbout(id).find(({ type }) => type === 'access-requested');
  assert.equal(factsOf(requested).stated, "ticket 7:  see  'there'");
  // It cannot be changed by asking again.
  const other = await client({ options: '-c sallyport.approval=return -c sallyport.reason=harmless' });
  assert.equal(idOf(await refusal(other.query('select * from asked.customers'))), id);
  assert.equal(
    (await (await world.as('approver')).getAccessRequest({ id: id })).shown.stated,
    "ticket 7:  see  'there'",
  );
  await (await world.as('agent')).cancelAccessRequest({ id: id });
  await refusal(one.query("set sallyport.approval = 'maybe'"));
  await refusal(one.query("set sallyport.reason = 'a'; select 1"));
});

test('approvers say why where the configuration wants that [approval.reason-required]', async () => {
  const id = idOf(await refusal((await client(RETURN)).query(insert('why'))));
  const approver = await world.as('approver');
  await assert.rejects(
    approver.approve({ id: id }),
    (error: ApiError) => error.status === 422 && /say why/.test(error.message),
  );
  assert.equal((await approver.approve({ id: id, reason: 'because' })).state, 'approved');
});

test('people see what runs, what it touches, how much, who asks and what they did before [approval.shown]', async () => {
  const id = idOf(await refusal((await client(RETURN)).query('update work.log set what = what')));
  const seen = await sallyport('approver', 'requests', 'show', id);
  assert.equal(seen.code, 0, seen.stderr);
  assert.match(seen.stdout, /update work\.log set what = what/);
  assert.match(seen.stdout, /touches +\S.*on Table "postgres\/work\/log"/);
  assert.match(seen.stdout, /who +agent via agent-1/);
  assert.match(seen.stdout, /policies +write/);
  const { shown } = JSON.parse((await sallyport('approver', 'requests', 'show', id, '--json')).stdout);
  assert.ok(shown.touches.includes('update on Table "postgres/work/log"'), JSON.stringify(shown));
  assert.ok(shown.history.permitted >= 1 || shown.history.first.length >= 1);
  assert.ok(shown.history.first.includes('update on Table "postgres/work/log"'));
  const denied = await sallyport('approver', 'requests', 'deny', id, '--reason', 'no');
  assert.equal(denied.code, 0, denied.stderr);
  assert.equal((await sallyport('approver', 'requests', 'deny', id, '--reason', 'no')).code, 3);
});

test('a grant lets the same be done again until it is revoked, with an entry for each use [approval.grant, approval.grant-use, L6]', async () => {
  const said = { options: '-c sallyport.approval=return -c sallyport.reason=support' };
  const one = await client(said);
  const id = idOf(await refusal(one.query('select * from asked.customers')));
  const approver = await world.as('approver');
  await assert.rejects(
    approver.approve({ id: id, reason: 'x', grantSeconds: 7_200 }),
    (error: ApiError) => error.status === 403,
  );
  const approved = await sallyport(
    'approver',
    'requests',
    'approve',
    id,
    '--grant',
    '30m',
    '--reason',
    'for support',
  );
  assert.equal(approved.code, 0, approved.stderr);
  assert.match(approved.stdout, /approved ar-.* for 30m/);
  for (const where of ['true', 'id = 1'])
    assert.ok(await one.query(`select * from asked.customers where ${where}`));
  const elsewhere = await refusal(one.query('select * from asked.orders'));
  assert.match(elsewhere.message, /people are asked/);
  const joined = await refusal(
    one.query('select * from asked.customers c join asked.orders o on c.id = o.id'),
  );
  assert.match(joined.message, /people are asked/);
  const [grant] = (await approver.listGrants()).grants;
  assert.ok(grant !== undefined);
  assert.equal(grant.uses, 2);
  assert.equal(Math.round((Date.parse(grant.expiresAt) - Date.parse(grant.grantedAt)) / 1_000), 1_800);
  const uses = auditEntries(world).filter(({ facts }) => {
    const grants = (facts as Record<string, unknown> | undefined)?.grants;
    return Array.isArray(grants) && grants.includes(grant.id);
  });
  assert.deepEqual(
    uses.map(({ type, effect }) => [type, effect]),
    [
      ['decision', 'permit'],
      ['decision', 'permit'],
    ],
  );
  // Under way when it is revoked: ended with its session, within the second.
  const long = await client(said);
  const running = refusal(long.query('select pg_sleep(60), * from asked.customers'));
  await eventually('it runs', async () => {
    const [row] = await world.server.query(
      "select count(*)::int as n from pg_stat_activity where state = 'active' and query like '%pg_sleep(60)%' and pid <> pg_backend_pid()",
    );
    return Number(row?.n) > 0 ? true : undefined;
  });
  const listed = await sallyport('agent', 'grants', 'list');
  assert.match(listed.stdout, new RegExp(`${grant.id} .* select on Table postgres/asked/customers`));
  const revoked = await sallyport('approver', 'grants', 'revoke', grant.id, '--reason', 'enough');
  assert.equal(revoked.code, 0, revoked.stderr);
  assert.match((await running).message, /a grant ended: an operation under way is not permitted any more/);
  assert.match((await refusal(one.query('select * from asked.customers'))).message, /people are asked/);
  assert.equal((await sallyport('approver', 'grants', 'revoke', grant.id, '--reason', 'again')).code, 3);
  assert.deepEqual(
    entriesAbout(id)
      .map(({ type }) => type)
      .filter((type) => String(type as unknown).startsWith('grant')),
    ['grant-opened', 'grant-ended'],
  );
});

test('a person of the group goes ahead with a reason, and is reviewed by another; overdue, they cannot again [approval.break-glass, approval.review]', async () => {
  const person = await client({ subject: 'guard', options: '-c sallyport.break_glass=on' });
  assert.match((await refusal(person.query(insert('glass')))).message, /needs a reason/);
  await person.query("set sallyport.reason = 'the shop is down'");
  assert.equal((await person.query(insert('glass'))).rowCount, 1);
  const [review] = (await (await world.as('approver')).listReviews()).reviews;
  assert.ok(review !== undefined);
  assert.deepEqual(
    [review.kind, review.reason, review.text],
    ['review', 'the shop is down', insert('glass')],
  );
  const about = entriesAbout(review.id).map(({ type }) => type as unknown);
  assert.ok(about.indexOf('break-glass') < about.indexOf('decision'), JSON.stringify(about));
  // An agent never does, nor a person of another group.
  for (const subject of ['agent', 'stranger']) {
    const other = await client({ subject, options: '-c sallyport.break_glass=on -c sallyport.reason=hurry' });
    assert.match(
      (await refusal(other.query(insert('others')))).message,
      /only a person can break glass|does not let your groups/,
    );
  }
  assert.equal(await rows('others'), 0);
  // Nobody closes their own; only those who would have been asked do.
  const guard = await world.as('guard');
  await assert.rejects(
    guard.closeReview({ id: review.id, verdict: 'justified', words: 'me' }),
    (error: ApiError) => error.status === 403,
  );
  await eventually('it is overdue', async () =>
    (await guard.getReview({ id: review.id })).state === 'overdue' ? true : undefined,
  );
  assert.ok(entriesAbout(review.id).some(({ type }) => type === 'review-overdue'));
  assert.match(
    (await refusal(person.query(insert('again')))).message,
    /is overdue: another person has to close it first/,
  );
  const overdue = await sallyport('approver', 'reviews', 'list');
  assert.match(`${overdue.stdout}${overdue.stderr}`, /overdue/);
  const closed = await sallyport(
    ...(['approver', 'reviews', 'close', review.id, '--verdict', 'justified', '--words', 'it was down'] as [
      string,
      ...string[],
    ]),
  );
  assert.equal(closed.code, 0, closed.stderr);
  assert.equal((await person.query(insert('again'))).rowCount, 1);
  const verdict = entriesAbout(review.id).find(({ type }) => type === 'review-closed');
  assert.equal(factsOf(verdict).verdict, 'justified');
});

test('a grant and a review survive a restart; a row nobody sealed grants nothing [approval.grant-restart, approval.grant-sealed]', async () => {
  const said = { options: '-c sallyport.approval=return -c sallyport.reason=support' };
  const id = idOf(await refusal((await client(said)).query('select * from asked.customers')));
  await (await world.as('approver')).approve({ id: id, reason: 'for a while', grantSeconds: 600 });
  const person = await client({
    subject: 'guard',
    options: '-c sallyport.break_glass=on -c sallyport.reason=hurry',
  });
  await person.query(insert('before the restart'));
  await world.gateway.close();
  const faults: unknown[] = [];
  const again = await createGateway(loadConfig(world.configFile), {
    report: (fault) => void faults.push(fault),
  });
  try {
    const after = new pg.Client({
      ...{ host: '127.0.0.1', port: again.listeners[0]?.port ?? 0, user: 'db', database: 'postgres' },
      ...{ password: await world.token('agent'), ...said },
    });
    await after.connect();
    assert.equal((await after.query('select * from asked.customers')).rowCount, 1);
    await after.end();
    const { createClient } = await import('@sallyport/contract');
    const approver = createClient({ baseUrl: again.controlPlane, token: await world.token('approver') });
    const { reviews } = await approver.listReviews();
    assert.ok(reviews.some(({ text }) => text === insert('before the restart')));
  } finally {
    await again.close();
  }
  const { DatabaseSync } = await import('node:sqlite');
  const store = new DatabaseSync(join(world.directory, 'data', 'store', 'sallyport.db'));
  store.exec("update access_grant set scope = replace(scope, 'customers', 'orders') where ended_at is null");
  store.close();
  const third = await createGateway(loadConfig(world.configFile), {
    report: (fault) => void faults.push(fault),
  });
  try {
    assert.ok(
      faults.some((fault) => /grants nothing/.test(String(fault))),
      String(faults),
    );
    for (const table of ['customers', 'orders']) {
      const after = new pg.Client({
        ...{ host: '127.0.0.1', port: third.listeners[0]?.port ?? 0, user: 'db', database: 'postgres' },
        ...{ password: await world.token('agent'), ...said },
      });
      await after.connect();
      assert.match((await refusal(after.query(`select * from asked.${table}`))).message, /people are asked/);
      await after.end();
    }
  } finally {
    await third.close();
  }
  assert.ok(readFileSync(join(world.directory, 'data', 'approval.key'), 'utf8').length > 60);
});
