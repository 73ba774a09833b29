/** node-postgres and postgres.js through the gateway get what they get directly. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import postgres from 'postgres';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { bind, describe, describePortal, execute, parse, RawClient, sync } from '../fixtures/raw-postgres.ts';

let world: TestGateway;
let directly: pg.ClientConfig;

before(async () => {
  world = await startGateway({
    policies: { directory: 'test/fixtures/policies/allow-all' },
    postgres: {
      initSql: `create table item (id int primary key, name text, price numeric, tags text[], doc jsonb, made timestamptz);
        insert into item select n, 'item ' || n, n / 4.0, array['a', n::text], jsonb_build_object('n', n),
          timestamptz '2026-01-01' + n * interval '1 hour' from generate_series(1, 200) n;`,
    },
  });
  const { host, port, superuser: user, password } = world.server;
  directly = { host, port, user, password, database: 'postgres' };
});
after(() => world.close());

async function bothWays<T>(use: (client: pg.Client) => Promise<T>): Promise<T> {
  const direct = new pg.Client(directly);
  await direct.connect();
  const through = await world.connect();
  try {
    const expected = await use(direct);
    const actual = await use(through);
    assert.deepEqual(actual, expected);
    return actual;
  } finally {
    await direct.end();
    await through.end();
  }
}

test('node-postgres: parameters of every kind and typed results [e2e.node-postgres]', async () => {
  const rows = await bothWays(async (client) => {
    const result = await client.query(
      'select *, $3::int[] as ints, $4::jsonb as given, $5::bytea as raw from item where id > $1 and name like $2 order by id',
      [195, 'item 1%', [1, 2, null], { a: 'b' }, Buffer.from([0, 1, 255])],
    );
    return { rows: result.rows, fields: result.fields.map(({ name, dataTypeID }) => [name, dataTypeID]) };
  });
  assert.equal(rows.rows.length, 4);
});

test('node-postgres: a named statement is prepared once and run often [e2e.node-postgres]', async () => {
  await bothWays(async (client) => {
    const names: unknown[] = [];
    for (const id of [1, 2, 3]) {
      const { rows } = await client.query({
        name: 'by-id',
        text: 'select name from item where id = $1',
        values: [id],
      });
      names.push(rows);
    }
    const { rows } = await client.query(
      "select name, statement from pg_prepared_statements where name = 'by-id'",
    );
    return [names, rows];
  });
});

test('node-postgres: binary results, and rows fetched a few at a time [e2e.node-postgres, e2e.partial-execute]', async () => {
  const result = await bothWays(async (client) => {
    const config = {
      text: 'select id, made, price, tags from item order by id limit 9',
      values: [],
      binary: true,
    };
    const { rows } = await client.query(config);
    const batched: pg.QueryConfig & { rows: number } = {
      text: 'select id from item order by id',
      values: [],
      rows: 7,
    };
    return [rows, (await client.query(batched)).rows.length];
  });
  assert.equal(result[1], 200);
});

test('node-postgres: errors carry every field, and the connection goes on [e2e.node-postgres]', async () => {
  await bothWays(async (client) => {
    const errors: unknown[] = [];
    for (const text of ['insert into item (id) values (1)', 'select 1/0', 'select * from missing', 'selec']) {
      await client.query(text).catch((error: pg.DatabaseError) => {
        const { code, message, severity, detail, constraint, position, table, routine } = error;
        errors.push({ code, message, severity, detail, constraint, position, table, routine });
      });
    }
    await client.query('select $1::int', ['no number']).catch((error: Error) => errors.push(error.message));
    return [errors, (await client.query('select 1 as one')).rows];
  });
});

test('node-postgres: many queries are sent without waiting [e2e.node-postgres]', async () => {
  await bothWays((client) =>
    Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        n % 10 === 9
          ? client.query('select 1 / $1::int', [0]).catch((error: Error) => error.message)
          : client.query('select $1::int as n', [n]).then(({ rows }) => rows as unknown[]),
      ),
    ),
  );
});

test('rows fetched a few at a time are suspended and continued as the server does [e2e.partial-execute]', async () => {
  const login = { port: world.port, user: 'db', password: await world.token('agent') };
  const { client } = await RawClient.open(login);
  const begun = await client.ask(parse('', 'begin'), bind('', ''), execute(), sync());
  assert.equal(describe(begun), '1 2 C(BEGIN) ZT');
  const first = await client.ask(
    ...[parse('p', 'select id from item order by id limit 5'), bind('c', 'p'), describePortal('c')],
    ...[execute('c', 2), sync()],
  );
  assert.equal(describe(first), '1 2 T D(1) D(2) s ZT');
  assert.equal(describe(await client.ask(execute('c', 2), sync())), 'D(3) D(4) s ZT');
  assert.equal(describe(await client.ask(execute('c', 2), sync())), 'D(5) C(SELECT 1) ZT');
  client.close();
});

test('postgres.js: queries, arrays, nested fragments, cursors and COPY [e2e.postgres-js]', async () => {
  const options = { max: 1, onnotice: () => undefined, database: 'postgres' };
  const { host = '', port = 0, user = '', password = '' } = directly as Required<pg.ClientConfig>;
  const direct = postgres({ ...options, host, port, user, password: String(password) });
  const through = postgres({
    ...options,
    ...{ host: '127.0.0.1', port: world.port, user: 'db', password: await world.token('agent') },
  });
  const use = async (sql: postgres.Sql) => {
    const found: unknown[] = [];
    found.push([...(await sql`select * from item where id = any(${[1, 2, 3]}) order by id`)]);
    found.push([...(await sql`select ${sql(['id', 'name'])} from item where ${sql`id < ${4}`} order by id`)]);
    for await (const rows of sql`select id from item order by id`.cursor(64)) found.push(rows.length);
    await sql`drop table if exists copied`;
    await sql`create table copied (a int, b text)`;
    const writable = await sql`copied`.then(
      () => null,
      () => null,
    );
    found.push(writable);
    const input = await sql`copy copied from stdin`.writable();
    await new Promise<void>((resolve, reject) => {
      input.on('finish', resolve).on('error', reject);
      input.end('1\tone\n2\ttwo\n');
    });
    const output = await sql`copy copied to stdout`.readable();
    for await (const chunk of output) found.push(String(chunk));
    found.push(await sql.begin(async (inside) => [...(await inside`select count(*)::int from copied`)]));
    found.push(await sql`select 1/0`.catch((error: Error) => error.message));
    found.push([...(await sql`select 1 as one`.simple()), ...(await sql.unsafe('select 2 as two'))]);
    return found;
  };
  try {
    assert.deepEqual(await use(through), await use(direct));
  } finally {
    await Promise.all([direct.end(), through.end()]);
  }
});

test('postgres.js: LISTEN hears what NOTIFY says [e2e.postgres-js, e2e.notices]', async () => {
  const password = await world.token('agent');
  const sql = postgres({
    host: '127.0.0.1',
    port: world.port,
    user: 'db',
    database: 'postgres',
    password,
    max: 2,
  });
  const heard = Promise.withResolvers<string>();
  const listening = await sql.listen('news', (payload) => heard.resolve(payload));
  await sql.notify('news', 'extra');
  assert.equal(await heard.promise, 'extra');
  await listening.unlisten();
  await sql.end();
});

test('two sessions notify each other through the gateway [e2e.notices]', async () => {
  const [one, two] = [await world.connect(), await world.connect()];
  const heard = new Promise<pg.Notification>((resolve) => one.once('notification', resolve));
  await one.query('listen room');
  await two.query("notify room, 'here'");
  assert.equal((await heard).payload, 'here');
});
