/** Somebody who can write to the store, and cannot do anything else: what they put there of passkeys and Slack links counts as none. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { type ControlPlaneClient, createClient } from '@sallyport/contract';
import { createAuthenticator, type SoftwareAuthenticator } from '../../../../test/fixtures/authenticator.ts';
import {
  pressed,
  type SlackServer,
  sendAsSlack,
  startSlackServer,
} from '../../../../test/fixtures/slack-server.ts';
import { until } from '../../../../test/fixtures/until.ts';
import type { PasskeyRow, SlackLinkRow } from '../storage/index.ts';
import { type House, startHouse } from './control-plane.fixture.ts';

const ORIGIN = 'https://gate.example';
const RP_ID = 'gate.example';
const TEAM = 'T0000TEST';

let slack: SlackServer;
let house: House;
let agent: string;

before(async () => {
  slack = await startSlackServer([
    { id: 'UBOB', email: 'bob@example.com' },
    { id: 'UCAROL', email: 'carol@example.com' },
  ]);
  house = await startHouse({}, undefined, {
    stepUp: { rpId: RP_ID, origins: [ORIGIN] },
    notification: { slack: slack.section },
  });
  agent = await house.provider.token({ subject: 'alice', actor: 'agent-7' });
});
after(async () => {
  await house.close();
  await slack.close();
});
beforeEach(() => void house.entries.splice(0));

async function as(subject: string): Promise<ControlPlaneClient> {
  return createClient({ baseUrl: house.address, token: await house.provider.token({ subject }) });
}

const hashOf = (id: string) => createHash('sha256').update(id).digest('hex');

/** What was audited of rows that count as none: table, whose they say they are, and why. */
const refusals = () =>
  house.entries
    .filter(({ type }) => type === 'row-refused')
    .map(({ subject, reason, facts }) => [facts?.table, subject, reason]);

