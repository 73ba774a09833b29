/**
 * Command-line clients through the gateway say what they say when connected directly. Policy permits everything and
 * reveals everything, so nothing may differ.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type CommandResult, runCommand } from '../fixtures/commands.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';

let world: TestGateway;
let folder: string;
let through: Record<string, string>;
let direct: Record<string, string>;

before(async () => {
  // The version of the command-line clients: pg_dump reads no newer server.
  world = await startGateway({
    postgres: { version: 'system' },
    policies: { directory: 'test/fixtures/policies/allow-all' },
  });
  await world.server.query('create table item ()');
  folder = mkdtempSync(join(tmpdir(), 'sallyport-clients-'));
  through = await world.clientEnvironment();
  direct = {
    ...{ PGHOST: world.server.host, PGPORT: String(world.server.port), PGDATABASE: 'postgres' },
    ...{ PGUSER: world.server.superuser, PGPASSWORD: world.server.password },
  };
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await world.close();
});

/** Runs the same command both ways and compares everything it says. */
async function same(command: string, args: readonly string[], input = ''): Promise<CommandResult> {
  const expected = await runCommand(command, args, direct, input);
  const actual = await runCommand(command, args, through, input);
  assert.deepEqual(withoutPid(actual), withoutPid(expected));
  return actual;
}

const withoutPid = ({ code, stdout, stderr }: CommandResult): CommandResult => ({
  ...{ code, stderr },
  stdout: stdout.replace(/PID \d+/g, 'PID 0'),
});

const psql = (script: string): Promise<CommandResult> => same('psql', ['-X', '-a'], script);

const TABLE = `drop table if exists item; create table item (id int primary key, name text, price numeric(8,2), tags text[]);
insert into item values (1, 'one', 1.50, '{a,b}'), (2, null, null, null), (3, E'tab\\tquote"comma,', 3, '{}');\n`;

test('psql describes tables and schemas as it does directly [e2e.psql]', async () => {
  const { stdout } = await psql(
    `${TABLE}\\d item\n\\dt\n\\dn\n\\l\n\\df pg_catalog.upper\n\\no_such_command\n`,
  );
  assert.match(stdout, /Table "public.item"/);
});

test('psql runs several statements in one text, with all their results [e2e.psql]', async () => {
  const { stdout } = await psql(
    `${TABLE}select 1 as a\\; select 2 as b\\; select count(*) from item;\nselect * from item;\n`,
  );
  assert.match(stdout, /\n {5}3\n/);
});

test('psql copies in and out in text, csv and binary [e2e.psql, e2e.copy]', async () => {
  const binary = join(folder, 'item.bin');
  const script = `${TABLE}copy item to stdout;
copy item to stdout with (format csv, header);
copy (select id, upper(name) from item order by id) to stdout with csv;
copy item from stdin;
4\tfour\t4.00\t{x}
5\t\\N\t\\N\t\\N
\\.
copy item from stdin with csv;
6,"six, quoted",6,{}
\\.
\\copy item to '${binary}' with (format binary)
delete from item;
\\copy item from '${binary}' with (format binary)
\\copy item to stdout csv
`;
  const { stdout } = await psql(script);
  assert.match(stdout, /COPY 6/);
});

test('a COPY that fails half way leaves the session usable [e2e.psql, e2e.copy]', async () => {
  const script = `${TABLE}copy item from stdin;
7\tseven\t7\t{}
7\tagain\t7\t{}
\\.
copy item from stdin;
8\tnot enough
\\.
select count(*) from item;
copy no_such_table from stdin;
select 'still here' as state;
`;
  assert.match((await psql(script)).stdout, /still here/);
});

test('errors leave the session as the server would [e2e.psql, e2e.transaction-state]', async () => {
  const script = `${TABLE}select 1/0;
selec;
begin;
insert into item values (10, 'ten', 1, '{}');
insert into item values (10, 'ten', 1, '{}');
select 1;
commit;
begin; savepoint s; select * from missing; rollback to s; select 'saved' as state; commit;
select count(*) from item;
\\gdesc
select id, name from item \\gdesc
`;
  assert.match((await psql(script)).stdout, /saved/);
});

test('cursors are declared, fetched, moved and closed [e2e.psql]', async () => {
  await psql(`${TABLE}begin;
declare c scroll cursor for select id, name from item order by id;
fetch 1 from c; fetch all from c; fetch backward 1 from c; move first in c; fetch 0 from c; close c; fetch 1 from c;
rollback;
begin; declare h cursor with hold for select id from item; commit; fetch all from h; close h;
prepare p(int) as select name from item where id = $1; execute p(1); deallocate p; execute p(1);
\\set FETCH_COUNT 2
select * from item order by id;
`);
});

