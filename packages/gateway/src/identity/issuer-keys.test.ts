import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestProvider, TEST_AUDIENCE } from '../../../../test/fixtures/oidc-provider.ts';
import { type Answer, AUDIENCE, type HostileIssuer, startHostileIssuer } from './hostile-issuer.fixture.ts';
import { createIdentityProvider } from './provider.ts';
import { identitySection } from './section.ts';

/** A clock the test moves: wall time stays real, because real tokens carry it. */
function clock() {
  let elapsed = 0;
  return {
    now: () => Date.now(),
    elapsed: () => elapsed,
    pass: (seconds: number) => (elapsed += seconds * 1_000),
  };
}

describe('a real provider', () => {
  test('vouches for people, agents and machines [identity.verify, identity.person]', async (t) => {
    const real = await startTestProvider();
    t.after(() => real.close());
    const issuers = [{ name: 'test', issuer: real.issuer, audience: TEST_AUDIENCE }];
    const identity = createIdentityProvider(identitySection.parse({ issuers }), { clock: clock() });

    const bob = await identity.authenticate(await real.token({ subject: 'bob' }));
    assert.deepEqual(
      [bob.subject, bob.displayName, bob.kind, bob.groups],
      ['test|bob', 'Bob', 'person', ['dba']],
    );
    const agent = await identity.authenticate(
      await real.token({ subject: 'alice', actor: 'agent-7', task: 'T-1' }),
    );
    assert.deepEqual(
      [agent.subject, agent.actor, agent.task, agent.kind],
      ['test|alice', 'agent-7', 'T-1', 'machine'],
    );

    const { id, secret } = real.machineClient;
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: id,
      client_secret: secret,
    });
    const answer = (await (await fetch(real.tokenEndpoint, { method: 'POST', body })).json()) as {
      access_token: string;
    };
    assert.equal((await identity.authenticate(answer.access_token)).kind, 'machine');
    await assert.rejects(
      identity.authenticate(await real.token({ subject: 'bob', audience: 'urn:elsewhere' })),
      /not meant for/,
    );
  });

  test('may rotate its keys: one fetch per cool-down, and old tokens end with the old key [identity.rotation, identity.memory]', async (t) => {
    const real = await startTestProvider();
    t.after(() => real.close());
    const time = clock();
    const issuers = [{ name: 'test', issuer: real.issuer, audience: TEST_AUDIENCE }];
    const identity = createIdentityProvider(identitySection.parse({ issuers, keyCooldownSeconds: 30 }), {
      clock: time,
    });
    const old = await real.token({ subject: 'alice' });
    await identity.authenticate(old);
    assert.equal(real.requests('/jwks'), 1);

    await real.rotateKeys();
    const fresh = await real.token({ subject: 'alice' });
    for (let tries = 0; tries < 5; tries += 1)
      await assert.rejects(identity.authenticate(fresh), /does not have/);
    assert.equal(real.requests('/jwks'), 1, 'within the cool-down an unknown key provokes nothing');
    time.pass(31);
    await identity.authenticate(fresh);
    assert.equal(real.requests('/jwks'), 2);
    await assert.rejects(identity.authenticate(old), /does not have/, 'remembered under keys that are gone');
  });

  test('may be away for a while, not for ever [identity.outage]', async (t) => {
    const real = await startTestProvider();
    t.after(() => real.close());
    const time = clock();
    const issuers = [{ name: 'test', issuer: real.issuer, audience: TEST_AUDIENCE }];
    const config = identitySection.parse({ issuers, keyLifetimeSeconds: 3_600, verifiedTokens: 0 });
    const identity = createIdentityProvider(config, { clock: time });
    const token = await real.token({ subject: 'alice' });
    await identity.authenticate(token);
    real.setOutage(true);
    time.pass(3_599);
    await identity.authenticate(token);
    time.pass(3);
    await assert.rejects(identity.authenticate(token), { code: 'issuer-unavailable' });
    real.setOutage(false);
    time.pass(3);
    await identity.authenticate(token);
  });
});

