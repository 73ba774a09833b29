/** What a permit's limits do on the wire: what is over them never arrives, the client is told why, the session goes on. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type pg from 'pg';
import { auditEntries } from '../fixtures/audit-entries.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import {
  bind,
  describe,
  describePortal,
  eventually,
  execute,
  fieldsOf,
  flush,
  parse,
  query,
  RawClient,
  type RawMessage,
  sync,
} from '../fixtures/raw-postgres.ts';

const POLICIES = `
@id("everyone") permit (principal, action in [Action::"connect", Action::"connect_writable", Action::"session", Action::"call"], resource);
@id("plain") permit (principal, action in [Action::"read", Action::"write"], resource is Table) when { resource.schema == "plain" };
@id("few") @limit_rows("5") permit (principal, action in [Action::"read", Action::"write"], resource is Table) when { resource.schema == "few" };
@id("fewer") @limit_rows("2") permit (principal, action in Action::"read", resource is Table) when { resource.schema == "few" };
@id("small") @limit_bytes("1KB") permit (principal, action in Action::"read", resource is Table) when { resource.schema == "small" };
@id("quick") @limit_time("400ms") permit (principal, action in [Action::"read", Action::"write"], resource is Table) when { resource.schema == "quick" };
@id("rare") @limit_rate("3") permit (principal, action in Action::"read", resource is Table) when { resource.schema == "rare" };
@id("asked") @approval("approvers") @limit_rows("3") permit (principal, action in Action::"write", resource is Table) when { resource.schema == "asked" };
@id("asked-read") permit (principal, action in Action::"read", resource is Table) when { resource.schema == "asked" };
@id("three") @limit_rows("3") permit (principal, action in Action::"read", resource is Table) when { resource.schema == "three" };
`;

const SCHEMAS = ['plain', 'few', 'small', 'quick', 'rare', 'three', 'asked'];

let world: TestGateway;
before(async () => {
  const tables = SCHEMAS.map(
    (name) =>
      `create schema ${name}; create table ${name}.t as select g as id, repeat('x', 100) as pad from generate_series(1, 20000) g;`,
  );
  world = await startGateway({ policies: { text: POLICIES }, postgres: { initSql: tables.join('\n') } });
});
after(() => world.close());

const raw = async () =>
  (await RawClient.open({ port: world.port, user: 'db', password: await world.token('agent') })).client;

/** What came, in short, with runs of rows counted. */
function shape(messages: readonly RawMessage[]): string {
  return describe(messages)
    .replaceAll(/D\([^)]*\)/g, 'D')
    .replaceAll(/(?:D )+D|D/g, (run) => `D×${run.split(' ').length}`);
}

const copied = (messages: readonly RawMessage[]): number =>
  messages.filter(({ type }) => type === 'd').length;

function errorOf(messages: readonly RawMessage[]): Readonly<Record<string, string>> {
  const error = messages.find(({ type }) => type === 'E');
  assert.ok(error !== undefined, describe(messages));
  return fieldsOf(error);
}

test('the client gets as many rows as policy permits, then the limit, and the session goes on [data-path.limit-rows, data-path.limit-sync]', async () => {
  const client = await raw();
  for (const round of [1, 2, 3]) {
    const got = await client.ask(query('select id from few.t'));
    assert.equal(shape(got), 'T D×5 E(54000) ZI', `round ${round}`);
    assert.match(
      errorOf(got).M ?? '',
      /^denied: the reply to evaluation \S+ has more than 5 rows \(limit_rows\)$/,
    );
    assert.match(shape(await client.ask(query('select id from few.t limit 5'))), /^T D×5 C\(SELECT 5\) ZI$/);
    assert.match(shape(await client.ask(query('select id from plain.t limit 500'))), /^T D×500 C/);
  }
  const backends = await world.server.query(
    "select count(*)::int as n from pg_stat_activity where state = 'active' and query like '%few.t%' and pid <> pg_backend_pid()",
  );
  assert.equal(Number(backends[0]?.n), 0, 'the statement is not running any more');
  client.close();
});

test('the most generous permit of one table counts, and over several the strictest [data-path.limit-rows]', async () => {
  const client = await raw();
  assert.equal(
    shape(await client.ask(query('select a.id from few.t a join three.t b using (id)'))),
    'T D×3 E(54000) ZI',
  );
  assert.equal(
    shape(await client.ask(query('select a.id from few.t a join plain.t b using (id)'))),
    'T D×5 E(54000) ZI',
  );
  client.close();
});

