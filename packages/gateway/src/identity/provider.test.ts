import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose';
import { systemClock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import { AUDIENCE, type HostileIssuer, startHostileIssuer } from './hostile-issuer.fixture.ts';
import { createIdentityProvider } from './provider.ts';
import { identitySection } from './section.ts';

let honest: HostileIssuer;
let other: HostileIssuer;
before(async () => {
  honest = await startHostileIssuer();
  other = await startHostileIssuer();
});
after(async () => {
  await honest.close();
  await other.close();
});

function provider(extra: Record<string, unknown> = {}, section: Record<string, unknown> = {}) {
  const issuers = [{ name: 'honest', issuer: honest.issuer, audience: AUDIENCE, ...extra }];
  return createIdentityProvider(identitySection.parse({ issuers, ...section }), { clock: systemClock });
}

async function refused(token: string, pattern: RegExp, extra: Record<string, unknown> = {}): Promise<void> {
  await assert.rejects(provider(extra).authenticate(token), (error) => {
    assert.ok(error instanceof Fault, `a Fault, not ${String(error)}`);
    assert.equal(error.code, 'credential-rejected');
    assert.match(error.message, pattern);
    for (const part of token.split('.').filter((piece) => piece.length > 8)) {
      assert.ok(!error.message.includes(part), 'the message holds no part of the token');
    }
    return true;
  });
}

function unsigned(header: object, claims: object, signature = ''): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claims)}.${signature}`;
}

function claimsNow(): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1_000);
  return { iss: honest.issuer, aud: AUDIENCE, sub: 'alice', iat: now, exp: now + 300 };
}

describe('verification', () => {
  test('accepts a good token and freezes what it says [identity.verify]', async () => {
    const identity = await provider().authenticate(await honest.sign({ groups: ['dba'] }));
    assert.equal(identity.subject, 'honest|alice');
    assert.deepEqual(identity.groups, ['dba']);
    assert.ok(
      Object.isFrozen(identity) && Object.isFrozen(identity.groups) && Object.isFrozen(identity.aliases),
    );
  });

  test('takes a time with a fraction in whole milliseconds [identity.issued-at]', async () => {
    const issuedAt = async (iat: number) =>
      (await provider().authenticate(await honest.sign({ iat, nbf: undefined }))).issuedAt;
    assert.equal(await issuedAt(1_700_000_000.1237), 1_700_000_000_123);
    assert.equal(await issuedAt(-1.5), 0);
  });

  test('refuses a token for another audience, or for none, without repeating it [identity.audience, identity.no-secret]', async () => {
    await refused(await honest.sign({ aud: 'urn:other' }), /not meant for "urn:gateway"/);
    await refused(await honest.sign({ aud: undefined }), /not meant for|claims/);
  });

  test('refuses an issuer it does not know, and one that is only similar [identity.issuer]', async () => {
    await refused(await other.sign(), /issuer is not one of/);
    await refused(await honest.sign({ iss: `${honest.issuer}/` }), /issuer is not one of/);
    await refused(await honest.sign({ iss: [honest.issuer] }), /names no issuer/);
  });

  test('does not take one issuer for another, though both use the same key id [identity.issuer]', async () => {
    const issuers = [honest, other].map((one, index) => ({
      name: `i${index}`,
      issuer: one.issuer,
      audience: AUDIENCE,
    }));
    const both = createIdentityProvider(identitySection.parse({ issuers }), { clock: systemClock });
    assert.equal((await both.authenticate(await other.sign())).subject, 'i1|alice');
    await assert.rejects(both.authenticate(await other.sign({ iss: honest.issuer })), /signature is wrong/);
  });

  test('refuses what expired, is not valid yet, comes from the future or never ends [identity.time]', async () => {
    const now = Math.floor(Date.now() / 1_000);
    await refused(await honest.sign({ exp: now - 1 }), /expired/);
    await refused(await honest.sign({ exp: now }), /expired/);
    await refused(await honest.sign({ nbf: now + 60 }), /not valid yet/);
    await refused(await honest.sign({ iat: now + 60 }), /issued in the future/);
    await refused(await honest.sign({ exp: undefined }), /no expiry/);
    await refused(await honest.sign({ exp: '9999999999' }), /claims|expir/);
  });
});

describe('algorithms and keys', () => {
  test('refuses an unsigned token, however it spells none [identity.algorithm]', async () => {
    for (const alg of ['none', 'None', 'NONE', '']) {
      await refused(unsigned({ alg, typ: 'at+jwt' }, claimsNow()), /not a signed JWT|algorithm|verified/);
      await refused(unsigned({ alg, typ: 'at+jwt', kid: 'k1' }, claimsNow(), 'AAAA'), /algorithm|verified/);
    }
  });

  test('does not take the public key for a shared secret [identity.algorithm]', async () => {
    const publicKey = await importJWK(honest.publicJwk, 'RS256', { extractable: true });
    assert.ok(!(publicKey instanceof Uint8Array));
    for (const secret of [await exportSPKI(publicKey), JSON.stringify(honest.publicJwk)]) {
      const body = unsigned({ alg: 'HS256', typ: 'at+jwt', kid: 'k1' }, claimsNow()).slice(0, -1);
      const mac = createHmac('sha256', secret).update(body).digest('base64url');
      await refused(`${body}.${mac}`, /algorithm/);
    }
  });

  test('refuses an algorithm that is asymmetric but not listed [identity.algorithm]', async () => {
    await refused(await honest.sign({}, { alg: 'RS256' }), /algorithm is not one of ES256/, {
      algorithms: ['ES256'],
    });
  });

  test('never uses a key, or the address of one, that comes in the token [identity.keys-in-token]', async () => {
    const mine = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(mine.publicKey)), kid: 'k1' };
    for (const header of [{ jwk }, { jku: `${other.issuer}/jwks` }, { x5u: `${other.issuer}/jwks` }]) {
      const forged = await new SignJWT(claimsNow())
        .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: 'k1', ...header })
        .sign(mine.privateKey);
      const before = other.fetches;
      await refused(forged, /signature is wrong/);
      assert.equal(other.fetches, before, 'nothing is fetched from where the token points');
    }
  });

  test('compares key ids as text only [identity.keys-in-token]', async () => {
    for (const kid of [
      '../../etc/passwd',
      "k1' OR '1'='1",
      'http://127.0.0.1/jwks',
      '__proto__',
      '\u0000',
      'K1',
    ]) {
      await refused(await honest.sign({}, { kid }), /does not have/);
    }
    await refused(
      unsigned({ alg: 'RS256', typ: 'at+jwt', kid: { $ne: 1 } }, claimsNow(), 'AAAA'),
      /key id is not text/,
    );
  });

  test('refuses a critical header that it does not know [identity.shape]', async () => {
    await refused(
      unsigned({ alg: 'RS256', typ: 'at+jwt', kid: 'k1', crit: ['x'], x: 1 }, claimsNow(), 'AAAA'),
      /algorithm|verified/,
    );
  });
});

describe('shape', () => {
  test('refuses a typ that is not an access token’s [identity.type]', async () => {
    for (const typ of ['dpop+jwt', 'logout+jwt', 'secevent+jwt'])
      await refused(await honest.sign({}, { typ }), /typ header/);
    await refused(await honest.sign({}, { typ: undefined }), /typ header/);
    const lenient = provider({ tokenTypes: ['absent'] });
    assert.ok(await lenient.authenticate(await honest.sign({}, { typ: undefined })));
    assert.ok(await provider().authenticate(await honest.sign({}, { typ: 'application/at+JWT' })));
  });

  test('refuses a huge token before looking into it [identity.shape]', async () => {
    await refused(await honest.sign({ padding: 'x'.repeat(20_000) }), /longer than 16384 bytes/);
    await refused('a'.repeat(10_000_000), /longer than 16384 bytes/);
  });

  test('refuses a claim or header that is there twice [identity.shape]', async () => {
    const text = (header: string, body: string) =>
      `${Buffer.from(header).toString('base64url')}.${Buffer.from(body).toString('base64url')}.AAAA`;
    const claims = JSON.stringify(claimsNow()).slice(1);
    await refused(
      text('{"alg":"RS256","typ":"at+jwt","kid":"k1"}', `{"sub":"root",${claims}`),
      /same claim twice/,
    );
    await refused(
      text('{"alg":"RS256","typ":"at+jwt","kid":"k1"}', `{"su\\u0062":"root",${claims}`),
      /same claim twice/,
    );
    await refused(text('{"alg":"none","alg":"RS256","typ":"at+jwt"}', `{${claims}`), /same claim twice/);
  });

  test('refuses anything that is not a compact JWS, and throws nothing else [identity.shape]', async () => {
    const parts = (await honest.sign()).split('.');
    const nested = Buffer.from(`{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`).toString('base64url');
    const odd = [
      '',
      '.',
      '..',
      'a.b',
      'a.b.c',
      'a.b.c.d.e',
      `${parts[0]}.${parts[1]}`,
      `${parts[0]}..${parts[2]}`,
    ];
    odd.push(
      `${parts[0]}.bnVsbA.x`,
      `${parts[0]}.W10.x`,
      `${parts[0]}.${nested}.x`,
      '\u0000',
      ' '.repeat(100),
      'ü.ü.ü',
    );
    odd.push(`${parts.join('.')}=`, `${parts.join('.')}\n`, `Bearer ${parts.join('.')}`);
    for (const token of odd) {
      await assert.rejects(
        provider().authenticate(token),
        (error) => error instanceof Fault && error.code === 'credential-rejected',
      );
    }
  });

  test('refuses a token with any one character changed [identity.shape]', async () => {
    const identity = provider();
    const token = await honest.sign();
    assert.ok(await identity.authenticate(token));
    for (let at = 0; at < token.length; at += 7) {
      const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
      await assert.rejects(identity.authenticate(changed), Fault);
    }
  });
});

describe('verified tokens', () => {
  test('are remembered, but never past their expiry [identity.memory]', async () => {
    let now = Date.now();
    const clock = { now: () => now, elapsed: () => performance.now() };
    const issuers = [{ name: 'honest', issuer: honest.issuer, audience: AUDIENCE }];
    const identity = createIdentityProvider(identitySection.parse({ issuers }), { clock });
    const token = await honest.sign();
    const first = await identity.authenticate(token);
    assert.equal(await identity.authenticate(token), first, 'the same identity, not verified anew');
    now = first.expiresAt;
    await assert.rejects(identity.authenticate(token), /expired/);
  });
});