test('notifications and notices arrive [e2e.psql, e2e.notices]', async () => {
  const { stdout, stderr } = await psql(`listen news;
notify news, 'hello';
select pg_notify('news', 'again');
unlisten news;
notify news, 'nobody';
do $$ begin raise notice 'careful %', 42; raise warning 'very'; end $$;
create table if not exists item (id int);
select 1;
`);
  assert.match(stdout, /payload "hello"/);
  assert.match(stderr, /NOTICE: {2}careful 42/);
});

test('psql runs a file in one transaction, variables and all [e2e.psql]', async () => {
  const file = join(folder, 'script.sql');
  writeFileSync(
    file,
    `\\set n 3\nselect :n as n, :'n' as t \\gset got_\n\\echo :got_n :got_t\nselect :got_n + 1;\n`,
  );
  const { stdout } = await same('psql', ['-X', '-1', '-f', file]);
  assert.match(stdout, /3 3/);
});

test('pgbench initialises and runs every query mode [e2e.pgbench]', async () => {
  const made = await runCommand('pgbench', ['-i', '-q', '-s', '1', '-I', 'dtgvpf'], through);
  assert.equal(made.code, 0, made.stderr);
  for (const mode of ['simple', 'extended', 'prepared']) {
    const ran = await runCommand('pgbench', ['-M', mode, '-c', '4', '-j', '2', '-t', '25', '-n'], through);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stdout, /transactions actually processed: 100\/100/, mode);
    assert.match(ran.stdout, /failed transactions: 0/, mode);
  }
  const [row] = await world.server.query('select count(*)::int as n from pgbench_history');
  assert.deepEqual(row, { n: 300 });
});

test('pgbench runs a pipeline of prepared statements [e2e.pgbench]', async () => {
  const file = join(folder, 'pipeline.sql');
  writeFileSync(file, `\\startpipeline\n${'select 1;\n'.repeat(20)}select abs(-1);\n\\endpipeline\n`);
  const ran = await runCommand(
    'pgbench',
    ['-M', 'prepared', '-f', file, '-n', '-t', '20', '-c', '2'],
    through,
  );
  assert.equal(ran.code, 0, ran.stderr);
  assert.match(ran.stdout, /transactions actually processed: 40\/40/);
});

test('pg_dump writes the same dump as directly [e2e.pg-dump]', async () => {
  await world.server.query(`create schema dumped; create type dumped.mood as enum ('glad', 'sad');
    create table dumped.a (id int primary key generated always as identity, m dumped.mood, note text default 'x');
    create table dumped.b (a int references dumped.a, at timestamptz default now());
    insert into dumped.a (m, note) select 'glad', repeat('y', n) from generate_series(1, 500) n;
    create view dumped.v as select id, note from dumped.a; create index on dumped.b (at);
    create function dumped.f(int) returns int language sql as 'select $1 + 1'; comment on table dumped.a is 'it''s a';`);
  const dump = (environment: Record<string, string>, ...more: string[]) =>
    runCommand('pg_dump', ['-n', 'dumped', ...more], environment);
  const [expected, actual] = [await dump(direct), await dump(through)];
  assert.equal(actual.code, 0, actual.stderr);
  // Newer releases of pg_dump guard each dump with a random word.
  const plain = (text: string) => text.replace(/^\\(un)?restrict .*$/gm, '');
  assert.equal(plain(actual.stdout), plain(expected.stdout));
  const inserts = await dump(through, '--inserts', '--rows-per-insert=50');
  assert.equal(
    plain(inserts.stdout),
    plain((await dump(direct, '--inserts', '--rows-per-insert=50')).stdout),
  );
});

test('a large result arrives whole, also when the client is slow [e2e.large-result]', async () => {
  const file = join(folder, 'large.out');
  const script = `\\o | cat > ${file}\nselect n, repeat('x', 1000) from generate_series(1, 20000) n;\n\\o\n`;
  const ran = await runCommand('psql', ['-X', '-A', '-t'], through, script);
  assert.equal(ran.code, 0, ran.stderr);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  assert.equal(lines.length, 20_000);
  assert.equal(lines.at(-1), `20000|${'x'.repeat(1000)}`);
});