test('a statement that fails at its limit fails its transaction, also when the target had done it by then [data-path.limit-sync]', async () => {
  const client = await raw();
  for (const text of ['select id from few.t limit 6', 'select id from few.t']) {
    assert.equal(shape(await client.ask(query('begin'))), 'C(BEGIN) ZT');
    await client.ask(query("update few.t set pad = 'changed' where id = 1"));
    assert.equal(shape(await client.ask(query(text))), 'T D×5 E(54000) ZE', text);
    assert.equal(shape(await client.ask(query('select 1'))), 'E(25P02) ZE');
    assert.equal(shape(await client.ask(query('commit'))), 'C(ROLLBACK) ZI');
  }
  const [row] = await world.server.query('select pad from few.t where id = 1');
  assert.notEqual(row?.pad, 'changed');
  client.close();
});

test('the limit holds over all statements of one text and all pieces of one portal [data-path.limit-rows, data-path.limit-sync]', async () => {
  const client = await raw();
  const two = await client.ask(query('select id from few.t limit 3; select id from few.t limit 3'));
  assert.equal(shape(two), 'T D×3 C(SELECT 3) T D×2 E(54000) ZI');

  const text = 'select id from few.t';
  client.send(Buffer.concat([parse('', text), bind('p', ''), describePortal('p'), execute('p', 2), flush()]));
  assert.equal(shape(await client.until('s')), '1 2 T D×2 s');
  client.send(Buffer.concat([execute('p', 2), flush()]));
  assert.equal(shape(await client.until('s')), 'D×2 s');
  client.send(Buffer.concat([execute('p', 2), sync()]));
  assert.equal(shape(await client.until('Z')), 'D×1 E(54000) ZI');

  // Everything behind it in the pipeline is skipped, as the client is told.
  const insert = parse('i', "insert into few.t values (-1, '')");
  client.send(
    Buffer.concat([parse('', text), bind('', ''), execute(), insert, bind('', 'i'), execute(), sync()]),
  );
  assert.equal(shape(await client.until('Z')), '1 2 D×5 E(54000) ZI');
  client.send(
    Buffer.concat([
      parse('', `${text} limit 6`),
      bind('', ''),
      execute(),
      insert,
      bind('', 'i'),
      execute(),
      sync(),
    ]),
  );
  assert.equal(shape(await client.until('Z')), '1 2 D×5 E(54000) ZI');
  const [row] = await world.server.query('select count(*)::int as n from few.t where id = -1');
  assert.equal(row?.n, 0);
  assert.equal(shape(await client.ask(query('select 1'))), 'T D×1 C(SELECT 1) ZI');
  client.close();
});

test('cursors and COPY are limited too, in every format [data-path.limit-rows]', async () => {
  const client = await raw();
  await client.ask(query('begin'));
  await client.ask(query('declare c cursor for select id from few.t'));
  assert.equal(shape(await client.ask(query('fetch 5 from c'))), 'T D×5 C(FETCH 5) ZT');
  assert.equal(shape(await client.ask(query('fetch all from c'))), 'T D×5 E(54000) ZE');
  await client.ask(query('rollback'));
  for (const options of ['', '(format csv)', '(format csv, header)', '(format binary)']) {
    const got = await client.ask(query(`copy few.t to stdout ${options}`));
    assert.ok(copied(got) <= 5, `${copied(got)} rows with ${options}`);
    assert.equal(errorOf(got).C, '54000', options);
    const whole = await client.ask(query(`copy (select id from few.t limit 4) to stdout ${options}`));
    assert.match(shape(whole), /C\(COPY 4\) ZI$/, options);
  }
  const exactly = await client.ask(query('copy (select id from few.t limit 5) to stdout (format binary)'));
  assert.match(shape(exactly), /C\(COPY 5\) ZI$/);
  client.close();
});

test('no more bytes arrive than policy permits, in rows and in notices [data-path.limit-bytes]', async () => {
  const client = await raw();
  const got = await client.ask(query('select pad from small.t'));
  assert.match(errorOf(got).M ?? '', /more than 1024 bytes \(limit_bytes\)/);
  const rows = got.filter(({ type }) => type === 'D');
  assert.ok(rows.length > 0 && rows.reduce((sum, { body }) => sum + body.length + 5, 0) <= 1_024);
  assert.equal(shape(await client.ask(query('select pad from small.t limit 3'))), 'T D×3 C(SELECT 3) ZI');
  const one = await client.ask(query('select repeat(pad, 100) from small.t limit 1'));
  assert.equal(shape(one), 'T E(54000) ZI', 'a row is delivered as a whole or not at all');
  client.close();
});

