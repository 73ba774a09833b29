/** Random conversations with a gateway that has something to hide: nothing hidden may come out, in any order of messages. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { randomOf } from '../../conformance/raw-clients.ts';
import { copyFail, describe, query, sync } from '../../fixtures/raw-postgres.ts';
import { randomConversation, type Words } from './random-conversation.ts';
import { type HidingWorld, startHidingWorld } from './world.ts';

const ROUNDS = Number(process.env.RELAY_ROUNDS ?? 150);

let world: HidingWorld;
before(async () => {
  world = await startHidingWorld();
});
after(() => world.close());

const WORDS: Words = {
  texts: [
    'select note from thing',
    'select note from open.thing',
    'select note from closed.thing',
    'select code from open.person',
    'select upper(code) from open.person',
    'select p from open.person p',
    'select id, name from open.person order by id',
    'set search_path to open',
    'set search_path to closed',
    "select set_config('search_path', 'closed, open', false)",
    'begin',
    'commit',
    'rollback',
    'savepoint a',
    'rollback to a',
    'set local search_path to closed',
    'prepare s1 as select note from thing',
    'prepare s2 as select code from open.person',
    'deallocate s1',
    'deallocate all',
    'execute s1',
    'execute s2',
    'declare c1 cursor for select note from thing',
    'declare c2 scroll cursor with hold for select lower(code) as name from open.person',
    'fetch all from c1',
    'fetch 1 from c2',
    'close all',
    'create temp table thing as select code as note from open.person',
    'insert into scratch.late select code from open.person',
    'insert into scratch.mine select id, code from open.person',
    'select 1 / 0',
    'select code::int from open.person',
    'selec',
    'copy open.person to stdout',
    'copy open.thing to stdout',
    'discard plans',
    'drop table if exists pg_temp.thing',
  ],
  queries: [
    'set search_path to closed; select note from thing',
    'begin; select code from open.person; select 1/0',
  ],
  copies: ['copy scratch.note (id) from stdin', 'copy scratch.mine (id) from stdin with csv'],
  namedCopies: true,
};

test('no random conversation gets at what is hidden [relay.oracle]', async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  t.diagnostic(`SEED=${seed}`);
  let rows = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const next = randomOf(seed + round);
    const { frames, said } = randomConversation(next, 20, WORDS);
    const client = await world.open();
    for (const bytes of frames) {
      client.send(bytes);
      if (next(5) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    client.send(copyFail('the end'), sync(), query('rollback'), query("select 'the end'"));
    let all = '';
    while (!all.includes('D(the end)') && !client.closed)
      all += ` ${await client.until('Z').then(describe, () => 'closed')}`;
    rows += all.match(/ D\(/g)?.length ?? 0;
    try {
      world.assertNothingLeaked(client);
      // The gateway must never have to end a session for what a server did that is not hostile.
      assert.ok(!client.received.includes('the target broke the protocol'), all);
    } catch (fault) {
      throw new Error(`SEED=${seed + round}\n${said.join('\n')}`, { cause: fault });
    }
    client.close();
  }
  assert.ok(rows > ROUNDS, 'the conversations got rows at all');
});
