/** RFC 9449 section 4.3, rule by rule, each broken alone; and the memory of proofs that were used. */
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { exportJWK, generateKeyPair } from 'jose';
import {
  type AgentKey,
  makeProof,
  newAgentKey,
  type ProofTwist,
} from '../../../../test/fixtures/task-tokens.ts';
import { systemClock } from '../lib/clock.ts';
import type { Possession } from '../protocols/protocol.ts';
import { normalUri } from './dpop.ts';
import { AUDIENCE, type HostileIssuer, startHostileIssuer } from './hostile-issuer.fixture.ts';
import type { ExchangeVerifier } from './identity.ts';
import { ProofMemory } from './proof-memory.ts';
import { createIdentityProvider } from './provider.ts';
import { identitySection } from './section.ts';

const HTU = 'https://gateway.example:8443/api/v1/things';
const possession: Possession = {
  proof: null,
  method: 'GET',
  before: 'https://',
  after: '/api/v1/things',
  authorities: ['10.0.0.1:8443'],
  certificate: null,
  tellsNonce: false,
};

let issuer: HostileIssuer;
let provider: ExchangeVerifier;
let key: AgentKey;
let token: string;

before(async () => {
  issuer = await startHostileIssuer();
  const issuers = [{ name: 'main', issuer: issuer.issuer, audience: AUDIENCE }];
  const section = identitySection.parse({ issuers, taskTokens: { authorities: ['gateway.example:8443'] } });
  provider = createIdentityProvider(section, { clock: systemClock });
  key = await newAgentKey();
  token = await issuer.sign({ cnf: { jkt: key.jkt } });
});
after(() => issuer.close());

const shown = (proof: string, more: Partial<Possession> = {}) =>
  provider.authenticate(token, { ...possession, proof, ...more });

async function refused(twist: ProofTwist, why: RegExp, with_: AgentKey = key, htu = HTU): Promise<void> {
  const proof = await makeProof(with_, 'GET', htu, token, twist);
  await assert.rejects(shown(proof), { code: 'credential-rejected', message: why });
}

