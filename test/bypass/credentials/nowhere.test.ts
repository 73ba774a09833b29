/** The target's credential is nowhere but in its file: not in what the gateway writes, not in what clients are told. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { readLog } from '@sallyport/audit-log';
import { startGateway, type TestGateway } from '../../fixtures/gateway.ts';
import { fieldsOf, frame, query, RawClient, startup } from '../../fixtures/raw-postgres.ts';

let world: TestGateway;
const told: string[] = [];

before(async () => {
  world = await startGateway({ policies: { directory: 'test/fixtures/policies/allow-all' } });
});
after(() => world.close());

/** Logs in as an agent and runs one statement; gives everything that was said. */
async function converse(
  text: string,
  { user = 'db', database = 'postgres', token = '' } = {},
): Promise<string> {
  const client = await RawClient.dial(world.port);
  client.send(startup({ user, database }));
  await client.until('R');
  client.send(frame('p', token === '' ? await world.token('agent') : token));
  const greeting = await client.until('Z', 'E');
  if (!greeting.some(({ type }) => type === 'E')) await client.ask(query(text));
  client.close();
  const said = client.received.toString('latin1');
  told.push(said);
  return said;
}

/** Every file the gateway wrote. */
function written(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

test('not in the log, the recordings, the store, the answers or the faults, whatever went wrong [credentials.nowhere, L7]', async () => {
  const { password } = world.server;
  await converse('SELECT 1');
  await converse("SELECT rolpassword FROM pg_authid; SELECT current_setting('data_directory')");
  await converse('SELECT * FROM no_such_table');
  await converse('SELECT 1', { database: 'no_such_database' });
  await converse('SELECT 1', { user: 'no_such_target' });
  await converse('SELECT 1', { token: password });
  const file = join(world.directory, 'password');
  writeFileSync(file, `${password}-wrong`);
  const refused = await converse('SELECT 1');
  writeFileSync(file, password);
  assert.match(refused, /28P01/);
  const pages = [...told, inspect(world.faults, { depth: 8 }), process.argv.join(' ')];
  pages.push(...written(join(world.directory, 'data')).map((path) => readFileSync(path, 'latin1')));
  assert.ok(pages.length > 10);
  const needles = [password, Buffer.from(password).toString('base64'), Buffer.from(password).toString('hex')];
  for (const page of pages) for (const needle of needles) assert.ok(!page.includes(needle));
});

test('a session that did not open is on the record, under the evaluation its client was told [credentials.unopened, L2]', async () => {
  const client = await RawClient.dial(world.port);
  client.send(startup({ user: 'db', database: 'no_such_database' }));
  await client.until('R');
  client.send(frame('p', await world.token('agent')));
  const [last] = (await client.until('E')).slice(-1);
  assert.ok(last !== undefined);
  const evaluation = /Evaluation (\S+\.\d+)/.exec(fieldsOf(last).D ?? '')?.[1];
  const entries = [...readLog(join(world.directory, 'data', 'audit'))].map(({ fields }) => fields);
  const entry = entries.find(({ evaluationId }) => evaluationId === evaluation);
  assert.equal(entry?.subject, 'test|agent');
  assert.equal(entry?.effect, 'deny');
});

test('whoever asks for a target that is not there is named in the record [credentials.unopened]', async () => {
  await converse('SELECT 1', { user: 'no_such_target' });
  const entries = [...readLog(join(world.directory, 'data', 'audit'))].map(({ fields }) => fields);
  const entry = entries.findLast(({ type }) => type === 'authentication-failed');
  assert.equal(entry?.target, 'no_such_target');
  assert.equal(entry?.subject, 'test|agent');
  assert.equal(entry?.actor, 'agent-1');
});
