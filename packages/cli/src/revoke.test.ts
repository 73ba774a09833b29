/** Revoking from the command line, against a whole gateway. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { startGateway, type TestGateway } from '../../../test/fixtures/gateway.ts';
import { run } from './captured-terminal.test-support.ts';

let world: TestGateway;
let guard: string[];
const fileOf = async (subject: string): Promise<string> => {
  const file = join(world.directory, `${subject}.token`);
  writeFileSync(file, await world.token(subject), { mode: 0o600 });
  return file;
};
before(async () => {
  world = await startGateway({ policies: { directory: 'test/fixtures/policies/allow-all' } });
  guard = ['--url', world.gateway.controlPlane, '--token-file', await fileOf('guard')];
});
after(() => world.close());

const open = async (subject = 'agent'): Promise<{ readonly ended: Promise<string> }> => {
  const password = await world.token(subject);
  const client = new pg.Client({
    host: '127.0.0.1',
    port: world.port,
    user: 'db',
    database: 'postgres',
    password,
  });
  const ended = new Promise<string>((resolve) => client.once('error', (error) => resolve(error.message)));
  client.on('error', () => undefined);
  await client.connect();
  return { ended };
};
const why = ['--reason', 'odd'];

test('quarantine, list and lift [containment.cli]', async () => {
  const { ended } = await open();
  const done = await run(['quarantine', 'agent-1', ...why, ...guard]);
  assert.equal(done.code, 0, done.err);
  assert.match(done.out, /^quarantined actor agent-1 \(rv-[0-9a-f]{16}\): 1 session ended$/);
  assert.match(await ended, /was quarantined: odd/);
  const listed = await run(['quarantine', 'list', ...guard]);
  assert.match(listed.out, /rv-\w+ .*lifted +quarantine +actor agent-1 +guard +odd/);
  const id = /rv-\w+/.exec(listed.out)?.[0] ?? '';
  assert.equal((await run(['quarantine', 'lift', id, ...guard])).code, 2);
  assert.match((await run(['quarantine', 'lift', id, ...why, ...guard])).out, /may be used again/);
  assert.match((await run(['quarantine', 'list', ...guard])).err, /Nothing is revoked/);
  assert.equal((await run(['quarantine', 'lift', id, ...why, ...guard])).code, 3);
  const unknown = await run(['quarantine', 'who', ...why, ...guard]);
  assert.deepEqual([unknown.code, /Say its kind/.test(unknown.err)], [3, true]);
});

test('a token is revoked from a file or standard input, and never from an argument [containment.cli]', async () => {
  const file = await fileOf('stranger');
  const token = readFileSync(file, 'utf8');
  const { ended } = await open('stranger');
  const typed = await run(['revoke', 'token', token, ...why, ...guard]);
  assert.equal(typed.code, 2);
  assert.match(typed.err, /--from/);
  assert.ok(!typed.err.includes(token.slice(0, 20)));
  const done = await run(['revoke', 'token', '--from', '-', ...why, ...guard], token);
  assert.match(done.out, /^revoked token \S+ \(rv-\w+\): 1 session ended$/);
  assert.match(await ended, /the token was revoked: odd/);
  await assert.rejects(open('stranger'), /the token was revoked/);
  assert.equal((await run(['revoke', 'actor', '--from', file, ...why, ...guard])).code, 2);
  assert.equal((await run(['revoke', 'nonsense', 'x', ...why, ...guard])).code, 2);
  assert.equal((await run(['revoke', 'task', ...why, ...guard])).code, 2);
  const refused = await run([
    'revoke',
    'task',
    'x',
    ...why,
    '--url',
    world.gateway.controlPlane,
    '--token-file',
    await fileOf('auditor'),
  ]);
  assert.deepEqual([refused.code, /roles do not permit "revoke"/.test(refused.err)], [3, true]);
});

test('many sessions are ended by what they have in common [containment.cli]', async () => {
  const opened = [await open(), await open(), await open('approver')];
  assert.equal((await run(['sessions', 'kill', ...why, ...guard])).code, 2);
  assert.equal((await run(['sessions', 'kill', 'x', '--all', ...why, ...guard])).code, 2);
  const none = await run(['sessions', 'kill', '--actor', 'agent-9', ...why, ...guard]);
  assert.deepEqual([none.code, /No open session/.test(none.err)], [3, true]);
  const both = await run([
    'sessions',
    'kill',
    '--actor',
    'agent-1',
    '--target',
    'elsewhere',
    ...why,
    ...guard,
  ]);
  assert.equal(both.code, 3);
  assert.equal(
    (await run(['sessions', 'kill', '--actor', 'AGENT-1', ...why, ...guard])).out,
    '2 sessions ended',
  );
  assert.equal((await run(['sessions', 'kill', '--all', ...why, ...guard])).out, '1 session ended');
  for (const { ended } of opened) assert.match(await ended, /guard ended it: odd/);
});