test('an error that quotes more than policy permits is not delivered [data-path.limit-bytes]', async () => {
  const client = await raw();
  const whole = await client.ask(query('select (pad)::int from small.t limit 1'));
  assert.equal(errorOf(whole).C, '22P02');
  const got = await client.ask(query('select (repeat(pad, 100))::int from small.t limit 1'));
  assert.match(errorOf(got).M ?? '', /more than 1024 bytes \(limit_bytes\)/);
  assert.ok(got.reduce((sum, { body }) => sum + body.length, 0) < 1_500);
  assert.equal(shape(await client.ask(query('select 1'))), 'T D×1 C(SELECT 1) ZI');
  client.close();
});

test('what was approved with a limit goes on with it, piece by piece [data-path.limit-rows]', async () => {
  const client = await raw();
  const text = 'update asked.t set id = id where id < 10 returning id';
  client.send(Buffer.concat([parse('', text), bind('p', ''), describePortal('p'), execute('p', 2), flush()]));
  const approver = await world.as('approver');
  const request = await eventually(
    'an access request',
    async () => (await approver.listAccessRequests({ state: 'pending' })).accessRequests[0],
  );
  await approver.approve({ id: request.id, reason: 'fine' });
  assert.match(shape(await client.until('s')), /D×2 s$/);
  client.send(Buffer.concat([execute('p', 2), sync()]));
  assert.equal(shape(await client.until('Z')), 'D×1 E(54000) ZI');
  client.close();
});

test('a statement that takes too long is stopped at the target, and the client told why [data-path.limit-time, data-path.limit-sync]', async () => {
  const client = await raw();
  for (const ask of [
    query('select pg_sleep(30) from quick.t limit 1'),
    Buffer.concat([parse('', 'select pg_sleep(30) from quick.t limit 1'), bind('', ''), execute(), sync()]),
  ]) {
    const got = await client.ask(ask);
    const { C, M } = errorOf(got);
    assert.equal(C, '57014');
    assert.match(M ?? '', /took more than 400 ms \(limit_time\)/);
    assert.equal(got.at(-1)?.type, 'Z');
    assert.equal(shape(await client.ask(query('select 1'))), 'T D×1 C(SELECT 1) ZI');
  }
  const running = await world.server.query(
    "select count(*)::int as n from pg_stat_activity where state = 'active' and query like '%pg_sleep(30)%' and pid <> pg_backend_pid()",
  );
  assert.equal(Number(running[0]?.n), 0);

  // COPY from the client, whose data does not come.
  client.send(query('copy quick.t from stdin'));
  const got = await client.until('Z');
  assert.equal(errorOf(got).C, '57014');
  assert.equal(shape(await client.ask(query('select 1'))), 'T D×1 C(SELECT 1) ZI');
  client.close();
});

test('drivers and psql see an ordinary error and go on [data-path.limit-rows, data-path.limit-sync]', async () => {
  const client = await world.connect();
  await assert.rejects(
    client.query('select id from few.t'),
    (error: pg.DatabaseError) => error.code === '54000',
  );
  await assert.rejects(
    client.query('select id from few.t where id > $1', [0]),
    (error: pg.DatabaseError) => error.code === '54000',
  );
  const { rows } = await client.query('select id from few.t order by id limit 2');
  assert.deepEqual(
    rows.map(({ id }) => id),
    [1, 2],
  );
  await client.end();

  const env = { ...process.env, ...(await world.clientEnvironment()) };
  const args = ['-XAt', '-c', 'select id from few.t', '-c', 'select 42'];
  const { stdout, stderr } = await promisify(execFile)('psql', args, { env });
  assert.match(stderr, /ERROR: {2}denied: the reply to evaluation .* has more than 5 rows/);
  assert.equal(stdout.trim().split('\n').at(-1), '42');
});

test('operations a minute are counted for a subject and actor over all their sessions [data-path.limit-rate]', async () => {
  const [one, two] = [await raw(), await raw()];
  const asked = [
    'select 1 from rare.t limit 1',
    'select 2 from rare.t limit 1',
    'select 3 from rare.t limit 1',
  ];
  for (const [index, text] of asked.entries())
    assert.match(shape(await (index % 2 === 0 ? one : two).ask(query(text))), /C\(SELECT 1\) ZI$/);
  for (const client of [one, two]) {
    const got = await client.ask(query('select 1 from rare.t limit 1'));
    assert.equal(errorOf(got).C, '54000');
    assert.match(errorOf(got).M ?? '', /policy "rare" permits 3 operations a minute \(limit_rate\)/);
    assert.match(shape(await client.ask(query('select 1 from plain.t limit 1'))), /C\(SELECT 1\) ZI$/);
  }
  const other = await RawClient.open({
    port: world.port,
    user: 'db',
    password: await world.token('stranger'),
  });
  assert.match(shape(await other.client.ask(query('select 1 from rare.t limit 1'))), /C\(SELECT 1\) ZI$/);
  for (const client of [one, two, other.client]) client.close();
});

