/** Exports of a whole gateway: one that is killed, receivers that do not answer, and what its people see of it. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import pg from 'pg';
import { run } from '../../packages/cli/src/captured-terminal.test-support.ts';
import { runProgram } from '../../packages/cli/src/program.ts';
import { createPaint } from '../../packages/cli/src/terminal.ts';
import { auditEntries } from '../fixtures/audit-entries.ts';
import { createCertificateAuthority } from '../fixtures/certificates.ts';
import { startGateway, startSurroundings } from '../fixtures/gateway.ts';
import { startGatewayChild } from '../fixtures/gateway-child.ts';
import { type HttpsReceiver, startHttpsReceiver } from '../fixtures/receivers.ts';
import { until } from '../fixtures/until.ts';

const authority = createCertificateAuthority();
after(() => authority.remove());
const SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const secretFile = join(authority.dir, 'webhook-secret');
writeFileSync(secretFile, SECRET, { mode: 0o600 });

function webhookTo({ url }: HttpsReceiver, ...more: readonly string[]): string {
  return [
    'audit:',
    '  export:',
    `    - { name: hook, type: webhook, url: "${url}", secret_file: ${secretFile}, ca_file: ${authority.caFile},`,
    `        allow_private_addresses: true, retry_ms: 20, retry_most_ms: 100, timeout_ms: 500, ${more.join(', ')} }`,
  ].join('\n');
}

const seqsOf = ({ posts }: HttpsReceiver): number[] =>
  posts.flatMap(({ body }) => (body.match(/"seq":\d+/g) ?? []).map((found) => Number(found.slice(6))));

const ALLOW_ALL = { directory: 'test/fixtures/policies/allow-all' };

test('a gateway that is killed again and again leaves no entry out [export.at-least-once]', async (t) => {
  const receiver = await startHttpsReceiver(authority.server());
  t.after(() => receiver.kill());
  const world = await startSurroundings({
    policies: ALLOW_ALL,
    config: webhookTo(receiver, 'batch_entries: 5'),
  });
  t.after(() => world.close());
  for (let life = 0; life < 3; life += 1) {
    const gateway = await startGatewayChild(world.configFile);
    const client = new pg.Client({
      ...{ host: '127.0.0.1', port: gateway.port, user: 'db', database: 'postgres' },
      password: await world.token('agent'),
    });
    client.on('error', () => undefined);
    await client.connect();
    for (let n = 0; n < 60; n += 1) await client.query(`select ${n} as n`);
    await gateway.kill();
  }
  const last = await startGatewayChild(world.configFile);
  await last.stop();
  const entries = auditEntries(world);
  assert.ok(entries.length > 180);
  // Stopping in order sends the last entry as well, that it stopped.
  assert.equal(entries.at(-1)?.type, 'gateway-stopped');
  assert.deepEqual(
    [...new Set(seqsOf(receiver))],
    entries.map(({ seq }) => seq),
  );
});

test('while a receiver does not answer, the data path goes on or denies, as configured [export.alarm, export.deny, export.status, L1]', async (t) => {
  for (const onLag of ['alarm', 'deny'] as const) {
    const receiver = await startHttpsReceiver(authority.server());
    t.after(() => receiver.kill());
    receiver.answer = () => undefined;
    const world = await startGateway({
      policies: ALLOW_ALL,
      config: webhookTo(receiver, `on_lag: ${onLag}`, 'lag_entries: 40'),
    });
    t.after(() => world.close());
    const client = await world.connect();
    const outcomes: string[] = [];
    for (let n = 0; n < 80; n += 1) {
      const outcome = client.query(`select ${n} as n`).then(
        () => 'ran',
        (error: Error & { code?: string }) => `${error.code} ${error.message}`,
      );
      outcomes.push(await outcome);
    }
    const denied = outcomes.filter((outcome) => outcome !== 'ran');
    if (onLag === 'alarm') assert.deepEqual(denied, []);
    else {
      assert.ok(denied.length > 40 && denied.length < 80, String(denied.length));
      assert.ok(
        denied.every((outcome) => /^57P03 .*export of the audit log is too far behind/.test(outcome)),
        denied[0],
      );
      // Once permitted, forwarded; once denied, not again until the sink is back.
      assert.equal(outcomes.lastIndexOf('ran'), outcomes.indexOf(denied[0] ?? '') - 1);
    }
    const auditor = await world.as('auditor');
    await until('an alarm', async () => (await auditor.listExports()).exports[0]?.state === 'behind');
    await until('a fault', () => world.faults.length > 0);
    assert.ok(world.faults.every((fault) => !String(fault).includes(SECRET)));
    assert.match(String(world.faults[0]), /the audit export hook is behind by \d+ entries/);
    await assert.rejects((await world.as('stranger')).listExports(), { status: 403 });

    receiver.answer = (_post, response) => void response.writeHead(204).end();
    await until('all entries', async () => (await auditor.listExports()).exports[0]?.lag.entries === 0);
    await client.query('select 1');
    assert.deepEqual(
      [...new Set(seqsOf(receiver))].slice(0, 80),
      Array.from({ length: 80 }, (_, seq) => seq),
    );
  }
});

test('people see the state of exports, and print entries from the files [export.status, export.command]', async (t) => {
  const receiver = await startHttpsReceiver(authority.server());
  t.after(() => receiver.kill());
  const world = await startGateway({ policies: ALLOW_ALL, config: webhookTo(receiver, 'lag_entries: 30') });
  t.after(() => world.close());
  const client = await world.connect();
  await client.query('select 1 as one');
  const tokenFile = join(world.directory, 'token');
  writeFileSync(tokenFile, await world.token('auditor'), { mode: 0o600 });
  const as = ['--url', world.gateway.controlPlane, '--token-file', tokenFile];
  await until('all entries', async () => {
    const { out } = await run(['audit', 'exports', '--json', ...as]);
    return (JSON.parse(out) as { lag: { entries: number } }[])[0]?.lag.entries === 0;
  });
  const shown = await run(['audit', 'exports', ...as]);
  assert.match(shown.out, /^hook +webhook +ok +\d+ +\d+ entries, \d+ s +alarm/m);
  await receiver.kill();
  for (let n = 0; n < 50; n += 1) await client.query('select 1 as one');
  // Behind is known at once, what is wrong with the sink only when a post to it has failed.
  const PROBLEM = /behind .*did not take the batch \((ECONNREFUSED|ECONNRESET)\)/;
  await until('an alarm', async () => PROBLEM.test((await run(['audit', 'exports', ...as])).out));
  const behind = await run(['audit', 'exports', ...as]);
  assert.equal(behind.code, 1);
  assert.match(behind.err, /Further behind than it may be: hook/);

  const entries = auditEntries(world);
  const data = ['--data', join(world.directory, 'data')];
  const all = (await run(['audit', 'export', ...data])).out
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  assert.deepEqual(all.slice(0, entries.length), entries);
  const some = await run(['audit', 'export', '--since', '3', '--until', '5', ...data]);
  assert.deepEqual(
    some.out.split('\n').map((line) => (JSON.parse(line) as { seq: number }).seq),
    [3, 4, 5],
  );
  const ocsf = await run(['audit', 'export', '--format', 'ocsf', '--since', '0', '--until', '3', ...data]);
  assert.deepEqual(
    ocsf.out
      .split('\n')
      .map((line) => (JSON.parse(line) as { metadata: { sequence: number } }).metadata.sequence),
    [0, 1, 2, 3],
  );
  const piped: string[] = [];
  const terminal = {
    out: assert.fail,
    err: assert.fail,
    columns: Number.POSITIVE_INFINITY,
    paint: createPaint(false),
  };
  const pipe = { input: (async function* () {})(), write: (text: string) => void piped.push(text) };
  await runProgram(['audit', 'export', '--until', '5', ...data], {
    ...terminal,
    pipe,
    readInput: async () => '',
  });
  assert.equal(
    piped.join(''),
    `${entries
      .slice(0, 6)
      .map((entry) => JSON.stringify(entry))
      .join('\n')}\n`,
  );
  assert.equal((await run(['audit', 'export', '--since', '6', '--until', '5', ...data])).code, 2);
  assert.equal((await run(['audit', 'export', '--since', '99999999', ...data])).code, 1);
  assert.equal((await run(['audit', 'export', '--data', join(world.directory, 'nowhere')])).code, 2);
});
