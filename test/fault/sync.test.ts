/** The disk of the audit log refuses to sync, under open sessions, and comes back. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type LogFiles, publicKeyFile, systemFiles, verifyLog } from '@sallyport/audit-log';
import { createGateway, loadConfig } from '@sallyport/gateway';
import { createAudit } from '../../packages/gateway/src/audit/index.ts';
import { systemClock } from '../../packages/gateway/src/lib/clock.ts';
import { auditDirectory, auditEntries } from '../fixtures/audit-entries.ts';
import { startSurroundings } from '../fixtures/gateway.ts';
import { describe, fieldsOf, query, RawClient } from '../fixtures/raw-postgres.ts';

test('while the disk refuses to sync nothing is forwarded, and open sessions go on when it does not [fault.disk-refuses, L1]', async (t) => {
  const world = await startSurroundings({
    policies: { directory: 'test/fixtures/policies/allow-all' },
    postgres: { initSql: 'create table effect (n int primary key)', settings: { log_statement: 'all' } },
  });
  t.after(() => world.close());
  let refuses = false;
  const refuse = (): void => {
    if (refuses) throw new Error('EIO: i/o error, fdatasync');
  };
  const files: LogFiles = {
    ...systemFiles,
    async sync(fd) {
      refuse();
      await systemFiles.sync(fd);
    },
    syncNow(fd) {
      refuse();
      systemFiles.syncNow(fd);
    },
  };
  const said: string[] = [];
  const report = (fault: unknown): void => void said.push(String(fault));
  const config = loadConfig(world.configFile);
  const audit = createAudit(config.audit, { clock: systemClock, files, onTrouble: report });
  const gateway = await createGateway(config, { audit, report });
  t.after(() => gateway.close());
  const port = gateway.listeners.find(({ protocol }) => protocol === 'postgres')?.port ?? 0;
  const open = async () =>
    (await RawClient.open({ port, user: 'db', password: await world.token('agent') })).client;
  const client = await open();
  const codeOf = async (text: string): Promise<string> => {
    const error = (await client.ask(query(text))).find(({ type }) => type === 'E');
    return error === undefined ? '' : (fieldsOf(error).C ?? '');
  };
  assert.equal(await codeOf('select 1 as d_before'), '');
  assert.equal(await codeOf('insert into effect values (1)'), '');

  refuses = true;
  assert.equal(
    await codeOf('with d_write as (insert into effect values (2) returning n) select 1 from d_write'),
    '57P03',
  );
  for (let n = 0; n < 5; n += 1) assert.equal(await codeOf(`select 1 as d_read_${n}`), '57P03');
  await assert.rejects(open(), /57P03|57P01/);
  assert.match(said.join('\n'), /cannot sync the log in .*EIO.*a restart is not needed/);
  assert.doesNotMatch(world.server.log(), /d_write|d_read/);

  refuses = false;
  while ((await codeOf('select 1 as d_after')) !== '') await pause(20);
  assert.equal(await codeOf('insert into effect values (3)'), '');
  assert.equal(
    describe(await (await open()).ask(query('select count(*) from effect'))),
    'T D(2) C(SELECT 1) ZI',
  );
  client.close();
  await gateway.close();

  const directory = auditDirectory(world);
  const report2 = await verifyLog(directory, readFileSync(join(directory, publicKeyFile), 'utf8').trim());
  assert.deepEqual([report2.problem, report2.covered], [null, report2.entries]);
  const forms = JSON.stringify(auditEntries(world).filter(({ effect }) => effect === 'permit'));
  for (const name of ['d_before', 'd_after']) assert.ok(forms.includes(name), name);
  assert.doesNotMatch(forms, /d_read/);
});