describe('a proof', () => {
  test('that keeps every rule is accepted, once [task-tokens.proof-shape, task-tokens.dpop]', async () => {
    for (const alg of ['ES256', 'ES384', 'PS256', 'RS256', 'EdDSA']) {
      const one = await newAgentKey(alg);
      const bound = await issuer.sign({ cnf: { jkt: one.jkt } });
      const proof = await makeProof(one, 'GET', HTU, bound, { header: { alg } });
      const identity = await provider.authenticate(bound, { ...possession, proof });
      assert.equal(identity.confirmation?.jkt, one.jkt);
      await assert.rejects(provider.authenticate(bound, { ...possession, proof }), /used before/, alg);
    }
    const byAddress = await makeProof(key, 'GET', 'https://10.0.0.1:8443/api/v1/things', token);
    await shown(byAddress);
  });

  test('of the wrong type, unsigned, or signed with a shared secret is refused [task-tokens.proof-shape]', async () => {
    for (const typ of ['jwt', 'at+jwt', 'DPOP+JWT', undefined]) await refused({ header: { typ } }, /typ/);
    const claims = { jti: randomUUID(), htm: 'GET', htu: HTU, iat: Math.floor(Date.now() / 1_000) };
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const none = `${part({ alg: 'none', typ: 'dpop+jwt', jwk: key.jwk })}.${part(claims)}.AA`;
    await assert.rejects(shown(none), /algorithm is not one of/);
    for (const jwk of [key.jwk, { kty: 'oct', k: 'c2VjcmV0' }]) {
      const body = `${part({ alg: 'HS256', typ: 'dpop+jwt', jwk })}.${part(claims)}`;
      const mac = createHmac('sha256', 'secret').update(body).digest('base64url');
      await assert.rejects(shown(`${body}.${mac}`), /algorithm is not one of/);
    }
  });

  test('with a key that is private, missing, of no known kind, or not the one it is signed with is refused [task-tokens.proof-shape]', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    await refused({ header: { jwk: await exportJWK(privateKey) } }, /gives away its private key/);
    const { kty, x, y } = key.jwk;
    for (const jwk of [
      undefined,
      null,
      'key',
      [],
      {},
      { kty: 'oct', k: 'c2VjcmV0' },
      { ...key.jwk, kty: '__proto__' },
    ]) {
      await refused({ header: { jwk } }, /no public key|gives away/);
    }
    for (const jwk of [
      { kty, x, y },
      { kty: 'EC', crv: 'P-384', x, y },
      { kty: 'EC', crv: 'P-256', x, y: x },
      { kty: 'RSA', n: 'AQAB', e: 'AQAB' },
      { kty: 'OKP', crv: 'Ed25519', x },
    ]) {
      await refused({ header: { jwk } }, /signature is wrong/);
    }
    const other = await newAgentKey();
    await refused({ header: { jwk: other.jwk } }, /signature is wrong/);
    await refused({}, /bound to another key/, other);
  });

  test('for another request is refused, however the address is written [task-tokens.proof-shape]', async () => {
    await refused({ claims: { htm: 'get' } }, /another method/);
    await refused({ claims: { htm: ['GET'] } }, /another method/);
    for (const htu of [
      'http://gateway.example:8443/api/v1/things',
      'https://gateway.example/api/v1/things',
      'https://gateway.example:8443/api/v1/Things',
      'https://gateway.example:8443/api/v1/things/',
      'https://gateway.example:8443/api/v1/things%2f',
      'https://gateway.example:8443@evil.example/api/v1/things',
      'https://user:pass@gateway.example:8443/api/v1/things',
      'https://gateway.example:8443\\@evil.example/api/v1/things',
      'https://evil.example/?https://gateway.example:8443/api/v1/things',
      '/api/v1/things',
      '',
    ]) {
      await refused({}, /another address/, key, htu);
    }
    await refused({ claims: { htu: undefined } }, /another address/);
    await refused({ claims: { htu: [HTU] } }, /another address/);
    for (const same of [
      'HTTPS://Gateway.Example:8443/api/v1/things',
      `${HTU}?page=2#top`,
      'https://gateway.example:8443/api/v1/%74hings',
      'https://gateway.example:8443/api/x/../v1/things',
    ]) {
      await shown(await makeProof(key, 'GET', same, token));
    }
  });

  test('that is old, of the future, or without a time is refused [task-tokens.proof-shape]', async () => {
    const now = Math.floor(Date.now() / 1_000);
    for (const iat of [now - 120, now + 60, undefined, String(now), null, Number.MAX_SAFE_INTEGER]) {
      await refused({ claims: { iat } }, /not made just now/);
    }
    await shown(await makeProof(key, 'GET', HTU, token, { claims: { iat: now - 30 } }));
  });

  test('that names no token, or another, or has no id is refused [task-tokens.proof-shape]', async () => {
    for (const ath of [undefined, '', 'x'.repeat(43), ['a']])
      await refused({ claims: { ath } }, /another token/);
    for (const jti of [undefined, '', 7, 'x'.repeat(257), ['a']])
      await refused({ claims: { jti } }, /usable id/);
  });

  test('that is huge, or no JWT, or names a claim twice is refused [task-tokens.proof-shape]', async () => {
    await refused({ claims: { padding: 'x'.repeat(8_000) } }, /longer than 4096 bytes/);
    for (const proof of ['', '.', 'a.b.c', 'a, b', `${await makeProof(key, 'GET', HTU, token)}=`]) {
      await assert.rejects(shown(proof), { code: 'credential-rejected' });
    }
    const [head = '', , signature = ''] = (await makeProof(key, 'GET', HTU, token)).split('.');
    const twice = Buffer.from('{"htm":"GET","htm":"GET"}').toString('base64url');
    await assert.rejects(shown(`${head}.${twice}.${signature}`), /not a signed JWT/);
  });

  test('with a critical header nobody knows is refused [task-tokens.proof-shape]', async () => {
    const proof = await makeProof(key, 'GET', HTU, token);
    const [, payload = '', signature = ''] = proof.split('.');
    const header = { alg: 'ES256', typ: 'dpop+jwt', jwk: key.jwk, crit: ['x'], x: 1 };
    const head = Buffer.from(JSON.stringify(header)).toString('base64url');
    await assert.rejects(shown(`${head}.${payload}.${signature}`), /signature is wrong/);
  });
});