test('limits and what went over them are in the audit log [data-path.limit-recorded]', async () => {
  const client = await raw();
  const got = await client.ask(query('select pad, id from few.t'));
  const about = /reply to evaluation (\S+) has/.exec(errorOf(got).M ?? '')?.[1];
  const entries = auditEntries(world);
  const permitted = entries.find(({ evaluationId }) => evaluationId === about);
  assert.deepEqual(permitted?.obligations, ['mask', 'limit_rows 5']);
  const told = /Evaluation (\S+?)\.(?:$|\s)/.exec(errorOf(got).D ?? '')?.[1];
  const over = entries.find(({ evaluationId }) => evaluationId === told);
  assert.equal(over?.effect, 'deny');
  assert.ok(typeof over?.reason === 'string' && over.reason.includes('more than 5 rows'));
  client.close();
});

test('a limit made tighter ends what is under way above it, and one made wider does not [data-path.limit-regate]', async () => {
  const write = (rows: number) => {
    const text = POLICIES.replace('"three") @limit_rows("3")', `"three") @limit_rows("${rows}")`);
    writeFileSync(join(world.directory, 'policies', 'test.cedar'), text);
    return world.gateway.reloadPolicies();
  };
  const client = await raw();
  client.send(query('select pg_sleep(60) from three.t limit 1'));
  await eventually('the statement runs', async () => {
    const [row] = await world.server.query(
      "select count(*)::int as n from pg_stat_activity where state = 'active' and query like '%pg_sleep(60)%' and pid <> pg_backend_pid()",
    );
    return Number(row?.n) > 0 ? true : undefined;
  });
  assert.equal((await write(4)).inForce, true);
  assert.equal((await write(2)).inForce, true);
  const last = await client.untilClosed();
  const error = last.find(({ type }) => type === 'E');
  assert.match(fieldsOf(error ?? { type: 'E', body: Buffer.alloc(0) }).M ?? '', /policy changed/);
  await write(3);
});

/** One segment of a pipeline: what is sent, and which of it inserts what. */
interface Segment {
  readonly frames: readonly Buffer[];
  readonly inserts: readonly number[];
}

test('whatever is pipelined around a cut reply, what the client is told is what happened [data-path.limit-sync, data-path.limit-rows]', async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  console.log(`seed ${seed} (replay with SEED=${seed})`);
  let state = seed + 1;
  const below = (most: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
  let next = 100_000;
  const segment = (): Segment => {
    const inserts: number[] = [];
    const frames: Buffer[] = [];
    for (let left = 1 + below(4); left > 0; left -= 1) {
      const texts = ['select id from few.t', 'select id from few.t limit 6', 'select id from few.t limit 5'];
      let text = texts[below(3)] ?? '';
      if (below(2) === 0) {
        next += 1;
        inserts.push(next);
        text = `insert into few.t values (${next}, 'fuzz')`;
      }
      frames.push(parse('', text), bind('', ''), execute('', below(3) === 0 ? 3 : 0));
    }
    return { frames: [...frames, sync()], inserts };
  };
  const client = await raw();
  for (let round = 0; round < 40; round += 1) {
    const segments = Array.from({ length: 1 + below(3) }, segment);
    client.send(Buffer.concat(segments.flatMap(({ frames }) => frames)));
    for (const { inserts } of segments) {
      const got = await client.until('Z');
      const failed = got.filter(({ type }) => type === 'E');
      assert.ok(failed.length <= 1, `seed ${seed} round ${round}: ${shape(got)}`);
      assert.ok(!/D×([6-9]|\d\d)/.test(shape(got)), `seed ${seed} round ${round}: ${shape(got)}`);
      for (const error of failed) assert.equal(fieldsOf(error).C, '54000');
      const [row] = await world.server.query(
        `select count(*)::int as n from few.t where id = any('{${inserts.join()}}')`,
      );
      // All of a segment happened, or none.
      assert.equal(
        Number(row?.n),
        failed.length === 0 ? inserts.length : 0,
        `seed ${seed} round ${round}: ${shape(got)}`,
      );
    }
  }
  // The simple protocol, several messages at once.
  client.send(
    Buffer.concat(['few.t', 'plain.t', 'few.t'].map((name) => query(`select id from ${name} limit 9`))),
  );
  assert.equal(shape(await client.until('Z')), 'T D×5 E(54000) ZI');
  assert.equal(shape(await client.until('Z')), 'T D×9 C(SELECT 9) ZI');
  assert.equal(shape(await client.until('Z')), 'T D×5 E(54000) ZI');
  client.close();
});