describe('a hostile issuer', () => {
  let hostile: HostileIssuer;
  before(async () => {
    hostile = await startHostileIssuer();
  });
  after(() => hostile.close());

  async function unusable(answers: { discovery?: Answer; jwks?: Answer }, pattern: RegExp): Promise<void> {
    const honest = hostile.answers;
    hostile.answers = { ...honest, ...answers };
    const issuers = [{ name: 'x', issuer: hostile.issuer, audience: AUDIENCE }];
    const identity = createIdentityProvider(identitySection.parse({ issuers }), { clock: clock() });
    const token = await hostile.sign();
    await assert.rejects(identity.authenticate(token), (error) => {
      assert.ok(error instanceof Error && 'code' in error);
      assert.equal(error.code, 'issuer-unavailable');
      assert.match(error.message, pattern);
      return true;
    });
    hostile.answers = honest;
  }
  const json = (value: unknown): Answer => ({ body: JSON.stringify(value) });

  test('cannot speak for another issuer [identity.discovery]', async () => {
    const jwks_uri = `${hostile.issuer}/jwks`;
    await unusable({ discovery: json({ issuer: 'https://bank.example', jwks_uri }) }, /its issuer is not/);
    await unusable({ discovery: json({ issuer: `${hostile.issuer}/`, jwks_uri }) }, /its issuer is not/);
  });

  test('cannot send us elsewhere [identity.discovery]', async () => {
    const { issuer } = hostile;
    for (const jwks_uri of [
      'http://169.254.169.254/latest',
      'file:///etc/passwd',
      'ftp://x/y',
      'http://10.0.0.1/jwks',
      7,
    ]) {
      await unusable({ discovery: json({ issuer, jwks_uri }) }, /jwks_uri/);
    }
    const location = `${issuer}/elsewhere`;
    await unusable({ jwks: { status: 302, headers: { location }, body: '' } }, /redirects are not followed/);
    await unusable(
      { discovery: { status: 307, headers: { location }, body: '' } },
      /redirects are not followed/,
    );
  });

  test('cannot fill our memory [identity.discovery]', async () => {
    const bomb = { keys: [{ kty: 'RSA', n: 'A'.repeat(1_000_000) }] };
    await unusable({ jwks: json(bomb) }, /larger than 262144 bytes/);
    await unusable(
      { jwks: json({ keys: Array.from({ length: 101 }, () => ({ kty: 'RSA' })) }) },
      /more than 100 keys/,
    );
  });

  test('publishes only what can be a public signature key [identity.discovery, identity.algorithm]', async () => {
    for (const key of [
      { kty: 'oct', k: 'c2VjcmV0', kid: 'k1' },
      { ...hostile.publicJwk, d: 'x' },
      { ...hostile.publicJwk, use: 'enc' },
      null,
      'x',
    ]) {
      await unusable({ jwks: json({ keys: [key] }) }, /no public signature key/);
    }
    for (const body of ['', 'null', '[]', '{', '{}', '{"keys":{}}'])
      await unusable({ jwks: { body } }, /key set/);
  });

  test('is asked once for many tokens at once [identity.rotation]', async () => {
    const issuers = [{ name: 'x', issuer: hostile.issuer, audience: AUDIENCE }];
    const identity = createIdentityProvider(identitySection.parse({ issuers }), { clock: clock() });
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, n) => hostile.sign({ sub: `s${n}` })));
    const before = hostile.fetches;
    await Promise.all(tokens.map((token) => identity.authenticate(token)));
    assert.equal(hostile.fetches - before, 2);
  });
});

test('the configuration takes https issuers, and http only on loopback [identity.discovery]', () => {
  const accepts = (issuer: string) =>
    identitySection.safeParse({ issuers: [{ name: 'a', issuer, audience: 'x' }] }).success;
  for (const good of [
    'https://id.example/realms/a',
    'http://127.0.0.1:3000',
    'http://localhost:1',
    'http://[::1]:9',
  ]) {
    assert.ok(accepts(good), good);
  }
  for (const bad of [
    'http://id.example',
    'http://127.0.0.1.evil.example',
    'https://u:p@id.example',
    'https://id.example?x=1',
    'x',
    '',
  ]) {
    assert.ok(!accepts(bad), bad);
  }
});
