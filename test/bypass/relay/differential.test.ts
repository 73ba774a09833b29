/**
 * An oracle for the relay: the same random conversation with a server directly and through the gateway, under a policy
 * that permits everything, must get the same answers, message by message. Whatever makes the gateway lose track of what
 * the server is doing shows up here.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { randomOf } from '../../conformance/raw-clients.ts';
import { startGateway, type TestGateway } from '../../fixtures/gateway.ts';
import { copyFail, describe, query, RawClient, sync } from '../../fixtures/raw-postgres.ts';
import { randomConversation } from './random-conversation.ts';

const ROUNDS = Number(process.env.RELAY_ROUNDS ?? 60);
const MESSAGES = 14;

let world: TestGateway;

before(async () => {
  world = await startGateway({
    policies: { directory: 'test/fixtures/policies/allow-all' },
    postgres: {
      initSql: `create table item (id int primary key, name text);
        insert into item select n, 'item ' || n from generate_series(1, 5) n;
        create table effect (id int primary key deferrable initially deferred);`,
    },
  });
});
after(() => world.close());

/** What a conversation may have changed, put back. */
const RESET = `truncate effect, item; insert into item select n, 'item ' || n from generate_series(1, 5) n;
  set client_min_messages = error`;
const TEXTS = [
  'select id, name from item order by id',
  'select id from item where id > 2 order by id; ',
  'select 1 / (id - 3) from item order by id',
  'begin',
  'commit',
  'rollback',
  'savepoint a',
  'rollback to a',
  'prepare s1 as select name from item order by id',
  'deallocate s1',
  'deallocate all',
  'execute s1',
  'execute s2',
  'declare c1 cursor for select 7 + id from item',
  'fetch 2 from c1',
  'fetch 1 from c2',
  'close c1',
  'close all',
  'insert into effect values (1)',
  'insert into effect values (2), (2)',
  'delete from effect returning id',
  'selec',
  '',
  'select * from missing',
  'set search_path to pg_catalog, public',
  'discard plans',
  'show search_path',
  'copy item to stdout',
  'notify nobody',
];
const ONLY_QUERIES = ['select 1; select 1/0; select 2', 'begin; select 3; commit', 'select 4; ; select 5'];
const COPIES = ['copy effect from stdin', 'copy item (id) from stdin with csv'];

/** Cuts the conversation into writes, lets the server catch up after some, and gathers all it says. */
async function converse(
  client: RawClient,
  frames: readonly Buffer[],
  pauses: readonly boolean[],
): Promise<string> {
  await client.ask(query(RESET));
  for (const [at, bytes] of frames.entries()) {
    client.send(bytes);
    if (pauses[at]) await new Promise((resolve) => setTimeout(resolve, 8));
  }
  client.send(copyFail('the end'), sync(), query('rollback'), query("select 'the end'"));
  let all = '';
  for (;;) {
    try {
      all += ` ${describe(await client.until('Z'))}`;
    } catch {
      return 'closed';
    }
    if (/D\(the end\).*Z.$/.test(all)) return all;
  }
}

/**
 * What differs on purpose: a name that does not exist is a denial of the gateway's own. In a transaction that failed
 * already it makes no difference: a server may know the portal of the query that failed, and refuses to run it.
 */
const alike = (text: string): string =>
  text
    .replace(/E\((?:26000|34000|08P01)\)/g, 'E(no such name)')
    .replace(/E\((?:25P02|no such name)\) ZE/g, 'E(failed already) ZE');

test('a random conversation gets the answers of a direct one [e2e.transaction-state, relay.oracle]', async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  t.diagnostic(`SEED=${seed}`);
  const token = await world.token('agent');
  for (let round = 0; round < ROUNDS; round += 1) {
    const next = randomOf(seed + round);
    const { frames, said } = randomConversation(next, MESSAGES, {
      texts: TEXTS,
      queries: ONLY_QUERIES,
      copies: COPIES,
      namedCopies: false,
    });
    const pauses = frames.map(() => next(5) === 0);
    const direct = await RawClient.trusted(
      `${world.server.socketDir}/.s.PGSQL.${world.server.port}`,
      world.server.superuser,
    );
    const expected = await converse(direct, frames, pauses);
    direct.close();
    const { client } = await RawClient.open({ port: world.port, user: 'db', password: token });
    const actual = await converse(client, frames, pauses);
    client.close();
    assert.equal(alike(actual), alike(expected), `SEED=${seed + round}\n${said.join('\n')}`);
  }
});
