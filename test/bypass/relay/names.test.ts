/** Tries to have one statement judged and another run: names, portals, cursors, pipelines, search paths. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  bind,
  closePortal,
  closeStatement,
  copyData,
  copyDone,
  copyFail,
  describe,
  describePortal,
  describeStatement,
  execute,
  flush,
  parse,
  query,
  type RawClient,
  sync,
} from '../../fixtures/raw-postgres.ts';
import { type HidingWorld, startHidingWorld } from './world.ts';

let world: HidingWorld;
before(async () => {
  world = await startHidingWorld();
});
after(() => world.close());

/** Every attack: what the client sends, each entry a write; the session must end or go on, and nothing may leak. */
async function attack(...writes: readonly (readonly Buffer[])[]): Promise<string> {
  const client = await world.open();
  const said = await attackWith(client, writes);
  client.close();
  return said;
}

async function attackWith(client: RawClient, writes: readonly (readonly Buffer[])[]): Promise<string> {
  let said = '';
  for (const frames of writes) {
    client.send(...frames);
    if (frames.some((bytes) => bytes[0] === 0x53 || bytes[0] === 0x51)) {
      said += ` ${await client.until('Z').then(describe, () => 'closed')}`;
      if (client.closed) break;
    }
  }
  if (!client.closed) {
    client.send(sync(), query("select 'the end'"));
    while (!said.includes('D(the end)') && !client.closed)
      said += ` ${await client.until('Z').then(describe, () => 'closed')}`;
  }
  world.assertNothingLeaked(client);
  return said;
}

const run = (portal = '') => [bind(portal, ''), describePortal(portal), execute(portal), sync()];
const CLOSED = 'select note from closed.thing';
const OPEN = 'select note from open.thing';

test('a name parsed again in a pipeline that failed does not stand for what was never parsed [relay.names]', async () => {
  // The second Parse is skipped by the server: s still is the first statement, which is judged as such.
  await attack(
    [parse('s', 'select note from thing'), sync()],
    [query('set search_path to open')],
    [
      parse('', 'selec'),
      parse('s', OPEN),
      bind('', 's'),
      execute(),
      sync(),
      bind('', 's'),
      execute(),
      sync(),
    ],
  );
  await attack(
    [parse('s', OPEN), sync()],
    [
      parse('', 'selec'),
      closeStatement('s'),
      parse('s', 'select 1'),
      sync(),
      bind('', 's'),
      execute(),
      sync(),
    ],
    [closeStatement('s'), parse('s', 'select 2'), bind('', 's'), execute(), sync()],
  );
});

test('a statement prepared under one search path is judged again under another [relay.search-path]', async () => {
  const said = await attack(
    [query('set search_path to open')],
    [parse('s', 'select note from thing'), bind('', 's'), execute(), sync()],
    [query('set search_path to closed')],
    [bind('', 's'), describePortal(), execute(), sync()],
    [query('set search_path to open')],
    [
      parse('later', 'select note from thing'),
      sync(),
      query('set search_path to closed'),
      ...run().slice(0, 0),
    ],
    [bind('', 'later'), execute(), sync()],
  );
  assert.match(said, /D\(first\)/);
  assert.match(said, /E\(42501\)/);
});

test('a search path set in a pipeline, or in a transaction that failed, counts [relay.search-path]', async () => {
  await attack(
    [query('set search_path to open')],
    [parse('s', 'select note from thing'), sync()],
    [
      ...[parse('', 'set search_path to closed'), bind('', ''), execute()],
      ...[bind('', 's'), execute(), sync()],
    ],
    [query('begin; set search_path to closed')],
    [query('select 1/0')],
    [query('rollback')],
    [
      query('begin'),
      query('savepoint a'),
      query('set local search_path to closed'),
      query('select note from thing'),
    ],
    [query('rollback to a'), query('select note from thing'), query('commit')],
    [query("select set_config('search_path', 'closed', false)"), bind('', 's'), execute(), sync()],
    [query('execute s')],
  );
});

test('PREPARE in SQL and Parse share one namespace [relay.names]', async () => {
  const said = await attack(
    [parse('s', OPEN), sync()],
    [query('deallocate s'), query(`prepare s as ${CLOSED}`), bind('', 's'), execute(), sync()],
    [query('deallocate all'), parse('s', OPEN), sync()],
    [query('execute s')],
    [query('set search_path to open'), query('prepare p as select note from thing')],
    [query('set search_path to closed'), query('execute p')],
    [bind('', 'p'), describePortal(), execute(), sync()],
  );
  assert.match(said, /E\(42501\)/);
});