describe('a passkey', () => {
  afterEach(async () => {
    for (const name of ['bob', 'carol']) {
      await house.storage.passkeys.removeOf(`test|${name}`);
      await house.stepUp?.reset(`test|${name}`);
    }
  });

  async function registered(client: ControlPlaneClient): Promise<SoftwareAuthenticator> {
    const key = createAuthenticator(ORIGIN, RP_ID);
    const attestation = key.create(await client.beginRegistration({}));
    await client.verifyRegistration({ name: 'laptop', attestation });
    return key;
  }

  async function rowOf(subject: string): Promise<PasskeyRow> {
    const [row] = await house.storage.passkeys.of(subject);
    return row ?? assert.fail(`${subject} has no passkey`);
  }

  /** Writes a row as it is, in place of the one there. */
  async function write(row: PasskeyRow): Promise<void> {
    await remove(row.id);
    assert.ok(await house.storage.passkeys.add(row));
  }

  async function remove(id: string): Promise<void> {
    for (const name of ['bob', 'carol']) await house.storage.passkeys.remove(`test|${name}`, id);
  }

  /** Whether this passkey approves as this person, with a challenge that was given to them. */
  async function approves(client: ControlPlaneClient, key: SoftwareAuthenticator): Promise<boolean> {
    const { id, cancel } = await house.ask(agent, {
      requirements: [{ group: 'dba', seats: 1, stepUp: 'webauthn' }],
    });
    const given = await client
      .stepUp({ id, verdict: 'approve' })
      .catch(() => ({ challenge: 'a'.repeat(43) }));
    const done = await client.approve({ id, assertion: key.get(given) }).catch(() => null);
    const { state } = await client.getAccessRequest({ id });
    cancel();
    assert.equal(state === 'approved', done !== null);
    return done !== null;
  }

  test('that was added, moved or changed in the store is none, and is on record once [step-up.sealed]', async () => {
    const [bob, carol] = [await as('bob'), await as('carol')];
    const [bobs, carols] = [await registered(bob), await registered(carol)];
    const [bobsRow, carolsRow] = [await rowOf('test|bob'), await rowOf('test|carol')];
    const own = createAuthenticator(ORIGIN, RP_ID);
    own.create({ challenge: 'a', user: { id: 'AAAA' } });
    const forged: Record<string, [PasskeyRow, SoftwareAuthenticator]> = {
      'added, with no seal': [{ ...carolsRow, id: own.id, subject: 'test|bob', mac: '' }, own],
      'added, with the seal of another': [{ ...carolsRow, id: own.id, subject: 'test|bob' }, own],
      'moved to another person': [{ ...carolsRow, subject: 'test|bob' }, carols],
      'with the seal of that person’s': [{ ...carolsRow, subject: 'test|bob', mac: bobsRow.mac }, carols],
      'with another key': [{ ...bobsRow, public_key: carolsRow.public_key }, bobs],
      'with an older count': [{ ...bobsRow, counter: 0 }, bobs],
      'with another name': [{ ...bobsRow, name: 'phone' }, bobs],
      'made at another time': [{ ...bobsRow, created_at: Number(bobsRow.created_at) + 1 }, bobs],
      'with a seal that is no digest': [{ ...bobsRow, mac: 'é'.repeat(32) }, bobs],
    };
    for (const [what, [row, key]] of Object.entries(forged)) {
      await write(row);
      house.entries.splice(0);
      assert.equal(await approves(bob, key), false, what);
      const { passkeys } = await bob.listPasskeys();
      assert.ok(!passkeys.some(({ id }) => id === hashOf(row.id)), what);
      assert.deepEqual(refusals(), [['passkey', 'test|bob', 'seal']], what);
      await remove(row.id);
      for (const good of [bobsRow, carolsRow]) await write(good);
    }
    assert.equal(await approves(bob, bobs), true);
    assert.equal(await approves(carol, carols), true);
  });

  test('that is put back as it was, with an older count or after it was removed, is none [step-up.not-back]', async () => {
    const bob = await as('bob');
    const key = await registered(bob);
    const first = await rowOf('test|bob');
    assert.equal(await approves(bob, key), true);
    const second = await rowOf('test|bob');
    assert.ok(Number(second.counter) > Number(first.counter));
    await write(first);
    house.entries.splice(0);
    assert.equal(await approves(bob, key), false, 'an older count');
    assert.deepEqual(refusals(), [['passkey', 'test|bob', 'older']]);
    await write(second);
    assert.equal(await approves(bob, key), true);
    const third = await rowOf('test|bob');
    const [{ id } = assert.fail('it is listed')] = (await bob.listPasskeys()).passkeys;
    const assertion = key.get(await bob.passkeyChallenge({ purpose: 'remove-passkey', passkey: id }));
    await bob.removePasskey({ id, assertion });
    for (const row of [first, second, third, { ...third, counter: 1_000 }]) {
      await write(row);
      assert.equal(await approves(bob, key), false, 'removed');
      assert.deepEqual((await bob.listPasskeys()).passkeys, []);
    }
    // The way is free for a new first one, and only for that.
    await remove(third.id);
    const next = await registered(bob);
    assert.equal(await approves(bob, next), true);
  });

  test('that was hidden while an administrator removed all is none when it is back [step-up.not-back]', async () => {
    const [bob, erin] = [await as('bob'), await as('erin')];
    const key = await registered(bob);
    const row = await rowOf('test|bob');
    await remove(row.id);
    assert.deepEqual(await erin.resetPasskeys({ subject: 'test|bob', reason: 'stolen' }), { removed: 0 });
    await write(row);
    assert.equal(await approves(bob, key), false);
    assert.deepEqual(refusals(), [['passkey', 'test|bob', 'older']]);
    const next = await registered(bob);
    assert.equal(await approves(bob, key), false);
    assert.equal(await approves(bob, next), true);
  });

  test('that was deleted from the store makes no place for a new first one [step-up.not-back]', async () => {
    const [bob, erin] = [await as('bob'), await as('erin')];
    const begun = await bob.beginRegistration({});
    await registered(bob);
    await remove((await rowOf('test|bob')).id);
    await assert.rejects(bob.beginRegistration({}), /nobody removed them/);
    const attestation = createAuthenticator(ORIGIN, RP_ID).create(begun);
    await assert.rejects(bob.verifyRegistration({ name: 'mine', attestation }), /nobody removed them/);
    await erin.resetPasskeys({ subject: 'test|bob', reason: 'the store lost it' });
    await registered(bob);
  });
});

