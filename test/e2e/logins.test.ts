/** Who came in is on record, from where and by which door, before anything is judged about them. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AuditOperationPage } from '@sallyport/contract';
import { run } from '../../packages/cli/src/captured-terminal.test-support.ts';
import { auditEntries } from '../fixtures/audit-entries.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';

let world: TestGateway;
before(async () => {
  world = await startGateway();
});
after(() => world.close());

const logins = (subject: string) =>
  auditEntries(world).filter((entry) => entry.type === 'authenticated' && entry.subject === subject);

test('a login stands in the log before what was decided about it, under one session id [audit.logins, L1]', async () => {
  const client = await world.connect({ application_name: 'report' });
  await client.end();
  const entries = auditEntries(world);
  const login = entries.findIndex(({ type }) => type === 'authenticated');
  const decision = entries.findIndex(({ type }) => type === 'decision');
  assert.ok(login >= 0 && login < decision);
  assert.equal(entries[login]?.sessionId, entries[decision]?.sessionId);
  assert.deepEqual(entries[login]?.facts, {
    address: '127.0.0.1',
    client: 'report',
    door: 'listener',
    facet: 'postgres',
    secure: false,
  });
});

test('one whom policy refuses came in all the same, and is on record as having [audit.logins]', async () => {
  await assert.rejects(world.connect({ password: await world.token('stranger') }));
  const [login] = logins('test|stranger');
  const refused = auditEntries(world).find(
    ({ type, sessionId }) => type === 'decision' && sessionId === login?.sessionId,
  );
  assert.equal(refused?.effect, 'deny');
});

test('a command that asks again and again is one login at the control plane [audit.logins-bounded]', async () => {
  const approver = await world.as('approver');
  for (let n = 0; n < 20; n += 1) await approver.listAccessRequests();
  assert.deepEqual(
    logins('test|approver').map(({ facts, sessionId }) => [facts, sessionId]),
    [[{ address: '127.0.0.1', door: 'control-plane' }, undefined]],
  );
  // Another token of the same person is another login.
  const token = await world.issuer.token({ subject: 'approver' });
  const asked = () =>
    fetch(`${world.gateway.controlPlane}/v1/sessions`, { headers: { authorization: `Bearer ${token}` } });
  assert.deepEqual([(await asked()).status, (await asked()).status], [200, 200]);
  assert.equal(logins('test|approver').length, 2);
});

test('a search by subject finds logins beside decisions, over the control plane and in the files [audit.logins, audit.index-command]', async () => {
  const file = join(world.directory, 'auditor.token');
  writeFileSync(file, await world.token('auditor'), { mode: 0o600 });
  const places = [
    ['--url', world.gateway.controlPlane, '--token-file', file],
    ['--data', join(world.directory, 'data')],
  ];
  for (const where of places) {
    const search = ['audit', 'search', '--subject', 'test|stranger', ...where];
    const { out, code, err } = await run([...search, '--json']);
    assert.equal(code, 0, err);
    const { operations } = JSON.parse(out) as AuditOperationPage;
    assert.deepEqual(
      operations.map(({ type, effect }) => [type, effect]),
      [
        ['decision', 'deny'],
        ['authenticated', null],
      ],
    );
    assert.match((await run(search)).out, /- +test\|stranger +db +[0-9a-f]{16} +- +authenticated/);
    assert.match(
      (await run(['audit', 'search', '--subject', 'test|approver', ...where])).out,
      /authenticated/,
    );
  }
});
