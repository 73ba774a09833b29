/** The benign corpus through a real gateway to a real server. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runCommand } from '../fixtures/commands.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { fieldsOf, query, RawClient } from '../fixtures/raw-postgres.ts';
import { benignCorpus } from './corpus.ts';
import { BENIGN_SCHEMA } from './schema.ts';

const READ_EVERYTHING = `
permit (principal in Group::"agents", action == Action::"connect", resource);
permit (principal in Group::"agents", action in [Action::"read", Action::"session"], resource);
permit (principal in Group::"agents", action == Action::"call", resource)
when { ["pg_catalog", "information_schema"].contains(resource.schema) };
`;

let gateway: TestGateway;
before(async () => {
  gateway = await startGateway({ postgres: { initSql: BENIGN_SCHEMA }, policies: { text: READ_EVERYTHING } });
});
after(() => gateway.close());

test('lets the statements of every tool through to the server [oracle.benign]', async (context) => {
  const denied: string[] = [];
  const bySource = Map.groupBy(benignCorpus(), ({ source }) => source);
  for (const statements of bySource.values()) {
    const login = { port: gateway.port, user: 'db', password: await gateway.token('agent') };
    const { client } = await RawClient.open(login);
    if (statements[0]?.path !== undefined) await client.ask(query(`SET search_path = ${statements[0].path}`));
    for (const { sql, source } of statements) {
      for (const message of await client.ask(query(sql))) {
        const { M: text = '' } = message.type === 'E' ? fieldsOf(message) : {};
        if (text.startsWith('denied')) denied.push(`${source}: ${text} — ${sql.slice(0, 100)}`);
      }
    }
    client.close();
  }
  for (const line of denied) context.diagnostic(line);
  assert.ok(denied.length <= benignCorpus().length / 100, denied.join('\n'));
});

test('answers the commands of psql [oracle.benign]', async () => {
  const environment = await gateway.clientEnvironment();
  const commands = [
    '\\d',
    '\\d+ orders',
    '\\dt+',
    '\\df',
    '\\l',
    '\\dn+',
    '\\du',
    '\\dp',
    '\\sf touch',
    '\\dT+',
    '\\di+',
    '\\dv',
  ];
  for (const command of commands) {
    const { stderr } = await runCommand('psql', ['-X', '-c', command], environment);
    assert.doesNotMatch(stderr, /denied/, command);
  }
});
