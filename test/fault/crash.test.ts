/** Killed in the middle of load, again and again: whatever the server ran is in the log, and the log verifies. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { publicKeyFile, verifyLog } from '@sallyport/audit-log';
import pg from 'pg';
import { randomOf } from '../conformance/raw-clients.ts';
import { auditDirectory, auditEntries } from '../fixtures/audit-entries.ts';
import { type Surroundings, startSurroundings } from '../fixtures/gateway.ts';
import { type GatewayChild, startGatewayChild } from '../fixtures/gateway-child.ts';

/** `KILLS=200 SEED=7 node --test test/fault/crash.test.ts` kills more often, without a limit of time, and says how far it is. */
const KILLS = Number(process.env.KILLS ?? 4);
const CLIENTS = 4;

let world: Surroundings;
before(async () => {
  world = await startSurroundings({
    policies: { directory: 'test/fixtures/policies/allow-all' },
    postgres: {
      initSql: 'create table effect (n int primary key)',
      settings: { log_statement: 'all', log_line_prefix: '' },
    },
  });
});
after(() => world.close());

/** Marks of statements the client was answered. */
const acknowledged = new Set<string>();

/** Runs statements that can be told apart until the connection breaks. The mark is a name, so the log shows it. */
async function load(gateway: GatewayChild, mark: () => number, password: string): Promise<void> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: gateway.port,
    user: 'db',
    database: 'postgres',
    password,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    for (;;) {
      const written = mark();
      await client.query(
        `with m_${written} as (insert into effect values (${written}) returning n) select n from m_${written}`,
      );
      acknowledged.add(`m_${written}`);
      const read = mark();
      await client.query({ text: `select $1::int as m_${read}`, values: [read] });
      acknowledged.add(`m_${read}`);
    }
  } catch {
    await client.end().catch(() => undefined);
  }
}

/** The whole log, checked as it was left, and the marks of what it permits. */
async function checkedLog(): Promise<{ readonly entries: number; readonly permitted: ReadonlySet<string> }> {
  const directory = auditDirectory(world);
  const publicKey = readFileSync(join(directory, publicKeyFile), 'utf8').trim();
  const report = await verifyLog(directory, publicKey);
  assert.equal(report.problem, null);
  const forms = auditEntries(world)
    .filter(({ type, effect }) => type === 'decision' && effect === 'permit')
    .flatMap(({ form }) => JSON.stringify(form ?? null).match(/m_\d+/g) ?? []);
  return { entries: report.entries, permitted: new Set(forms) };
}

test('every statement the server ran before a crash is in the log, which verifies [fault.crash, L1]', async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  t.diagnostic(`SEED=${seed} KILLS=${KILLS}`);
  const next = randomOf(seed);
  const password = await world.token('agent');
  let marks = 0;
  const mark = (): number => {
    marks += 1;
    return marks;
  };
  for (let kill = 0; kill < KILLS; kill += 1) {
    const gateway = await startGatewayChild(world.configFile);
    const loads = Array.from({ length: CLIENTS }, () => load(gateway, mark, password));
    const enough = marks + 20 + next(120);
    while (marks < enough) await new Promise((resolve) => setTimeout(resolve, next(20)));
    await gateway.kill();
    await Promise.all(loads);
    const { entries, permitted } = await checkedLog();
    for (const name of acknowledged) assert.ok(permitted.has(name), `${name} was answered and has no entry`);
    if (kill % 10 === 9)
      process.stdout.write(
        `${kill + 1} kills: ${acknowledged.size} answered, ${entries} entries, none missing\n`,
      );
  }
  // Started once more, it takes up the log where the crash left it.
  const last = await startGatewayChild(world.configFile);
  await last.stop();

  const { entries, permitted } = await checkedLog();
  const written = await world.server.query('select n from effect');
  assert.ok(written.length > 20, 'the load had effects');
  for (const { n } of written)
    assert.ok(permitted.has(`m_${n}`), `statement ${n} had an effect and no entry`);
  const ran = new Set(
    world.server
      .log()
      .match(/(?:statement|execute <unnamed>): .*?\bm_\d+/g)
      ?.map((line) => /m_\d+/.exec(line)?.[0] ?? ''),
  );
  assert.ok(ran.size > 20, 'the server logged statements');
  for (const name of ran) assert.ok(permitted.has(name), `the server ran ${name} without an entry`);
  for (const name of acknowledged) assert.ok(permitted.has(name), `${name} was answered and has no entry`);
  t.diagnostic(
    `${KILLS} kills, ${entries} entries: ${acknowledged.size} answered, ${ran.size} run, ${written.length} of them wrote, 0 missing`,
  );
  const directory = auditDirectory(world);
  const report = await verifyLog(directory, readFileSync(join(directory, publicKeyFile), 'utf8').trim());
  assert.equal(report.covered, report.entries);
  const starts = auditEntries(world).filter(({ type }) => type === 'gateway-started');
  assert.equal(starts.length, KILLS + 1);
});
