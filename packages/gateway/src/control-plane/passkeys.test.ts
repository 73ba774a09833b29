/** Passkeys over the control plane, with an authenticator in software. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { type ControlPlaneClient, createClient } from '@sallyport/contract';
import {
  createAuthenticator,
  type Misbehaviour,
  type SoftwareAuthenticator,
} from '../../../../test/fixtures/authenticator.ts';
import { type House, startHouse } from './control-plane.fixture.ts';

const ORIGIN = 'https://gate.example';
const RP_ID = 'gate.example';

let house: House;
let agent: string;
const time = { ahead: 0 };
const clock = { now: () => Date.now() + time.ahead, elapsed: () => performance.now() };
const pending: { cancel(): void }[] = [];

before(async () => {
  house = await startHouse({}, clock, { stepUp: { rpId: RP_ID, origins: [ORIGIN], passkeysPerPerson: 3 } });
  agent = await house.provider.token({ subject: 'alice', actor: 'agent-7' });
});
after(() => house.close());
afterEach(async () => {
  time.ahead = 0;
  for (const one of pending.splice(0)) one.cancel();
  for (const name of ['bob', 'carol']) await house.stepUp?.reset(`test|${name}`);
});

async function as(subject: string, more: object = {}): Promise<ControlPlaneClient> {
  return createClient({ baseUrl: house.address, token: await house.provider.token({ subject, ...more }) });
}

async function registered(client: ControlPlaneClient, options = {}): Promise<SoftwareAuthenticator> {
  const authenticator = createAuthenticator(ORIGIN, RP_ID, options);
  const attestation = authenticator.create(await client.beginRegistration({}));
  await client.verifyRegistration({ name: 'laptop', attestation });
  return authenticator;
}

async function asked(requirements = [{ group: 'dba', seats: 1, stepUp: 'webauthn' as const }]) {
  const one = await house.ask(agent, { requirements });
  pending.push(one);
  return one;
}

const hashOf = (id: string) => createHash('sha256').update(id).digest('hex');
const refused = (code: string) => (error: { readonly code?: string }) => {
  assert.equal(error.code, code);
  return true;
};

describe('an approval that wants a passkey', () => {
  test('counts with one, used for exactly this, and says which [step-up.approves]', async () => {
    const bob = await as('bob');
    const key = await registered(bob);
    const { id, ended } = await asked();
    assert.deepEqual((await bob.getAccessRequest({ id })).requirements, [
      { group: 'dba', seats: 1, stepUp: 'webauthn' },
    ]);
    await assert.rejects(bob.approve({ id }), refused('step-up-required'));
    house.entries.splice(0);
    const options = await bob.stepUp({ id, verdict: 'approve' });
    assert.equal(options.userVerification, 'required');
    await bob.approve({ id, reason: 'ok', assertion: key.get(options) });
    assert.equal((await ended).state, 'approved');
    const entry = house.entries.find(({ type }) => type === 'access-decided');
    assert.deepEqual(
      [entry?.facts?.stepUp, entry?.facts?.credential, entry?.facts?.approver],
      ['webauthn', hashOf(key.id), 'test|bob'],
    );
    const [listed] = (await bob.listPasskeys()).passkeys;
    assert.equal(listed?.id, hashOf(key.id));
    assert.notEqual(listed?.usedAt, null);
  });

  test('wants it of each person [step-up.approves]', async () => {
    const [bob, carol] = [await as('bob'), await as('carol')];
    const [bobs, carols] = [await registered(bob), await registered(carol)];
    const { id, ended } = await asked([{ group: 'dba', seats: 2, stepUp: 'webauthn' }]);
    await bob.approve({ id, assertion: bobs.get(await bob.stepUp({ id, verdict: 'approve' })) });
    await assert.rejects(carol.approve({ id }), refused('step-up-required'));
    // Not theirs: neither the key nor the challenge.
    await assert.rejects(
      carol.approve({ id, assertion: bobs.get(await carol.stepUp({ id, verdict: 'approve' })) }),
      refused('not-permitted'),
    );
    await assert.rejects(
      carol.approve({ id, assertion: carols.get(await bob.stepUp({ id, verdict: 'approve' })) }),
      refused('not-permitted'),
    );
    await carol.approve({ id, assertion: carols.get(await carol.stepUp({ id, verdict: 'approve' })) });
    assert.equal((await ended).state, 'approved');
  });

  test('wants it also where only one of the policies does [step-up.approves]', async () => {
    const carol = await as('carol');
    const { id } = await asked([
      { group: 'dba', seats: 1 } as never,
      { group: 'security', seats: 1, stepUp: 'webauthn' },
    ]);
    await assert.rejects(carol.approve({ id }), refused('step-up-required'));
  });

  test('is not needed to deny, and is refused to whoever asked and to agents [step-up.approves, step-up.people]', async () => {
    const bob = await as('bob');
    const { id, ended } = await asked();
    await assert.rejects((await as('alice')).stepUp({ id, verdict: 'approve' }), refused('not-permitted'));
    await assert.rejects(
      (await as('bob', { actor: 'agent-9' })).stepUp({ id, verdict: 'approve' }),
      refused('not-found'),
    );
    await assert.rejects(
      (await as('bob', { actor: 'agent-9' })).beginRegistration({}),
      refused('not-permitted'),
    );
    await assert.rejects(bob.stepUp({ id, verdict: 'approve' }), refused('conflict'));
    await bob.deny({ id, reason: 'no' });
    assert.equal((await ended).state, 'denied');
  });
});

describe('an assertion', () => {
  test('that is of anything else proves nothing [step-up.bound]', async () => {
    const bob = await as('bob');
    const key = await registered(bob);
    const [one, other] = [await asked(), await asked()];
    const challenge = (id: string, verdict: 'approve' | 'deny' = 'approve') => bob.stepUp({ id, verdict });
    const approve = async (assertion: ReturnType<typeof key.get>) =>
      assert.rejects(bob.approve({ id: one.id, assertion }), refused('not-permitted'));
    const misbehaviour: Record<string, Misbehaviour> = {
      'another origin': { origin: 'https://evil.example' },
      'an origin below': { origin: 'https://evil.gate.example' },
      'another relying party': { rpId: 'evil.example' },
      'nobody verified': { userVerified: false },
      'nobody present': { userPresent: false },
      'another type': { type: 'webauthn.create' },
      'within another page': { crossOrigin: true },
      'within that page': { crossOrigin: true, topOrigin: 'https://evil.example' },
      'a challenge of its own': { challenge: 'a'.repeat(43) },
      'another key': { forged: true },
      'another person': { userHandle: 'AAAA' },
      'another credential': { credentialId: 'AAAA' },
    };
    for (const [what, wrong] of Object.entries(misbehaviour)) {
      await approve(key.get(await challenge(one.id), wrong));
      assert.equal((await bob.getAccessRequest({ id: one.id })).state, 'pending', what);
    }
    await approve(key.get(await challenge(other.id)));
    await approve(key.get(await challenge(one.id, 'deny')));
    await approve(key.get(await bob.passkeyChallenge({ purpose: 'add-passkey' })));
    const late = key.get(await challenge(one.id));
    time.ahead = 120_001;
    await approve(late);
    time.ahead = 0;
    assert.equal((await bob.getAccessRequest({ id: one.id })).state, 'pending');
    await bob.approve({ id: one.id, assertion: key.get(await challenge(one.id)) });
    assert.equal((await one.ended).state, 'approved');
  });

  test('is good once, also when it is sent twice at a time or was refused [step-up.once]', async () => {
    const bob = await as('bob');
    const key = await registered(bob, { counts: false });
    const one = await asked([{ group: 'dba', seats: 2, stepUp: 'webauthn' }]);
    const assertion = key.get(await bob.stepUp({ id: one.id, verdict: 'approve' }));
    const outcomes = await Promise.allSettled([
      bob.approve({ id: one.id, assertion }),
      bob.approve({ id: one.id, assertion }),
    ]);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    await assert.rejects(bob.approve({ id: one.id, assertion }), refused('not-permitted'));
    // Refused at another request first, it is no good at its own any more.
    const [two, three] = [await asked(), await asked()];
    const spent = key.get(await bob.stepUp({ id: two.id, verdict: 'approve' }));
    await assert.rejects(bob.approve({ id: three.id, assertion: spent }), refused('not-permitted'));
    await assert.rejects(bob.approve({ id: two.id, assertion: spent }), refused('not-permitted'));
  });

  test('of a copied passkey is found by its counter [step-up.counter]', async () => {
    const bob = await as('bob');
    const key = await registered(bob);
    const use = async (counter: number) => {
      const { id } = await asked();
      const options = await bob.stepUp({ id, verdict: 'approve' });
      return bob.approve({ id, assertion: key.get(options, { counter }) });
    };
    await use(10);
    for (const counter of [10, 9, 0]) await assert.rejects(use(counter), refused('not-permitted'));
    await use(11);
  });

  test('of a person who may not decide decides nothing [step-up.bound]', async () => {
    const dave = await as('dave');
    const key = await registered(dave);
    const { id } = await asked();
    await assert.rejects(dave.stepUp({ id, verdict: 'approve' }), refused('not-found'));
    const assertion = key.get(await dave.passkeyChallenge({ purpose: 'add-passkey' }));
    await assert.rejects(dave.approve({ id, assertion }), refused('not-found'));
    await house.stepUp?.reset('test|dave');
  });
});

describe('a passkey', () => {
  test('is registered first by whoever signed in just now, and is on record [step-up.register]', async () => {
    const stale = { claims: { auth_time: Math.floor(Date.now() / 1_000) - 301 } };
    await assert.rejects((await as('bob', stale)).beginRegistration({}), /sign in again/);
    const silent = { claims: { auth_time: null, amr: ['pwd'] } };
    await assert.rejects((await as('bob', silent)).beginRegistration({}), /sign in again/);
    house.entries.splice(0);
    const key = await registered(await as('bob'));
    const entry = house.entries.find(({ facts }) => facts?.attempt === 'add-passkey');
    assert.deepEqual([entry?.subject, entry?.facts?.passkey], ['test|bob', hashOf(key.id)]);
  });

  test('is added to others only with one of them [step-up.register]', async () => {
    const bob = await as('bob');
    const raced = createAuthenticator(ORIGIN, RP_ID);
    const begun = await bob.beginRegistration({});
    const key = await registered(bob);
    // Begun as the first, before there was one.
    await assert.rejects(
      bob.verifyRegistration({ name: 'raced', attestation: raced.create(begun) }),
      refused('not-permitted'),
    );
    await assert.rejects(bob.beginRegistration({}), refused('step-up-required'));
    const { id } = await asked();
    const forAnother = key.get(await bob.stepUp({ id, verdict: 'approve' }));
    await assert.rejects(bob.beginRegistration({ assertion: forAnother }), refused('not-permitted'));
    const second = createAuthenticator(ORIGIN, RP_ID);
    const assertion = key.get(await bob.passkeyChallenge({ purpose: 'add-passkey' }));
    const options = await bob.beginRegistration({ assertion });
    await bob.verifyRegistration({ name: 'phone', attestation: second.create(options) });
    assert.equal((await bob.listPasskeys()).passkeys.length, 2);
    assert.deepEqual((await (await as('carol')).listPasskeys()).passkeys, []);
  });

  test('two at the same time that are each the first are one [step-up.register]', async () => {
    const bob = await as('bob');
    const both = [createAuthenticator(ORIGIN, RP_ID), createAuthenticator(ORIGIN, RP_ID)];
    const begun = [await bob.beginRegistration({}), await bob.beginRegistration({})];
    const outcomes = await Promise.allSettled(
      both.map((one, at) =>
        bob.verifyRegistration({ name: `k${at}`, attestation: one.create(begun[at] as never) }),
      ),
    );
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal((await bob.listPasskeys()).passkeys.length, 1);
  });

  test('that is not made here, now, by them is not added [step-up.register]', async () => {
    const [bob, carol] = [await as('bob'), await as('carol')];
    const key = createAuthenticator(ORIGIN, RP_ID);
    const add = async (options: Record<string, unknown>, wrong: Misbehaviour = {}, client = bob) =>
      assert.rejects(
        client.verifyRegistration({ name: 'k', attestation: key.create(options, wrong) }),
        refused('not-permitted'),
      );
    for (const wrong of [
      { origin: 'https://evil.example' },
      { rpId: 'evil.example' },
      { userVerified: false },
      { type: 'webauthn.get' },
      { crossOrigin: true },
      { challenge: 'b'.repeat(43) },
    ])
      await add(await bob.beginRegistration({}), wrong);
    await add(await bob.beginRegistration({}), {}, carol);
    const late = await bob.beginRegistration({});
    time.ahead = 120_001;
    await add(late);
    time.ahead = 0;
    const good = await bob.beginRegistration({});
    await bob.verifyRegistration({ name: 'k', attestation: key.create(good) });
    await add(good);
    // The same passkey for somebody else would be theirs to use.
    await add(await carol.beginRegistration({}), {}, carol);
    assert.deepEqual((await carol.listPasskeys()).passkeys, []);
  });

  test('is removed with any of theirs, or all of them by an administrator who is another [step-up.remove]', async () => {
    const [bob, erin] = [await as('bob'), await as('erin')];
    const key = await registered(bob);
    const id = hashOf(key.id);
    const wrongly = key.get(await bob.passkeyChallenge({ purpose: 'add-passkey' }));
    await assert.rejects(bob.removePasskey({ id, assertion: wrongly }), refused('not-permitted'));
    const carol = await as('carol');
    await registered(carol);
    await assert.rejects(
      carol.removePasskey({
        id,
        assertion: key.get(await bob.passkeyChallenge({ purpose: 'remove-passkey', passkey: id })),
      }),
      refused('not-found'),
    );
    house.entries.splice(0);
    const assertion = key.get(await bob.passkeyChallenge({ purpose: 'remove-passkey', passkey: id }));
    await bob.removePasskey({ id, assertion });
    assert.deepEqual((await bob.listPasskeys()).passkeys, []);
    assert.ok(
      house.entries.some(({ facts }) => facts?.attempt === 'remove-passkey' && facts?.passkey === id),
    );
    await assert.rejects(
      erin.resetPasskeys({ subject: 'test|erin', reason: 'lost' }),
      refused('not-permitted'),
    );
    assert.deepEqual(await erin.resetPasskeys({ subject: 'test|carol', reason: 'lost' }), { removed: 1 });
    const reset = house.entries.find(({ facts }) => facts?.whose === 'test|carol');
    assert.deepEqual([reset?.subject, reset?.reason], ['test|erin', 'lost']);
    await assert.rejects(
      (await as('carol')).resetPasskeys({ subject: 'test|bob', reason: 'x' }),
      refused('not-permitted'),
    );
  });

  test('is one of only so many, and nothing is known of them where none are configured [step-up.limits]', async () => {
    const bob = await as('bob');
    const key = await registered(bob);
    for (const name of ['two', 'three']) {
      const assertion = key.get(await bob.passkeyChallenge({ purpose: 'add-passkey' }));
      const options = await bob.beginRegistration({ assertion });
      await bob.verifyRegistration({ name, attestation: createAuthenticator(ORIGIN, RP_ID).create(options) });
    }
    await assert.rejects(bob.beginRegistration({}), refused('limit-exceeded'));
    const plain = await startHouse();
    try {
      const token = await plain.provider.token({ subject: 'bob' });
      await assert.rejects(
        createClient({ baseUrl: plain.address, token }).listPasskeys(),
        refused('not-found'),
      );
    } finally {
      await plain.close();
    }
  });
});
