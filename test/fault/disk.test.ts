/** While the audit log or a recording cannot be written nothing is forwarded; once it can, sessions go on. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { publicKeyFile, readLog, verifyLog } from '@sallyport/audit-log';
import { verifyRecordings } from '@sallyport/gateway';
import { auditDirectory, auditEntries, recordingDirectory } from '../fixtures/audit-entries.ts';
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

/** Resolves once the gateway has reported this many times something with these words. */
async function reported(from: GatewayChild, words: string, times = 1): Promise<void> {
  while (from.reported().split(words).length <= times) await setTimeout(10);
}

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

  // What was recorded before is written behind: it, too, must have met the full disk before there is room again.
  await reported(gateway, 'cannot write the recording');
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
  const recordings = await verifyRecordings(recordingDirectory(world), readLog(directory));
  assert.deepEqual([recordings.problems, recordings.unfinished], [[], []]);
  const forms = auditEntries(world)
    .filter(({ effect }) => effect === 'permit')
    .map(({ form }) => (typeof form === 'string' ? form : ''));
  assert.deepEqual(
    denied.filter((mark) => forms.some((form) => form.includes(`${mark} `))),
    [],
  );
});

/** A small disk that only the gateway sees takes a mount namespace. */
function needNamespaces(): void {
  const { status, stderr } = spawnSync('unshare', ['--map-root-user', '--mount', 'true']);
  const how =
    'permit user namespaces (sysctl -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0, ' +
    'or docker run --security-opt seccomp=unconfined) or run as root with CAP_SYS_ADMIN; unshare is in util-linux';
  assert.equal(
    status,
    0,
    `this test mounts a small disk for the gateway alone, and may not: ${stderr}; ${how}`,
  );
}

test('while the disk of the recordings alone is full or read only nothing runs, and afterwards no recorded byte is missing [fault.recordings-disk, L1]', async (t) => {
  needNamespaces();
  const own = await startSurroundings({
    policies: { directory: 'test/fixtures/policies/allow-all' },
    postgres: { settings: { log_statement: 'all' } },
    config: 'recording: { flush_ms: 10, directory: small }',
  });
  t.after(() => own.close());
  const directory = join(own.directory, 'small');
  mkdirSync(directory);
  const child = await startGatewayChild(own.configFile, { smallDisk: { directory, bytes: 256 * 1024 } });
  t.after(() => child.process.kill('SIGKILL'));
  const inside = (...command: string[]): number | null =>
    spawnSync('nsenter', ['-t', String(child.process.pid), '-U', '-m', '--preserve-credentials', ...command])
      .status;
  const { client } = await RawClient.open({
    port: child.port,
    user: 'db',
    password: await own.token('agent'),
  });
  const ask = (text: string) => client.ask(query(text));
  const works = async (text: string) =>
    assert.equal(describe(await ask(text)), 'T D(1) C(SELECT 1) ZI', child.reported());
  const denied = async (text: string) => assert.equal(errorOf(await ask(text)).C, '57P03', text);

  await works('select 1 as kept_1');
  assert.notEqual(inside('dd', 'if=/dev/zero', `of=${join(directory, 'filler')}`, 'bs=4k'), 0);
  // More than fits in what is left of the last block, however well it is compressed.
  await works(`select 1 as kept_2 /* ${randomBytes(16_384).toString('base64')} */`);
  await reported(child, 'ENOSPC');
  for (let n = 0; n < 5; n += 1) await denied(`select 1 as denied_${n}`);
  assert.equal(inside('rm', join(directory, 'filler')), 0);
  await works('select 1 as kept_3');

  // Possible once the quiet session has let go of its file.
  while (inside('mount', '-o', 'remount,ro', directory) !== 0) await setTimeout(20);
  await works('select 1 as kept_4');
  await reported(child, 'EROFS');
  await denied('select 1 as denied_5');
  assert.equal(inside('mount', '-o', 'remount,rw', directory), 0);
  await works('select 1 as kept_5');
  client.close();
  while (!auditEntries(own).some(({ type }) => type === 'session-ended')) await setTimeout(10);

  const kept = join(own.directory, 'kept');
  assert.equal(inside('cp', '-r', directory, kept), 0);
  await child.stop();
  const report = await verifyRecordings(kept, readLog(auditDirectory(own)));
  assert.deepEqual([report.problems, report.unfinished, report.recordings], [[], [], 1]);
  assert.doesNotMatch(own.server.log(), /denied_/);
});
