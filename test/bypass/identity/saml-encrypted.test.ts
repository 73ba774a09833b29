/** Encrypted assertions that no honest identity provider sends: most are for finding out what is inside another. */
import assert from 'node:assert/strict';
import { constants } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import { Browser, type Page } from '../../fixtures/browser.ts';
import {
  type Asserted,
  asserted,
  assertionXml,
  createSamlKey,
  type Encrypting,
  encrypted,
  IDP,
  responseXml,
  type SamlKey,
  signed,
} from '../../fixtures/saml-identity-provider.ts';
import { type SignInWorld, startSignInWorld } from '../../fixtures/sign-in-world.ts';

const ENTRY_POINT = 'http://127.0.0.1:9/sso';
const XENC = 'http://www.w3.org/2001/04/xmlenc#';
/** The one thing that is said of whatever is wrong inside. */
const SAME = 'The sign-in was refused: its encrypted assertion could not be opened and verified.';

describe('hostile encrypted SAML assertions', () => {
  let key: SamlKey;
  let ours: SamlKey;
  let world: SignInWorld;
  let certificate: string;
  before(async () => {
    key = createSamlKey();
    ours = createSamlKey();
    certificate = readFileSync(ours.certFile, 'utf8');
    const provider = (name: string, more = '') =>
      `    - { name: ${name}, entry_point: "${ENTRY_POINT}", idp_issuer: "${IDP}", idp_cert_files: ["${key.certFile}"]${more} }`;
    const opens = `, decryption_key_file: "${ours.keyFile}", decryption_cert_file: "${ours.certFile}"`;
    world = await startSignInWorld({
      identity: () => [
        '  saml:',
        provider('open', opens),
        provider('must', `${opens}, require_encryption: true`),
        provider('strict', `${opens}, want_response_signed: true`),
        provider('without', `, request_key_file: "${ours.keyFile}"`),
      ],
    });
  });
  after(async () => {
    await world?.close();
    key?.remove();
    ours?.remove();
  });

  interface Begun {
    readonly browser: Browser;
    readonly relayState: string;
    readonly facts: Pick<Asserted, 'acs' | 'audience' | 'requestId'>;
  }

  async function begin(name: string): Promise<Begun> {
    const browser = new Browser();
    const { url } = await browser.open(`${world.origin}/v1/sign-in/${name}`, (one) =>
      one.href.startsWith(ENTRY_POINT),
    );
    const { searchParams } = new URL(url);
    const request = inflateRawSync(Buffer.from(searchParams.get('SAMLRequest') ?? '', 'base64')).toString();
    const base = `${world.origin}/v1/sign-in/${name}`;
    const requestId = /\sID="([^"]+)"/.exec(request)?.[1] ?? '';
    const relayState = searchParams.get('RelayState') ?? '';
    return { browser, relayState, facts: { acs: `${base}/acs`, audience: `${base}/metadata`, requestId } };
  }

  const away = (url: URL) => url.origin === world.origin && !url.pathname.startsWith('/v1/');

  function post({ browser, relayState: RelayState, facts }: Begun, xml: string): Promise<Page> {
    const SAMLResponse = Buffer.from(xml).toString('base64');
    const form = new URLSearchParams({ SAMLResponse, RelayState });
    return browser.post(facts.acs, form, away, 'http://127.0.0.1:9');
  }

  /** Posts what is made of a good assertion at this way in; gives the reason in the log, and the page. */
  async function refused(
    name: string,
    what: string,
    make: (one: Asserted, good: string) => string,
  ): Promise<{ readonly reason: string; readonly page: string }> {
    const begun = await begin(name);
    const one = asserted(begun.facts);
    const before = world.entries('sign-in-refused').length;
    const page = await post(begun, make(one, signed(assertionXml(one), 'Assertion', key.key)));
    assert.equal(page.status, 403, `${what}: ${page.text}`);
    const entries = world.entries('sign-in-refused').slice(before);
    assert.equal(entries.length, 1, what);
    assert.equal(begun.browser.cookie(world.origin, 'sallyport'), undefined, what);
    return { reason: String(entries[0]?.reason as unknown), page: page.text };
  }

  const sealedIn = (one: Asserted, assertion: string | Buffer, how: Encrypting = {}) =>
    responseXml(one, encrypted(assertion, certificate, how));
  const flip = (at: number) => (bytes: Buffer) => {
    const changed = Buffer.from(bytes);
    const index = at < 0 ? changed.length + at : at;
    changed[index] = (changed[index] ?? 0) ^ 1;
    return changed;
  };

  test('honest ones sign in, in each way that is accepted [sign-in.saml-encrypted, sign-in.saml-encryption]', async () => {
    const sha1 = '<ds:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/>';
    const ways: readonly (readonly [string, Encrypting])[] = [
      ['open', {}],
      ['open', { algorithm: 'aes128-gcm', digest: sha1 }],
      ['must', {}],
      ['strict', { algorithm: 'aes256-gcm' }],
      ['strict', { algorithm: 'aes128-cbc' }],
      ['strict', { algorithm: 'aes256-cbc' }],
    ];
    for (const [name, how] of ways) {
      const begun = await begin(name);
      const one = asserted(begun.facts);
      const response = sealedIn(one, signed(assertionXml(one), 'Assertion', key.key), how);
      const page = await post(begun, name === 'strict' ? signed(response, 'Response', key.key) : response);
      assert.equal(page.url, `${world.origin}/`, `${name} ${how.algorithm}: ${page.text}`);
      assert.equal(world.entries('signed-in').at(-1)?.subject, `${name}|alice`);
    }
    const begun = await begin('open');
    const one = asserted(begun.facts);
    const page = await post(begun, responseXml(one, signed(assertionXml(one), 'Assertion', key.key)));
    assert.equal(page.url, `${world.origin}/`, 'in the clear, where it need not be encrypted');
  });

  test('in the clear where it has to be encrypted, and encrypted where there is no key [sign-in.saml-encrypted]', async () => {
    const clear = await refused('must', 'in the clear', (one, good) => responseXml(one, good));
    assert.match(clear.reason, /is not encrypted, and has to be/);
    const both = await refused('must', 'both', (one, good) =>
      responseXml(one, good + encrypted(good, certificate)),
    );
    assert.match(both.reason, /does not have one assertion/);
    const none = await refused('without', 'no key', (one, good) => sealedIn(one, good));
    assert.match(none.reason, /there is no key for it/);
  });

  test('whatever is wrong inside is refused in the same words, on the page and in the log [sign-in.saml-oracle]', async () => {
    const other = createSamlKey();
    const otherCertificate = readFileSync(other.certFile, 'utf8');
    const cases: readonly (readonly [string, (one: Asserted, good: string) => string])[] = [
      ['unsigned inside', (one) => sealedIn(one, assertionXml(one))],
      ['signed by another', (one) => sealedIn(one, signed(assertionXml(one), 'Assertion', other.key))],
      ['changed after it was signed', (one, good) => sealedIn(one, good.replace('>alice<', '>mallory<'))],
      ['signature outside only', (one) => signed(sealedIn(one, assertionXml(one)), 'Response', key.key)],
      ['for another key', (one, good) => responseXml(one, encrypted(good, otherCertificate))],
      ['IV changed', (one, good) => sealedIn(one, good, { content: flip(0) })],
      ['a byte changed', (one, good) => sealedIn(one, good, { content: flip(40) })],
      ['tag changed', (one, good) => sealedIn(one, good, { content: flip(-1) })],
      ['tag cut short', (one, good) => sealedIn(one, good, { content: (all) => all.subarray(0, -4) })],
      ['a tag and no more', (one, good) => sealedIn(one, good, { content: (all) => all.subarray(0, 28) })],
      ['a few bytes', (one, good) => sealedIn(one, good, { content: (all) => all.subarray(0, 5) })],
      ['wrapped key changed', (one, good) => sealedIn(one, good, { wrapped: flip(100) })],
      [
        'wrapped key all zero',
        (one, good) => sealedIn(one, good, { wrapped: (all) => Buffer.alloc(all.length) }),
      ],
      ['wrapped key cut', (one, good) => sealedIn(one, good, { wrapped: (all) => all.subarray(1) })],
      ['OAEP with another digest', (one, good) => sealedIn(one, good, { oaepHash: 'sha256' })],
      [
        'PKCS #1 v1.5 that says OAEP',
        (one, good) => sealedIn(one, good, { padding: constants.RSA_PKCS1_PADDING }),
      ],
      [
        'a key of another length',
        (one, good) => sealedIn(one, good, { named: 'http://www.w3.org/2009/xmlenc11#aes128-gcm' }),
      ],
      ['garbage', (one) => sealedIn(one, Buffer.from([0xff, 0xfe, 0x00, 0x80]))],
      ['no XML', (one) => sealedIn(one, 'alice')],
      ['nothing that is closed', (one) => sealedIn(one, '<saml:Assertion>')],
      ['an attack on depth', (one) => sealedIn(one, '<a>'.repeat(15_000))],
      ['a document type', (one, good) => sealedIn(one, `<!DOCTYPE a [<!ENTITY x "y">]>${good}`)],
      ['a comment, as signed', (one, good) => sealedIn(one, good.replace('>alice<', '>al<!-- -->ice<'))],
      ['a response', (one, good) => sealedIn(one, responseXml(one, good))],
      ['two assertions', (one, good) => sealedIn(one, good + good)],
      [
        'one in another',
        (one, good) => {
          const evil = assertionXml(asserted({ ...one, assertionId: '_evil', nameId: 'mallory' }));
          return sealedIn(one, evil.replace('</saml:Assertion>', `${good}</saml:Assertion>`));
        },
      ],
      [
        'good inside the evil one’s signature object',
        (one, good) => {
          const signature = /<Signature[\s\S]*<\/Signature>/.exec(good)?.[0] ?? '';
          const wrapped = signature.replace(
            '</Signature>',
            `<Object>${good.replace(signature, '')}</Object></Signature>`,
          );
          const evil = assertionXml(asserted({ ...one, assertionId: '_evil', nameId: 'mallory' }));
          return sealedIn(one, evil.replace('</saml:Issuer>', `</saml:Issuer>${wrapped}`));
        },
      ],
      [
        'weakly signed',
        (one) =>
          sealedIn(
            one,
            signed(assertionXml(one), 'Assertion', key.key, {
              signatureAlgorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1',
            }),
          ),
      ],
      ['encrypted twice', (one, good) => sealedIn(one, encrypted(good, certificate))],
    ];
    const pages = new Set<string>();
    for (const [what, make] of cases) {
      const { reason, page } = await refused('open', what, make);
      assert.equal(reason, SAME, what);
      pages.add(page);
    }
    assert.equal(pages.size, 1);
    other.remove();
  });

  test('padding of CBC is looked at only inside a response whose signature is good, and all that is wrong is one thing [sign-in.saml-oracle]', async () => {
    const loose = await refused('open', 'CBC', (one, good) =>
      sealedIn(one, good, { algorithm: 'aes256-cbc' }),
    );
    assert.match(loose.reason, /CBC/);
    const cbc = { algorithm: 'aes256-cbc' } as const;
    const whole = (xml: string) => signed(xml, 'Response', key.key);
    const value = /(<\/ds:KeyInfo><xenc:CipherData><xenc:CipherValue>)([^<]+)/;
    /** Changes the ciphertext after the response was signed, as whoever looks for an oracle does. */
    const after = (xml: string, change: (bytes: Buffer) => Buffer) =>
      xml.replace(
        value,
        (_, head: string, text: string) => head + change(Buffer.from(text, 'base64')).toString('base64'),
      );
    const cases: readonly (readonly [string, (one: Asserted, good: string) => string])[] = [
      ['not signed around', (one, good) => sealedIn(one, good, cbc)],
      ['last block changed', (one, good) => after(whole(sealedIn(one, good, cbc)), flip(-17))],
      ['IV changed', (one, good) => after(whole(sealedIn(one, good, cbc)), flip(3))],
      [
        'a block cut off',
        (one, good) => after(whole(sealedIn(one, good, cbc)), (all) => all.subarray(0, -16)),
      ],
      ['padding of 0', (one, good) => whole(sealedIn(one, good, { ...cbc, pad: (n) => Buffer.alloc(n) }))],
      [
        'padding of 200',
        (one, good) => whole(sealedIn(one, good, { ...cbc, pad: (n) => Buffer.alloc(n, 200) })),
      ],
      ['unsigned inside', (one) => whole(sealedIn(one, assertionXml(one), cbc))],
      [
        'a comment inside',
        (one, good) => whole(sealedIn(one, good.replace('>alice<', '>al<!-- -->ice<'), cbc)),
      ],
    ];
    const pages = new Set<string>();
    for (const [what, make] of cases) {
      const { reason, page } = await refused('strict', what, make);
      assert.equal(reason, SAME, what);
      pages.add(page);
    }
    assert.equal(pages.size, 1);
  });

  test('other algorithms, and shapes with two readings, are refused before anything is decrypted [sign-in.saml-encryption]', async () => {
    const change = (from: RegExp | string, to: string) => (one: Asserted, good: string) => {
      const xml = sealedIn(one, good);
      const changed = xml.replace(from, to);
      assert.notEqual(changed, xml);
      return changed;
    };
    const method = (named: string) => (one: Asserted, good: string) => sealedIn(one, good, { named });
    const keyed = (how: Encrypting) => (one: Asserted, good: string) => sealedIn(one, good, how);
    const cases: readonly (readonly [string, (one: Asserted, good: string) => string])[] = [
      ['RSA 1.5', keyed({ keyAlgorithm: `${XENC}rsa-1_5`, padding: constants.RSA_PKCS1_PADDING })],
      ['RSA 1.5 in name', keyed({ keyAlgorithm: `${XENC}rsa-1_5` })],
      ['OAEP of 1.1', keyed({ keyAlgorithm: 'http://www.w3.org/2009/xmlenc11#rsa-oaep' })],
      ['a key wrapped with AES', keyed({ keyAlgorithm: `${XENC}kw-aes256` })],
      [
        'a digest of its own',
        keyed({ digest: '<ds:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha256"/>' }),
      ],
      ['an OAEP label', keyed({ digest: `<xenc:OAEPparams>AAAA</xenc:OAEPparams>` })],
      ['triple DES', method(`${XENC}tripledes-cbc`)],
      ['AES-192', method('http://www.w3.org/2009/xmlenc11#aes192-gcm')],
      ['no cipher', method('')],
      [
        'two encrypted things',
        change(
          '</saml:EncryptedAssertion>',
          '<xenc:EncryptedData xmlns:xenc="x"/></saml:EncryptedAssertion>',
        ),
      ],
      ['two keys', change(/(<xenc:EncryptedKey>.*<\/xenc:EncryptedKey>)/, '$1$1')],
      ['two values', change(/(<xenc:CipherValue>[^<]*<\/xenc:CipherValue>)/, '$1$1')],
      [
        'a reference',
        change(
          /<xenc:CipherValue>[^<]*<\/xenc:CipherValue>/,
          '<xenc:CipherReference URI="http://127.0.0.1:9/"/>',
        ),
      ],
      [
        'a key elsewhere',
        change(/<xenc:EncryptedKey>.*<\/xenc:EncryptedKey>/, '<ds:RetrievalMethod URI="#k"/>'),
      ],
      [
        'data before the key',
        change(/(<ds:KeyInfo .*<\/ds:KeyInfo>)(<xenc:CipherData>.*<\/xenc:CipherData>)/, '$2$1'),
      ],
      [
        'a key in a hint',
        change(
          '</xenc:EncryptionMethod>',
          '</xenc:EncryptionMethod><ds:KeyInfo><xenc:EncryptedKey/></ds:KeyInfo>',
        ),
      ],
      ['no base64', change(/<xenc:CipherValue>../, '<xenc:CipherValue>!!')],
      ['nothing', change(/<xenc:EncryptedData.*<\/xenc:EncryptedData>/, '')],
      ['another name space', change(`xmlns:xenc="${XENC}"`, 'xmlns:xenc="urn:evil"')],
    ];
    for (const [what, make] of cases) {
      const { reason } = await refused('open', what, make);
      assert.match(reason, /a shape or an algorithm that is not accepted/, what);
    }
    const wrong: readonly (readonly [string, RegExp, (one: Asserted, good: string) => string])[] = [
      [
        'in its place twice',
        /one assertion/,
        (one, good) => responseXml(one, encrypted(good, certificate) + encrypted(good, certificate)),
      ],
      [
        'out of place',
        /one assertion/,
        (one, good) =>
          responseXml(one, '').replace(
            '<samlp:Status>',
            `<samlp:Extensions>${encrypted(good, certificate)}</samlp:Extensions><samlp:Status>`,
          ),
      ],
      [
        'a signature in it',
        /out of place/,
        (one, good) =>
          sealedIn(one, good).replace('<xenc:EncryptedKey>', '<ds:Signature/><xenc:EncryptedKey>'),
      ],
    ];
    for (const [what, reason, make] of wrong)
      assert.match((await refused('open', what, make)).reason, reason, what);
  });

  test('what is good inside is held to everything an assertion in the clear is [sign-in.saml-conditions, sign-in.saml-replay]', async () => {
    const again = (change: Partial<Asserted>) => (one: Asserted) =>
      sealedIn(one, signed(assertionXml({ ...one, ...change }), 'Assertion', key.key));
    for (const [what, change] of [
      ['another audience', { audience: 'urn:another' }],
      ['another recipient', { recipient: 'https://another.example/acs' }],
      ['another request', { requestId: '_0000000000000000000000000000000000000000' }],
      ['expired', { notBefore: -600, notOnOrAfter: -60 }],
      ['another identity provider', { issuer: 'urn:evil' }],
    ] as const)
      assert.match(
        (await refused('open', what, again(change))).reason,
        /opened and verified|another|answer|issuer/,
        what,
      );
    const assertionId = '_sealed-and-used';
    const begun = await begin('open');
    const one = asserted({ ...begun.facts, assertionId });
    const page = await post(begun, sealedIn(one, signed(assertionXml(one), 'Assertion', key.key)));
    assert.equal(page.url, `${world.origin}/`);
    assert.match((await refused('open', 'replayed', again({ assertionId }))).reason, /used before/);
  });

  test('the metadata names the certificate, and no cipher that is refused [sign-in.saml-metadata]', async () => {
    const metadata = async (name: string) =>
      (await fetch(`${world.origin}/v1/sign-in/${name}/metadata`)).text();
    const text = certificate.replace(/-----[A-Z ]+-----|\s/g, '');
    assert.ok((await metadata('open')).replace(/\s/g, '').includes(text));
    assert.doesNotMatch(await metadata('open'), /cbc/);
    assert.match(await metadata('strict'), /aes256-cbc/);
    for (const name of ['open', 'strict']) assert.match(await metadata(name), /aes256-gcm/);
    assert.match(await metadata('without'), /WantAssertionsSigned="true"/, 'with signed requests as well');
    assert.doesNotMatch(await metadata('without'), /encryption/);
  });
});
