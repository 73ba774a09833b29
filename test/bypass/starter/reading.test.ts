/** Agents under the starter policies read the monitoring schema and the harmless catalogs, and nothing else. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runCommand } from '../../fixtures/commands.ts';
import { PLANTED, type PlantedWorld, startPlanted } from './planted.ts';
import { STATEMENTS } from './statements.ts';

let world: PlantedWorld;

before(async () => {
  world = await startPlanted();
});
after(() => world.close());

const HEX = Buffer.from(PLANTED).toString('hex');

for (const statement of STATEMENTS) {
  test(`an agent learns nothing it was not given by: ${statement} [policy.starter-reading]`, async () => {
    const answer = await world.ask(statement);
    assert.ok(!answer.includes(PLANTED) && !answer.includes(HEX), answer.slice(0, 500));
  });
}

/** What agents and their clients do all day, with what the answer must hold. */
const EVERYDAY: readonly (readonly [statement: string, answer: RegExp])[] = [
  ['SELECT host FROM monitoring.checks', /web-1/],
  ['COPY monitoring.checks TO STDOUT', /web-2/],
  ['SELECT rolname, rolsuper FROM pg_roles', /robot/],
  ['SELECT usename FROM pg_user', /robot/],
  ['SELECT name, unit FROM pg_settings', /work_mem/],
  ['SHOW server_version', /\d+\.\d+/],
  ["SELECT current_setting('server_version_num')", /\d{6}/],
  [
    "SELECT set_config(name, 'view', false) FROM pg_settings WHERE name = 'restrict_nonsystem_relation_kind'",
    /view/,
  ],
  ['SELECT relname FROM pg_class', /checks/],
  ['SELECT table_name FROM information_schema.tables', /entries/],
  ["SELECT pg_get_userbyid(10), pg_table_size('monitoring.checks')", /postgres/],
  ['BEGIN; SELECT count(*) FROM monitoring.checks; COMMIT', /2/],
];

for (const [statement, answer] of EVERYDAY) {
  test(`an agent gets an answer to: ${statement} [policy.starter-reading]`, async () => {
    const got = await world.ask(statement);
    assert.match(got, answer);
    assert.ok(!/^E /m.test(got), got);
  });
}

test('the tools of an agent find their way [policy.starter-reading]', async () => {
  const environment = await world.gateway.clientEnvironment();
  for (const command of [
    '\\d',
    '\\dt monitoring.*',
    '\\d monitoring.checks',
    '\\du',
    '\\dn',
    '\\df monitoring.*',
  ]) {
    const { code, stdout, stderr } = await runCommand('psql', ['-X', '-c', command], environment);
    assert.equal(code, 0, `${command}: ${stderr}`);
    assert.ok(!(stdout + stderr).includes(PLANTED), command);
  }
});