describe('a token', () => {
  test('that is bound is refused without a proof, also once it is remembered [task-tokens.dpop]', async () => {
    await shown(await makeProof(key, 'GET', HTU, token));
    await assert.rejects(provider.authenticate(token), /no DPoP proof came/);
    await assert.rejects(provider.authenticate(token, possession), /no DPoP proof came/);
  });

  test('that is not bound is refused with one [task-tokens.dpop]', async () => {
    const plain = await issuer.sign();
    const proof = await makeProof(key, 'GET', HTU, plain);
    await assert.rejects(provider.authenticate(plain, { ...possession, proof }), /not bound to a key/);
  });

  test('that is bound in a way nobody can check here is refused [task-tokens.dpop]', async () => {
    for (const cnf of [
      {},
      { kid: 'a' },
      { jwk: key.jwk },
      { jkt: 'short' },
      { jkt: 7 },
      'a',
      ['a'],
      { jkt: null },
    ]) {
      await assert.rejects(provider.authenticate(await issuer.sign({ cnf })), /bound in a way/);
    }
  });

  test('that is bound to a certificate is refused without it [task-tokens.dpop]', async () => {
    const thumbprint = 'A'.repeat(43);
    const bound = await issuer.sign({ cnf: { 'x5t#S256': thumbprint } });
    await assert.rejects(provider.authenticate(bound), /client certificate/);
    await assert.rejects(
      provider.authenticate(bound, { ...possession, certificate: 'B'.repeat(43) }),
      /certificate/,
    );
    assert.ok(await provider.authenticate(bound, { ...possession, certificate: thumbprint }));
    const both = await issuer.sign({ cnf: { 'x5t#S256': thumbprint, jkt: key.jkt } });
    await assert.rejects(
      provider.authenticate(both, { ...possession, certificate: thumbprint }),
      /no DPoP proof/,
    );
  });
});

describe('proofs that were used', () => {
  test('are remembered until they are too old, and none is forgotten for want of room [task-tokens.proof-memory]', () => {
    let now = 1_000_000;
    const clock = { now: () => now, elapsed: () => now };
    const memory = new ProofMemory(clock, 10, 6);
    for (let at = 0; at < 6; at += 1) assert.equal(memory.add('k', `${at}`, now + 60_000), 'new');
    assert.equal(memory.add('k', 'more', now + 60_000), 'full');
    for (let at = 0; at < 6; at += 1) assert.equal(memory.add('k', `${at}`, now + 60_000), 'seen');
    for (let at = 0; at < 4; at += 1) assert.equal(memory.add(`other-${at}`, 'a', now + 60_000), 'new');
    assert.equal(memory.add('other-5', 'a', now + 60_000), 'full');
    now += 59_000;
    assert.equal(memory.add('k', '0', now + 60_000), 'seen');
    now += 6_000;
    assert.equal(memory.add('k', 'more', now + 60_000), 'new');
    assert.equal(memory.add('k', '0', now + 60_000), 'new');
  });
});

test('addresses are compared in one spelling [task-tokens.proof-shape]', () => {
  assert.equal(normalUri('postgres://DB@Host:1'), 'postgres://DB@host:1');
  assert.equal(normalUri('https://h:443/a%2fb%7E?x#y'), 'https://h/a%2Fb~');
  for (const odd of [
    '',
    'https://',
    'a b',
    'https://h/\u0000',
    'https://h/ü',
    `https://h/${'a'.repeat(9_000)}`,
  ]) {
    assert.equal(normalUri(odd), null, odd);
  }
});