test('DECLARE in SQL and Bind share one namespace [relay.names]', async () => {
  await attack(
    [query('begin')],
    [parse('', OPEN), bind('c', ''), sync()],
    [closePortal('c'), sync(), query('declare c cursor for select code from open.person')],
    [execute('c'), sync()],
    [query('fetch 1 from c')],
    [query(`declare d cursor for ${CLOSED}`)],
    [execute('d'), sync(), query('rollback')],
  );
  await attack(
    [query('begin'), query('declare c scroll cursor for select upper(code) from open.person')],
    [parse('', OPEN), bind('c', ''), describePortal('c'), execute('c', 1), sync()],
    [query('rollback'), query('begin'), query('declare c cursor for select upper(code) from open.person')],
    [execute('c', 1), sync(), query('fetch all from c'), query('move 1 in c'), query('rollback')],
  );
});

test('a suspended portal is masked each time it goes on [relay.mask]', async () => {
  const said = await attack(
    [query('begin')],
    [parse('', 'select name, code from open.person order by id'), bind('c', ''), execute('c', 1), sync()],
    [execute('c', 1), sync()],
    [describePortal('c'), execute('c', 1), sync(), query('commit')],
  );
  assert.equal(said.match(/D\((ada|bob),/g)?.length, 2, said);
});

test('a portal described in a part of the pipeline that was skipped is described again [relay.mask]', async () => {
  const said = await attack(
    [query('begin'), query('savepoint a')],
    [parse('', 'select name, code from open.person order by id'), bind('c', ''), sync()],
    [query('savepoint b')],
    [parse('', 'selec'), describePortal('c'), sync(), query('rollback to b'), execute('c', 1), sync()],
    [execute('c'), sync(), query('commit')],
  );
  assert.match(said, /D\(ada,/);
  assert.match(said, /D\(bob,/);
});

test('a masked column stays masked whatever it is asked with [relay.mask]', async () => {
  const wanted = 'select id, name, code, upper(code), person from open.person';
  await attack(
    [query(wanted)],
    [parse('', wanted), bind('', '', [], { results: [1] }), describePortal(), execute(), sync()],
    [parse('', wanted), bind('', '', [], { results: [0, 1, 1, 0, 1] }), execute(), sync()],
    [parse('w', wanted), describeStatement('w'), bind('', 'w'), execute(), sync()],
    [query('copy open.person to stdout'), query('copy (select code from open.person) to stdout csv')],
    [query('copy open.person (code) to stdout (format binary)')],
    [
      query('table open.person'),
      query('select code::int from open.person'),
      query('select code::date from open.person'),
    ],
    [
      query('begin; declare h cursor with hold for select code from open.person; commit'),
      query('fetch all from h'),
    ],
    [query('prepare q as select code || name from open.person'), query('execute q')],
    [query("explain analyze select * from open.person where code > 'a'")],
  );
});

test('a value moved elsewhere first stays hidden [relay.mask]', async () => {
  await attack(
    [query('create temp table mine as select code as x from open.person'), query('select * from mine')],
    [
      query('create temp table thing as select code as note from open.person'),
      query('select note from thing'),
    ],
    [query('insert into scratch.late select code from open.person')],
    [query('begin'), query('insert into scratch.late select code from open.person'), query('commit')],
    [
      ...[parse('', 'insert into scratch.late select code from open.person'), bind('', ''), execute()],
      sync(),
    ],
    [query('begin; insert into scratch.late select code from open.person; set constraints all immediate')],
    [query('rollback')],
  );
});

test('a COPY that cannot be masked is refused before it is sent, and one among others too [relay.copy, L4]', async () => {
  const said = await attack(
    [
      query(
        'copy (select code || current_setting($$a.b$$, true) from open.person) to stdout /* unmaskable */',
      ),
    ],
    [
      parse(
        '',
        'copy (select current_setting($$a.b$$, true) || code from open.person) to stdout /* unmaskable */',
      ),
      bind('', ''),
      execute(),
      sync(),
    ],
    [query('select 1; copy open.person to stdout /* unmaskable */')],
    [query('copy open.person to stdout')],
    // The server would start a COPY for an EXECUTE.
    [parse('c', 'copy open.thing to stdout'), sync(), query('execute c')],
    [parse('', 'execute c'), bind('', ''), execute(), sync()],
  );
  assert.ok(!said.includes('closed'), said);
  assert.match(said, /^ E\(42501\) ZI 1 E\(42501\) ZI E\(42501\) ZI H d/);
  world.assertNeverRan('unmaskable');
});

test('COPY data outside COPY, and anything else inside it, changes nothing [relay.copy]', async () => {
  await attack([copyData('1\tx\n'), copyDone(), copyFail('x'), query(OPEN)]);
  const inside = await attack(
    [parse('', 'copy scratch.note from stdin'), bind('', ''), execute(), copyData('1\tx\n')],
    [query(CLOSED)],
  );
  assert.match(inside, /E\(08P01\)|closed/);
  // The server ignores Sync while it reads the data: answers must not be taken for those of another statement.
  const early = await attack(
    [
      parse('', 'copy scratch.note from stdin'),
      bind('', ''),
      execute(),
      sync(),
      copyData('1\tx\n'),
      copyDone(),
      sync(),
    ],
    [query('select 1/0')],
    [query('select upper(code) from open.person')],
    [query('select 2/0'), query('select lower(code) || name from open.person')],
  );
  assert.match(early, /C\(COPY 1\)/);
  world.assertNeverRan('closed.thing');
});

test('nothing is judged while the server skips, and nothing runs [relay.names]', async () => {
  const said = await attack(
    [parse('', 'selec'), query(OPEN), query(CLOSED), bind('', ''), execute(), flush(), query(OPEN), sync()],
    [parse('', 'selec'), flush()],
    [bind('', ''), sync()],
    [parse('', OPEN), bind('', ''), flush(), execute(), sync()],
  );
  assert.match(said, /D\(first\)/);
});

test('a denied statement fails the transaction, as a refusal of the server would [e2e.transaction-state]', async () => {
  const client = await world.open();
  const ask = async (text: string) => describe(await client.ask(query(text)));
  assert.equal(await ask('begin'), 'C(BEGIN) ZT');
  assert.equal(await ask(CLOSED), 'E(42501) ZE');
  assert.equal(await ask('select 1'), 'E(25P02) ZE');
  assert.equal(await ask('rollback'), 'C(ROLLBACK) ZI');
  const extended = (text: string) => client.ask(parse('', text), ...run()).then(describe);
  assert.equal(await extended('begin'), '1 2 n C(BEGIN) ZT');
  assert.equal(await extended(CLOSED), 'E(42501) ZE');
  assert.equal(await extended('select 1'), 'E(25P02) ZE');
  assert.equal(await extended('rollback'), '1 2 n C(ROLLBACK) ZI');
  assert.equal(await extended('select 1 as one'), '1 2 T D(1) C(SELECT 1) ZI');
  client.close();
});

test('replication and the fast-path call are refused, and the session goes on [relay.refused]', async () => {
  const client = await world.open();
  const call = Buffer.from([0x46, 0, 0, 0, 14, 0, 0, 0, 42, 0, 0, 0, 0, 0, 0]);
  assert.equal(describe(await client.ask(call)), 'E(42501) ZI');
  assert.match(describe(await client.ask(query('IDENTIFY_SYSTEM'))), /^E\(\w+\) ZI$/);
  assert.equal(describe(await client.ask(query('select 1'))), 'T D(1) C(SELECT 1) ZI');
  client.close();
});

test('portals are forgotten with their transaction: thousands of them fit in one session [relay.limits]', async () => {
  const client = await world.open();
  await client.ask(parse('s', OPEN), sync());
  for (let batch = 0; batch < 12; batch += 1) {
    const binds = Array.from({ length: 1_000 }, (_, n) => bind(`c${batch}-${n}`, 's'));
    assert.match(describe(await client.ask(...binds, sync())), /^(2 ){1000}ZI$/);
  }
  for (let round = 0; round < 12; round += 1) {
    const names = Array.from({ length: 1_000 }, (_, n) => parse(`p${round}-${n}`, 'select 1'));
    assert.match(describe(await client.ask(...names, sync())), /^(1 ){1000}ZI$/);
    assert.equal(describe(await client.ask(query('deallocate all'))), 'C(DEALLOCATE ALL) ZI');
  }
  client.close();
});

test('floods of small messages are answered in bounded memory [relay.limits]', async () => {
  const client = await world.open();
  const many = Buffer.concat(Array.from({ length: 60_000 }, sync));
  client.send(many);
  let ready = 0;
  while (ready < 60_000) ready += (await client.until('Z')).length;
  assert.equal(ready, 60_000);
  // Bind without Execute is kept back: past a limit it goes to the server as it is.
  await client.ask(parse('s', 'select $1::text'), sync());
  const binds = Array.from({ length: 3_000 }, () => bind('', 's', ['x'.repeat(1_000)]));
  assert.equal(
    (await client.ask(...binds, execute(), sync())).filter(({ type }) => type === '2').length,
    3_000,
  );
  client.close();
});