describe('a Slack link', () => {
  const links = () => house.storage.slackLinks;
  afterEach(async () => {
    for (const name of ['alice', 'bob', 'carol', 'dave']) await links().removeOf(`test|${name}`);
  });
  let presses = 0;

  /** Presses a button; what Slack is told to show. */
  async function press(user: string, action: 'approve' | 'deny', id: string): Promise<string> {
    presses += 1;
    const path = `/hooks/actions/forged-${presses}`;
    const payload = pressed(slack, user, `sallyport-${action}`, id, { response_url: `${slack.base}${path}` });
    assert.equal((await sendAsSlack(house.address, payload, { at: Date.now() })).status, 200);
    const { body } = await until('an answer', () => slack.responses.find((one) => one.path === path));
    return JSON.stringify(body);
  }

  async function linked(user: string, subject: string): Promise<SlackLinkRow> {
    const [, code = ''] = /slack link ([0-9a-f]{32})/.exec(await press(user, 'approve', 'ar-any')) ?? [];
    await (await as(subject)).linkSlack({ code });
    return (await links().find(TEAM, user)) ?? assert.fail('there is no link');
  }

  /** Whether this Slack user is somebody whose word counts. */
  async function decides(user: string): Promise<boolean> {
    const { id, cancel } = await house.ask(agent, { requirements: [{ group: 'dba', seats: 1 }] });
    await press(user, 'approve', id);
    const { state } = await (await as('bob')).getAccessRequest({ id });
    cancel();
    return state === 'approved';
  }

  test('that was added, moved or changed in the store is none, and is on record once [slack.sealed]', async () => {
    const row = await linked('UBOB', 'bob');
    const forged: Record<string, SlackLinkRow> = {
      'added, with no seal': { ...row, user_id: 'UCAROL', mac: '' },
      'added, with the seal of another': { ...row, user_id: 'UCAROL' },
      'moved to another person': { ...row, subject: 'test|carol' },
      'with more groups': { ...row, groups: JSON.stringify([...JSON.parse(row.groups), 'security']) },
      'with other names': { ...row, aliases: '[]' },
      'that lasts longer': { ...row, expires_at: Number(row.expires_at) + 86_400_000 },
      'that is not even JSON': { ...row, groups: '{' },
    };
    for (const [what, one] of Object.entries(forged)) {
      await links().put(one);
      house.entries.splice(0);
      assert.equal(await decides(one.user_id), false, what);
      assert.deepEqual(refusals(), [['slack_link', one.subject, 'seal']], what);
    }
    await links().put(row);
    assert.equal(await decides('UBOB'), true);
  });

  test('that is put back after it ended, or after another took its place, is none [slack.not-back]', async () => {
    const row = await linked('UBOB', 'bob');
    assert.equal(await decides('UBOB'), true);
    assert.deepEqual(await (await as('bob')).unlinkSlack({}), { removed: 1 });
    await links().put(row);
    assert.equal(await decides('UBOB'), false);
    assert.deepEqual(refusals(), [['slack_link', 'test|bob', 'older']]);
    const newer = await linked('UBOB', 'bob');
    assert.equal(await decides('UBOB'), true);
    assert.ok(Number(newer.linked_at) > Number(row.linked_at));
    const newest = await linked('UCAROL', 'carol');
    await links().put({ ...newest, user_id: 'UBOB' });
    assert.equal(await decides('UBOB'), false, 'the seal is of another user');
    await links().put(newer);
    assert.equal(await decides('UBOB'), true);
  });
});
