/** Passkeys from the command line, against a whole gateway and with an authenticator in software. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { auditEntries } from '../../../test/fixtures/audit-entries.ts';
import { createAuthenticator, type SoftwareAuthenticator } from '../../../test/fixtures/authenticator.ts';
import { startGateway, type TestGateway } from '../../../test/fixtures/gateway.ts';
import { run } from './captured-terminal.test-support.ts';

const ORIGIN = 'http://localhost:1';

let world: TestGateway;
let places: Record<'approver' | 'guard', readonly string[]>;
before(async () => {
  world = await startGateway({
    policies: { directory: 'test/fixtures/policies/allow-all' },
    admins: '[security]',
    config: `step_up: { rp_id: localhost, origins: ["${ORIGIN}"] }`,
  });
  const place = async (subject: string) => {
    const file = join(world.directory, `${subject}.token`);
    writeFileSync(file, await world.token(subject), { mode: 0o600 });
    return ['--url', world.gateway.controlPlane, '--token-file', file];
  };
  places = { approver: await place('approver'), guard: await place('guard') };
});
after(() => world.close());

const passkeys = (who: 'approver' | 'guard', args: readonly string[], input = '') =>
  run(['passkeys', ...args, ...places[who]], input);

async function registered(name: string, by?: SoftwareAuthenticator): Promise<SoftwareAuthenticator> {
  const client = await world.as('approver');
  const key = createAuthenticator(ORIGIN, 'localhost');
  const proof =
    by === undefined ? {} : { assertion: by.get(await client.passkeyChallenge({ purpose: 'add-passkey' })) };
  await client.verifyRegistration({ name, attestation: key.create(await client.beginRegistration(proof)) });
  return key;
}

test('a person lists their passkeys and removes one with another [step-up.cli]', async () => {
  assert.match((await passkeys('approver', ['list'])).err, /You have no passkey/);
  const laptop = await registered('laptop');
  await registered('phone', laptop);
  const listed = await passkeys('approver', ['list']);
  assert.match(listed.out, /ID +NAME +ADDED +LAST USED/);
  const id = /^([0-9a-f]{16}) +phone /m.exec(listed.out)?.[1] ?? assert.fail(listed.out);
  const json = JSON.parse((await passkeys('approver', ['list', '--json'])).out) as { id: string }[];
  assert.equal(json.filter((one) => one.id.startsWith(id)).length, 1);

  const asked = await passkeys('approver', ['remove', id, '--challenge']);
  assert.equal(asked.code, 0, asked.err);
  const answer = JSON.stringify(laptop.get(JSON.parse(asked.out)));
  const removed = await passkeys('approver', ['remove', id, '--assertion', '-'], answer);
  assert.equal(removed.out, `removed phone (${id}) of your passkeys`);
  const again = await passkeys('approver', ['remove', id, '--assertion', '-'], answer);
  assert.deepEqual([again.code, /You have no passkey/.test(again.err)], [3, true]);
  assert.doesNotMatch((await passkeys('approver', ['list'])).out, /phone/);
});

test('without a passkey, or with the wrong one, nothing is removed, and the exit code says why [step-up.cli]', async () => {
  const [{ id }] = JSON.parse((await passkeys('approver', ['list', '--json'])).out) as [{ id: string }];
  const code = async (args: readonly string[], input = '') =>
    (await passkeys('approver', ['remove', ...args], input)).code;
  assert.equal(await code([id]), 2);
  assert.equal(await code([id, '--challenge', '--assertion', '-']), 2);
  assert.equal(await code([id, '--assertion', join(world.directory, 'nowhere')]), 2);
  assert.equal(await code([id, '--assertion', '-'], 'not JSON'), 2);
  assert.equal(await code([id, '--assertion', '-'], '{}'), 2);
  assert.equal(await code(['', '--challenge']), 3);
  const stranger = createAuthenticator(ORIGIN, 'localhost');
  const { out } = await passkeys('approver', ['remove', id, '--challenge']);
  const wrong = JSON.stringify({ ...stranger.get(JSON.parse(out)), id: stranger.id });
  assert.equal(await code([id, '--assertion', '-'], wrong), 2, 'no user handle of anybody');
  const theirs = stranger.get(JSON.parse((await passkeys('approver', ['remove', id, '--challenge'])).out), {
    userHandle: 'AAAA',
  });
  assert.equal(await code([id, '--assertion', '-'], JSON.stringify(theirs)), 3);
  assert.match((await passkeys('approver', ['list'])).out, /laptop/);
});

test('an administrator removes those of others, and nobody their own [step-up.cli]', async () => {
  const reset = (who: 'approver' | 'guard', subject: string) =>
    passkeys(who, ['reset', subject, '--reason', 'lost the laptop']);
  assert.equal((await passkeys('guard', ['reset', 'test|approver'])).code, 2, 'no reason');
  assert.equal((await reset('approver', 'test|approver')).code, 3);
  assert.equal((await reset('guard', 'test|guard')).code, 3);
  assert.match((await passkeys('approver', ['list'])).out, /laptop/);
  assert.equal((await reset('guard', 'test|approver')).out, 'removed 1 of the passkeys of test|approver');
  assert.match((await passkeys('approver', ['list'])).err, /You have no passkey/);
  const entry = auditEntries(world).findLast(
    ({ type, facts }) => type === 'admin' && (facts as { attempt?: unknown }).attempt === 'reset-passkeys',
  );
  assert.deepEqual([entry?.subject, entry?.reason], ['test|guard', 'lost the laptop']);
});
