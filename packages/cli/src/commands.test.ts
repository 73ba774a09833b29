/** The commands that look at, decide and verify what happened, against a whole gateway. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { run } from './captured-terminal.test-support.ts';
import { type Role, startWorld, TARGET, type World } from './demo/world.ts';

let world: World;
before(async () => {
  const quiet = () => undefined;
  world = await startWorld({ usualPorts: false, keep: false, progress: quiet, report: quiet });
});
after(() => world.close());

const as = (role: Role) => ['--url', world.gateway.controlPlane, '--token-file', world.tokenFile(role)];

async function connect(): Promise<pg.Client> {
  const password = readFileSync(world.tokenFile('agent'), 'utf8').trim();
  const client = new pg.Client({
    host: '127.0.0.1',
    port: world.port,
    user: TARGET,
    database: 'app',
    password,
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Sends a statement that is held; gives the access request and how it will end. */
async function held(client: pg.Client, sql: string) {
  const noticed = new Promise<string>((resolve) => {
    client.once('notice', (notice) => resolve(/access request (\S+)/.exec(notice.message ?? '')?.[1] ?? ''));
  });
  const ended = client.query(sql).then(
    (result) => `${result.command} ${result.rowCount}`,
    (error: Error) => error.message,
  );
  return { id: await noticed, ended };
}

test('requests are listed, shown exactly, and approved [cli.requests]', async () => {
  const client = await connect();
  const { id, ended } = await held(client, "UPDATE monitoring.hosts SET role = 'x\u001b[31m' WHERE id = 1");
  const listed = await run(['requests', ...as('approver')]);
  assert.match(
    listed.out,
    new RegExp(
      `^${id}  pending  in 1\\dm.*Nora via react-agent-1  ${TARGET}  UPDATE monitoring\\.hosts SET role = \\?`,
      'm',
    ),
  );
  const shown = await run(['requests', id, ...as('approver')]);
  assert.match(shown.out, /^ {2}UPDATE monitoring\.hosts SET role = 'x␛\[31m' WHERE id = 1$/m);
  assert.match(shown.out, /^needs +1 of approvers$/m);
  const json = JSON.parse((await run(['requests', '--json', ...as('approver')])).out) as { id: string }[];
  assert.deepEqual(
    json.map((one) => one.id),
    [id],
  );

  const own = await run(['approve', id, ...as('nora')]);
  assert.equal(own.code, 3);
  assert.match(own.err, /nobody decides their own/);
  const approved = await run(['approve', id, '--reason', 'fine', ...as('approver')]);
  assert.match(approved.out, new RegExp(`^approved ${id}: UPDATE`));
  assert.equal(await ended, 'UPDATE 1');
  assert.equal((await run(['approve', id, ...as('approver')])).code, 3);
  assert.match((await run(['requests', ...as('approver')])).err, /Nothing waits/);
  assert.match((await run(['requests', '--all', ...as('approver')])).out, /approved/);
  await client.end();
});

test('a request is denied with a reason that the agent is told [cli.requests]', async () => {
  const client = await connect();
  const { id, ended } = await held(client, 'DELETE FROM monitoring.hosts');
  const denied = await run(['deny', id, '--reason', 'keep them', ...as('approver')]);
  assert.equal(denied.code, 0, denied.err);
  assert.match(await ended, /keep them/);
  await client.end();
});

test('an unknown request exits 3 [cli.refused]', async () => {
  const { code, err } = await run(['requests', 'ar-nope', ...as('approver')]);
  assert.equal(code, 3);
  assert.match(err, /sallyport requests --all/);
});

test('sessions are listed and replayed, at a pace and as JSON [cli.replay]', async () => {
  const client = await connect();
  await client.query('SELECT name AS host FROM monitoring.hosts WHERE id = $1', [2]);
  const listed = await run(['sessions', '--open', '--json', ...as('auditor')]);
  const [session] = JSON.parse(listed.out) as { id: string }[];
  assert.ok(session !== undefined);
  assert.match(
    (await run(['sessions', ...as('auditor')])).out,
    new RegExp(`${session.id} .* open .*postgres +${TARGET}/app +Nora via`),
  );
  await client.end();
  await over(session.id);

  const text = await run(['replay', session.id, '--speed', '1000', ...as('auditor')]);
  assert.equal(text.code, 0, text.err);
  assert.match(
    text.out,
    /SELECT name AS host FROM monitoring\.hosts WHERE id = \$1\n +\$1 = 2\n +permit by agents-read-monitoring/,
  );
  assert.match(text.out, /host\n +web-2\n/);
  const lines = (await run(['replay', session.id, '--json', ...as('auditor')])).out.split('\n');
  const kinds = lines.map((line) => (JSON.parse(line) as { kind: string }).kind);
  assert.equal(kinds[0], 'header');
  assert.equal(kinds.at(-1), 'end');
  const agent = await run(['replay', session.id, '--instant', ...as('agent')]);
  assert.equal(agent.code, 3);
});

test('the record verifies offline, and a changed byte is found [cli.verify]', async () => {
  const args = ['audit', 'verify', '--data', world.config.dataDirectory];
  const sound = await run(args);
  assert.equal(sound.code, 0, sound.out + sound.err);
  assert.match(sound.out, /^sound {4}audit log: \d+ entries/m);
  assert.match(sound.out, /^sound {4}recordings: \d+ in \d+ chunks/m);
  const byConfig = await run(['audit', 'verify', '--config', world.config.file, '--json']);
  assert.equal((JSON.parse(byConfig.out) as { sound: boolean }).sound, true);

  const recordings = world.config.recording.directory;
  const [name] = readdirSync(recordings, { recursive: true, encoding: 'utf8' }).filter((one) =>
    one.endsWith('.rec'),
  );
  assert.ok(name !== undefined);
  await withFlippedByte(join(recordings, name), 100, async () => {
    const changed = await run(args);
    assert.equal(changed.code, 1);
    assert.match(changed.out, /^CHANGED {2}recordings/m);
    assert.match(changed.out, /\.rec byte \d+: chunk \d+ is not what was recorded/);
  });
  const audit = world.config.audit.directory;
  const segment = readdirSync(audit).find((one) => one.endsWith('.entries')) ?? '';
  await withFlippedByte(join(audit, segment), 60, async () => {
    const changed = await run(args);
    assert.equal(changed.code, 1);
    assert.match(changed.out, /^CHANGED {2}audit log[\s\S]*byte \d+: /m);
    assert.match(changed.err, /changed or is damaged/);
  });
});

async function withFlippedByte(file: string, at: number, look: () => Promise<void>): Promise<void> {
  const whole = readFileSync(file);
  const changed = Buffer.from(whole);
  changed[at] = (changed[at] ?? 0) ^ 1;
  writeFileSync(file, changed);
  try {
    await look();
  } finally {
    writeFileSync(file, whole);
  }
}

async function over(id: string): Promise<void> {
  for (;;) {
    const { out } = await run(['sessions', '--open', '--json', ...as('auditor')]);
    if (out === '' || !(JSON.parse(out) as { id: string }[]).some((one) => one.id === id)) return;
  }
}
