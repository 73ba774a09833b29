/** While the audit log cannot be written nothing is forwarded; once it can, sessions go on. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { publicKeyFile, verifyLog } from '@sallyport/audit-log';
import { auditDirectory, auditEntries } from '../fixtures/audit-entries.ts';
import { type Surroundings, startSurroundings } from '../fixtures/gateway.ts';
import { type GatewayChild, startGatewayChild } from '../fixtures/gateway-child.ts';
import {
  bind,
  describe,
  execute,
  fieldsOf,
  parse,
  query,
  RawClient,
  sync,
} from '../fixtures/raw-postgres.ts';

let world: Surroundings;
let gateway: GatewayChild;
before(async () => {
  world = await startSurroundings({
    policies: { directory: 'test/fixtures/policies/allow-all' },
    postgres: {
      initSql: 'create table effect (n int primary key)',
      settings: { log_statement: 'all' },
    },
  });
  gateway = await startGatewayChild(world.configFile, { toleratesFileLimit: true });
});
after(async () => {
  await gateway.stop();
  await world.close();
});

/** No file of the gateway can grow past this: to the gateway, a full disk. */
function limitFiles(bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(gateway.process.pid), `--fsize=${bytes}:unlimited`]);
}

const errorOf = (said: Awaited<ReturnType<RawClient['ask']>>): Readonly<Record<string, string>> => {
  const error = said.find(({ type }) => type === 'E');
  return error === undefined ? {} : fieldsOf(error);
};

/** Numbers of marked statements the server ran. */
function ran(): Set<string> {
  return new Set(
    world.server
      .log()
      .match(/(?:statement|execute <unnamed>): .*?\bd_\d+/g)
      ?.map((line) => /d_\d+/.exec(line)?.[0] ?? '') ?? [],
  );
}

test('on a full disk every statement is denied, none reaches the server, and all goes on when there is room [fault.disk-full, L1]', async () => {
  const { client } = await RawClient.open({
    port: gateway.port,
    user: 'db',
    password: await world.token('agent'),
  });
  assert.equal(describe(await client.ask(query('select 1 as d_0'))), 'T D(1) C(SELECT 1) ZI');
  limitFiles(1_024);
  const denied: string[] = [];
  for (let n = 1; n <= 20; n += 1) {
    const mark = `d_${n}`;
    const write = `with ${mark} as (insert into effect values (${n}) returning n) select n from ${mark}`;
    const kinds = [
      [query(`select 1 as ${mark}`)],
      [query(write)],
      [parse('', `select 1 as ${mark}`), bind('', ''), execute(), sync()],
      [parse('', write), bind('', ''), execute(), sync()],
    ];
    const error = errorOf(await client.ask(...(kinds[n % 4] ?? [])));
    assert.equal(error.C, '57P03', mark);
    assert.match(error.M ?? '', /audit log/);
    denied.push(mark);
  }
  const newcomer = RawClient.open({ port: gateway.port, user: 'db', password: await world.token('agent') });
  await assert.rejects(newcomer, /57P03|57P01/);
  assert.deepEqual(
    denied.filter((mark) => ran().has(mark)),
    [],
  );

  limitFiles('unlimited');
  assert.equal(describe(await client.ask(query('insert into effect values (100)'))), 'C(INSERT 0 1) ZI');
  const other = await RawClient.open({
    port: gateway.port,
    user: 'db',
    password: await world.token('agent'),
  });
  assert.equal(
    describe(await other.client.ask(query('select count(*) from effect'))),
    'T D(1) C(SELECT 1) ZI',
  );
  client.close();
  other.client.close();
  await gateway.stop();
  const directory = auditDirectory(world);
  const report = await verifyLog(directory, readFileSync(join(directory, publicKeyFile), 'utf8').trim());
  assert.equal(report.problem, null);
  const forms = auditEntries(world)
    .filter(({ effect }) => effect === 'permit')
    .map(({ form }) => (typeof form === 'string' ? form : ''));
  assert.deepEqual(
    denied.filter((mark) => forms.some((form) => form.includes(`${mark} `))),
    [],
  );
});
