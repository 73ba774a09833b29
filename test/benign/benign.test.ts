/** What clients send while they read is permitted to whoever may read everything. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type PostgresServer, startPostgres } from '../fixtures/postgres-server.ts';
import { type Court, callerOf, type Judged, openCourt } from '../oracle/judged.ts';
import { type BenignStatement, benignCorpus } from './corpus.ts';
import { BENIGN_SCHEMA } from './schema.ts';

/** Reading everything, keeping a session going, calling what comes with the server: and nothing else. */
const READ_EVERYTHING = `
permit (principal in Group::"readers", action in [Action::"read", Action::"session"], resource);
permit (principal in Group::"readers", action == Action::"call", resource)
when { ["pg_catalog", "information_schema"].contains(resource.schema) };
`;

/** Share of them that may be denied. */
const MOST_DENIED = 0.01;
/** Statements whose effect may stay untold, by a part of the text, each with the reason. */
const UNTOLD: Readonly<Record<string, string>> = {};

/** Denied to whoever may only read, each with the reason. */
const DENIED: readonly (readonly [part: RegExp, reason: string])[] = [
  [/subconninfo/, 'connection strings of subscriptions hold passwords'],
  [/FROM pg_stats\b/, 'pg_stats holds values of every table, masked nowhere'],
  [/full_name\(u\)/, 'the policy permits calls of built-in functions only'],
];

let server: PostgresServer;
let court: Court;

before(async () => {
  server = await startPostgres({ auth: 'trust' });
  await server.query('CREATE DATABASE shop');
  await server.query(BENIGN_SCHEMA, 'shop');
  court = await openCourt(server, 'shop', { text: READ_EVERYTHING });
});
after(async () => {
  await court.close();
  await server.stop();
});

const corpus = benignCorpus();
const shown = ({ source, sql }: BenignStatement, { reason }: Judged): string =>
  `${source}: ${reason}\n    ${sql.replaceAll(/\s+/g, ' ').slice(0, 160)}`;

/** Each tool in a session of its own, its statements in the order in which it sent them. */
async function judgedAll(person: boolean): Promise<readonly (readonly [BenignStatement, Judged])[]> {
  const caller = callerOf(['readers'], person);
  const sessions = new Map<string, (text: string) => Promise<Judged>>();
  const judged: (readonly [BenignStatement, Judged])[] = [];
  for (const statement of corpus) {
    const judge = sessions.get(statement.source) ?? court.session(caller);
    if (!sessions.has(statement.source) && statement.path !== undefined) {
      await judge(`SET search_path = ${statement.path}`);
    }
    sessions.set(statement.source, judge);
    judged.push([statement, await judge(statement.sql)]);
  }
  return judged;
}

test('holds at least 300 statements of at least 20 tools [oracle.benign]', () => {
  assert.ok(corpus.length >= 300, `${corpus.length}`);
  assert.ok(new Set(corpus.map(({ source }) => source)).size >= 20);
});

for (const person of [true, false]) {
  const who = person ? 'a person' : 'an agent';
  test(`permits ${who} who may read everything what clients send [oracle.benign]`, async (context) => {
    const judged = await judgedAll(person);
    const refused = judged.filter(([, { outcome }]) => outcome !== 'permit');
    const unexplained = refused.filter(([{ sql }]) => !DENIED.some(([part]) => part.test(sql)));
    for (const [statement, answer] of refused) context.diagnostic(shown(statement, answer));
    context.diagnostic(`${refused.length} of ${judged.length} are not permitted`);
    assert.deepEqual(
      unexplained.map(([statement, answer]) => shown(statement, answer)),
      [],
    );
    assert.ok(refused.length <= judged.length * MOST_DENIED, `${refused.length} of ${judged.length}`);
  });
}

test('can tell what each of them does [oracle.benign]', async () => {
  const untold = (await judgedAll(true)).filter(
    ([{ sql }, { meaning }]) =>
      meaning.undetermined !== null && !Object.keys(UNTOLD).some((part) => sql.includes(part)),
  );
  assert.deepEqual(
    untold.map(([statement, { meaning }]) => `${meaning.undetermined} — ${statement.sql.slice(0, 120)}`),
    [],
  );
});
