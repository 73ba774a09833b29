/** Forged and twisted access tokens at both doors: each is refused with an entry, and none of it gets into the log. */
import assert from 'node:assert/strict';
import { createHmac, createPublicKey } from 'node:crypto';
import { get } from 'node:http';
import { after, before, describe, test } from 'node:test';
import {
  AUDIENCE,
  type HostileIssuer,
  startHostileIssuer,
} from '../../../packages/gateway/src/identity/hostile-issuer.fixture.ts';
import { type SignInWorld, startSignInWorld } from '../../fixtures/sign-in-world.ts';

describe('forged tokens', () => {
  let issuer: HostileIssuer;
  let world: SignInWorld;
  before(async () => {
    issuer = await startHostileIssuer();
    world = await startSignInWorld({
      identity: () => [`    - { name: hostile, issuer: "${issuer.issuer}", audience: "${AUDIENCE}" }`],
    });
  });
  after(async () => {
    await world?.close();
    await issuer?.close();
  });

  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = () => Math.floor(Date.now() / 1_000);
  const claims = (more: object = {}) => ({
    iss: issuer.issuer,
    aud: AUDIENCE,
    sub: 'alice',
    iat: now(),
    exp: now() + 300,
    ...more,
  });

  /** Each on a connection of its own: one that is open belongs to whoever opened it. */
  function statusAt(url: string, token: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      const asked = get(url, { agent: false, headers }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
      });
      asked.once('error', reject);
    });
  }

  test('an honest token is taken at both doors [identity.verify]', async () => {
    const token = await issuer.sign();
    assert.equal(await statusAt(`${world.origin}/v1/whoami`, token), 200);
    assert.equal(await statusAt(`http://127.0.0.1:${world.httpPort}/api/x`, token), 200);
  });

  test('no twisted one is, and each attempt is an entry without a word of it [identity.doors]', async () => {
    const good = await issuer.sign();
    const [head = '', body = '', signature = ''] = good.split('.');
    const publicKey = createPublicKey({ key: issuer.publicJwk, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    });
    const hmac = (key: string | Buffer) => {
      const signed = `${part({ alg: 'HS256', typ: 'at+jwt', kid: 'k1' })}.${part(claims())}`;
      return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
    };
    const tokens: Readonly<Record<string, string>> = {
      none: `${part({ alg: 'none', typ: 'at+jwt' })}.${part(claims())}.`,
      'none with a signature': `${part({ alg: 'None', typ: 'at+jwt', kid: 'k1' })}.${part(claims())}.${signature}`,
      'public key as secret': hmac(publicKey),
      'public key as secret, as JSON': hmac(JSON.stringify(issuer.publicJwk)),
      'kid as path': await issuer.sign({}, { kid: '../../../../dev/null' }),
      'kid as SQL': await issuer.sign({}, { kid: "k1' UNION SELECT 'x" }),
      'kid as URL': await issuer.sign({}, { kid: `${issuer.issuer}/jwks` }),
      'kid as command': await issuer.sign({}, { kid: '|sleep 9' }),
      expired: await issuer.sign({ exp: now() - 1 }),
      'not valid yet': await issuer.sign({ nbf: now() + 3_600 }),
      'from the future': await issuer.sign({ iat: now() + 3_600 }),
      'further ahead than clocks may be': await issuer.sign({ iat: now() + 30 }),
      'without an end': await issuer.sign({ exp: undefined }),
      'another audience': await issuer.sign({ aud: 'urn:another' }),
      'another issuer, signed by this one': await issuer.sign({ iss: world.issuer.issuer }),
      'an issuer like this one': await issuer.sign({ iss: `${issuer.issuer}/` }),
      'an ID token': await issuer.sign({ aud: 'client' }, { typ: 'JWT' }),
      'another type': await issuer.sign({}, { typ: 'logout+jwt' }),
      'body changed': `${head}.${part(claims({ sub: 'root' }))}.${signature}`,
      'signature changed': `${head}.${body}.${'A'.repeat(signature.length)}`,
      huge: `${head}.${Buffer.alloc(20_000, 'a').toString('base64url')}.${signature}`,
      'five parts': `${good}.${body}.${signature}`,
      'a session of ours that is none': `sps_${'A'.repeat(43)}`,
      'a session of ours in another spelling': `SPS_${'A'.repeat(43)}`,
    };
    for (const [what, token] of Object.entries(tokens)) {
      for (const url of [`${world.origin}/v1/whoami`, `http://127.0.0.1:${world.httpPort}/api/x`]) {
        const before = world.entries('authentication-failed').length;
        assert.equal(await statusAt(url, token), 401, `${what} at ${url}`);
        const [entry, ...more] = world.entries('authentication-failed').slice(before);
        assert.ok(entry !== undefined && more.length === 0, `${what} at ${url}: ${more.length}`);
        assert.match(String(entry.reason as unknown), /refused/, what);
        for (const piece of token.split('.').filter((one) => one.length > 20))
          assert.ok(!JSON.stringify(entry).includes(piece), what);
      }
    }
    assert.deepEqual(world.faults, []);
  });
});
