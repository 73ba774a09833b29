/** Responses that no honest identity provider sends, most of them with a signature that is good. Each is refused, with an entry. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import { Browser, type Page } from '../../fixtures/browser.ts';
import {
  type Asserted,
  asserted,
  assertionXml,
  createSamlKey,
  IDP,
  responseXml,
  type SamlKey,
  signed,
} from '../../fixtures/saml-identity-provider.ts';
import { type SignInWorld, startSignInWorld } from '../../fixtures/sign-in-world.ts';

const ENTRY_POINT = 'http://127.0.0.1:9/sso';

describe('hostile SAML responses', () => {
  let key: SamlKey;
  let other: SamlKey;
  let world: SignInWorld;
  before(async () => {
    key = createSamlKey();
    other = createSamlKey();
    const provider = (name: string, more = '') =>
      `    - { name: ${name}, entry_point: "${ENTRY_POINT}", idp_issuer: "${IDP}", idp_cert_files: ["${key.certFile}"]${more} }`;
    world = await startSignInWorld({
      signIn: ['response_bytes: 65536'],
      identity: () => ['  saml:', provider('sso'), provider('strict', ', want_response_signed: true')],
    });
  });
  after(async () => {
    await world?.close();
    key?.remove();
    other?.remove();
  });

  interface Begun {
    readonly browser: Browser;
    readonly relayState: string;
    readonly facts: Pick<Asserted, 'acs' | 'audience' | 'requestId'>;
  }

  /** A browser that is at the identity provider. */
  async function begin(name = 'sso', browser = new Browser(), search = ''): Promise<Begun> {
    const { url } = await browser.open(`${world.origin}/v1/sign-in/${name}${search}`, (one) =>
      one.href.startsWith(ENTRY_POINT),
    );
    const { searchParams } = new URL(url);
    const request = inflateRawSync(Buffer.from(searchParams.get('SAMLRequest') ?? '', 'base64')).toString();
    const requestId = /\sID="([^"]+)"/.exec(request)?.[1] ?? '';
    assert.match(requestId, /^_[0-9a-f]{40}$/);
    const base = `${world.origin}/v1/sign-in/${name}`;
    return {
      browser,
      relayState: searchParams.get('RelayState') ?? '',
      facts: { acs: `${base}/acs`, audience: `${base}/metadata`, requestId },
    };
  }

  const away = (url: URL) => url.origin === world.origin && !url.pathname.startsWith('/v1/');

  async function post(
    { browser, relayState, facts }: Begun,
    xml: string | Buffer,
    state = relayState,
  ): Promise<Page> {
    const SAMLResponse = Buffer.from(xml).toString('base64');
    return browser.post(
      facts.acs,
      new URLSearchParams({ SAMLResponse, RelayState: state }),
      away,
      'http://127.0.0.1:9',
    );
  }

  function honest(facts: Begun['facts'], change: Partial<Asserted> = {}): string {
    const one = asserted({ ...facts, ...change });
    return responseXml(one, signed(assertionXml(one), 'Assertion', key.key));
  }

  /** What is posted does not sign in, and the log says why. */
  async function refuses(
    what: string,
    reason: RegExp,
    begun: Begun,
    xml: string | Buffer,
    state?: string,
  ): Promise<void> {
    const before = world.entries('sign-in-refused').length;
    const page = await post(begun, xml, state);
    assert.equal(page.status, 403, `${what}: ${page.text}`);
    const entries = world.entries('sign-in-refused').slice(before);
    assert.equal(entries.length, 1, what);
    assert.match(String(entries[0]?.reason as unknown), reason, what);
    assert.equal(begun.browser.cookie(world.origin, 'sallyport'), undefined, what);
  }

  test('an honest one signs in, so that what is refused below is refused for what it is [sign-in.saml]', async () => {
    for (const name of ['sso', 'strict']) {
      const begun = await begin(name);
      const one = asserted(begun.facts);
      const response = responseXml(one, signed(assertionXml(one), 'Assertion', key.key));
      const page = await post(begun, name === 'strict' ? signed(response, 'Response', key.key) : response);
      assert.equal(page.url, `${world.origin}/`, page.text);
      assert.equal(world.entries('signed-in').at(-1)?.subject, `${name}|alice`);
    }
  });

  test('unsigned, changed, signed by another key, or signed in a weak way [sign-in.saml-signature]', async () => {
    const SHA1 = 'http://www.w3.org/2000/09/xmldsig#';
    const cases: readonly (readonly [string, RegExp, (facts: Begun['facts']) => string])[] = [
      ['unsigned', /not signed/, (facts) => responseXml(asserted(facts), assertionXml(asserted(facts)))],
      ['changed', /signature/, (facts) => honest(facts).replace('>alice<', '>mallory<')],
      ['group changed', /signature/, (facts) => honest(facts).replace('>auditors<', '>root<')],
      [
        'another key',
        /signature/,
        (facts) => {
          const one = asserted(facts);
          return responseXml(one, signed(assertionXml(one), 'Assertion', other.key));
        },
      ],
      [
        'response signed only',
        /not signed/,
        (facts) => {
          const one = asserted(facts);
          return signed(responseXml(one, assertionXml(one)), 'Response', key.key);
        },
      ],
      [
        'rsa-sha1',
        /algorithm/,
        (facts) => {
          const one = asserted(facts);
          return responseXml(
            one,
            signed(assertionXml(one), 'Assertion', key.key, { signatureAlgorithm: `${SHA1}rsa-sha1` }),
          );
        },
      ],
      [
        'sha1 digest',
        /algorithm/,
        (facts) => {
          const one = asserted(facts);
          return responseXml(
            one,
            signed(assertionXml(one), 'Assertion', key.key, { digestAlgorithm: `${SHA1}sha1` }),
          );
        },
      ],
      [
        'hmac named',
        /algorithm/,
        (facts) => honest(facts).replace('xmldsig-more#rsa-sha256', 'xmldsig-more#hmac-sha256'),
      ],
      [
        'inclusive canonicalization',
        /algorithm/,
        (facts) => {
          const one = asserted(facts);
          const canonicalization = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
          return responseXml(one, signed(assertionXml(one), 'Assertion', key.key, { canonicalization }));
        },
      ],
      [
        'signature emptied',
        /signature/,
        (facts) => honest(facts).replace(/<SignatureValue>[^<]*/, '<SignatureValue>'),
      ],
      [
        'digest twice',
        /shape/,
        (facts) => honest(facts).replace(/(<DigestValue>[^<]*<\/DigestValue>)/, '$1$1'),
      ],
    ];
    for (const [what, reason, make] of cases) {
      const begun = await begin();
      await refuses(what, reason, begun, make(begun.facts));
    }
    const strict = await begin('strict');
    await refuses('response not signed where it must be', /signature/, strict, honest(strict.facts));
  });

  test('signature wrapping, in each of its shapes [sign-in.saml-wrapping]', async () => {
    /** Mallory's assertion beside, around, or in the good one. */
    const cases: readonly (readonly [string, (good: string, evil: string, one: Asserted) => string])[] = [
      ['evil first', (good, evil, one) => responseXml(one, evil + good)],
      ['evil last', (good, evil, one) => responseXml(one, good + evil)],
      [
        'good inside evil',
        (good, evil, one) => responseXml(one, evil.replace('</saml:Assertion>', `${good}</saml:Assertion>`)),
      ],
      [
        'good inside the evil one’s signature object',
        (good, evil, one) => {
          const signature = /<Signature[\s\S]*<\/Signature>/.exec(good)?.[0] ?? '';
          const bare = good.replace(signature, '');
          const wrapped = signature.replace('</Signature>', `<Object>${bare}</Object></Signature>`);
          return responseXml(one, evil.replace('</saml:Issuer>', `</saml:Issuer>${wrapped}`));
        },
      ],
      [
        'good in extensions',
        (good, evil, one) =>
          responseXml(one, evil).replace(
            '<samlp:Status>',
            `<samlp:Extensions>${good}</samlp:Extensions><samlp:Status>`,
          ),
      ],
      [
        'evil carries the good one’s signature',
        (good, evil, one) => {
          const signature = /<Signature[\s\S]*<\/Signature>/.exec(good)?.[0] ?? '';
          return responseXml(one, evil.replace('</saml:Issuer>', `</saml:Issuer>${signature}`));
        },
      ],
      [
        'one id for both',
        (good, evil, one) => responseXml(one, good + evil.replace(/ ID="[^"]+"/, ` ID="${one.assertionId}"`)),
      ],
      [
        'good response inside an evil one',
        (good, evil, one) => {
          const inner = responseXml(one, good);
          return responseXml({ ...one, responseId: '_outer' }, evil).replace(
            '</samlp:Response>',
            `${inner}</samlp:Response>`,
          );
        },
      ],
      [
        'under another name space',
        (good, evil, one) =>
          responseXml(
            one,
            good +
              evil
                .replaceAll('saml:', 'x:')
                .replace('xmlns:saml', 'xmlns:x')
                .replace('urn:oasis:names:tc:SAML:2.0:assertion', 'urn:evil'),
          ),
      ],
      ['encrypted beside', (good, _evil, one) => responseXml(one, `${good}<saml:EncryptedAssertion/>`)],
      [
        'signature moved up',
        (good, _evil, one) => {
          const signature = /<Signature[\s\S]*<\/Signature>/.exec(good)?.[0] ?? '';
          return responseXml(one, good.replace(signature, '')).replace(
            '<samlp:Status>',
            `${signature}<samlp:Status>`,
          );
        },
      ],
      ['reference emptied', (good, _evil, one) => responseXml(one, good.replace(/URI="#[^"]+"/, 'URI=""'))],
    ];
    for (const [what, wrap] of cases) {
      const begun = await begin();
      const one = asserted(begun.facts);
      const good = signed(assertionXml(one), 'Assertion', key.key);
      const evil = assertionXml(asserted({ ...begun.facts, nameId: 'mallory', groups: ['root'] }));
      await refuses(what, /one assertion|one id|signature|not signed/, begun, wrap(good, evil, one));
    }
  });

  test('document types, entities, comments, instructions and CDATA, where two readers differ [sign-in.saml-xml]', async () => {
    const cases: readonly (readonly [string, (xml: string) => string | Buffer])[] = [
      [
        'external entity',
        (xml) => `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>${xml.replace('alice', '&x;')}`,
      ],
      ['billion laughs', (xml) => `<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>${xml}`],
      ['document type after the declaration', (xml) => `<?xml version="1.0"?><!DOCTYPE r>${xml}`],
      ['comment in the name, as signed', (xml) => xml.replace('>alice<', '>al<!-- -->ice<')],
      ['comment in the digest', (xml) => xml.replace('<DigestValue>', '<DigestValue><!-- -->')],
      ['CDATA in the name', (xml) => xml.replace('>alice<', '><![CDATA[alice]]><')],
      ['instruction', (xml) => xml.replace('>alice<', '>al<?x ?>ice<')],
      ['declaration twice', (xml) => `<?xml version="1.0"?>${xml}<?xml version="1.0"?>`],
      ['not well-formed', (xml) => xml.slice(0, -5)],
      ['two roots', (xml) => xml + xml],
      ['UTF-16', (xml) => Buffer.from(`\ufeff${xml}`, 'utf16le')],
      ['nothing', () => ''],
      ['an attack on depth', () => '<a>'.repeat(20_000)],
      ['more than is read', (xml) => xml + ' '.repeat(65_536)],
    ];
    for (const [what, change] of cases) {
      const begun = await begin();
      await refuses(
        what,
        /document type|well-formed|UTF-8|base64|longer|SAML response|nested/,
        begun,
        change(honest(begun.facts)),
      );
    }
    // Signed with the comment in it: canonical XML has no comments, so that the signature is good either way.
    const begun = await begin();
    const xml = honest(begun.facts, { nameId: 'alice@corp.example.evil.example' });
    await refuses(
      'comment truncation',
      /comment/,
      begun,
      xml.replace('corp.example.evil', 'corp.example<!---->.evil'),
    );
  });

  test('for somebody else, for another time, or in answer to nothing [sign-in.saml-conditions]', async () => {
    const cases: readonly (readonly [string, RegExp, Partial<Asserted>])[] = [
      ['unsolicited', /not an answer/, { requestId: '' }],
      [
        'in answer to another request',
        /not an answer/,
        { requestId: '_0000000000000000000000000000000000000000' },
      ],
      ['another audience', /audience/, { audience: 'urn:another' }],
      ['another recipient', /another address/, { recipient: 'https://another.example/acs' }],
      ['another destination', /another address/, { destination: 'https://another.example/acs' }],
      ['another identity provider', /another identity provider/, { issuer: 'urn:evil' }],
      ['expired', /times|expired/, { notBefore: -600, notOnOrAfter: -60 }],
      ['not valid yet', /times|not valid yet/, { notBefore: 60, notOnOrAfter: 600 }],
      ['a session that has ended', /session/, { session: -60 }],
      ['a holder of a key', /bearer/, { confirmation: 'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key' }],
      [
        'the identity provider says no',
        /says no/,
        { status: 'urn:oasis:names:tc:SAML:2.0:status:Responder' },
      ],
      ['no name', /names no subject|name/, { nameId: '' }],
      ['a name with a line break', /printable|subject/, { nameId: 'alice&#10;root' }],
    ];
    for (const [what, reason, change] of cases) {
      const begun = await begin();
      await refuses(what, reason, begun, honest(begun.facts, change));
    }
    for (const skew of [{ notBefore: 8 }, { notOnOrAfter: -8, notBefore: -60 }]) {
      const begun = await begin();
      const page = await post(begun, honest(begun.facts, skew));
      assert.equal(page.url, `${world.origin}/`, 'clocks may differ by what the configuration says');
    }
  });

  test('replayed: in one browser, in another, and in a new sign-in [sign-in.saml-replay]', async () => {
    const begun = await begin();
    const binding = begun.browser.cookie(world.origin, 'sallyport-sign-in')?.value ?? '';
    const xml = honest(begun.facts);
    assert.equal((await post(begun, xml)).url, `${world.origin}/`);
    const thief = new Browser();
    await refuses('without the cookie', /begun none/, { ...begun, browser: thief }, xml);
    thief.setCookie(world.origin, 'sallyport-sign-in', binding);
    await refuses('with all the browser had', /finished before/, { ...begun, browser: thief }, xml);
    const fresh = await begin('sso', new Browser());
    await refuses('in a new sign-in', /not an answer/, fresh, xml);
  });

  test('an assertion is used once even when everything around it fits twice [sign-in.saml-replay]', async () => {
    const assertionId = '_the-same-assertion';
    const first = await begin();
    assert.equal((await post(first, honest(first.facts, { assertionId }))).url, `${world.origin}/`);
    const second = await begin();
    await refuses('the same assertion id', /used before/, second, honest(second.facts, { assertionId }));
  });

  test('login CSRF: the response of the attacker’s own sign-in is worth nothing in the victim’s browser [sign-in.login-csrf]', async () => {
    const attacker = await begin();
    const xml = honest(attacker.facts, { nameId: 'attacker' });
    await refuses('a browser that began nothing', /begun none/, { ...attacker, browser: new Browser() }, xml);
    const again = await begin();
    const victim = await begin();
    const mixed = honest(again.facts, { nameId: 'attacker' });
    await refuses(
      'a browser that began another',
      /another browser/,
      { ...again, browser: victim.browser },
      mixed,
    );
  });

  test('a response for one way in is not taken by another, nor by an issuer [sign-in.mix-up]', async () => {
    const begun = await begin('sso');
    const acs = `${world.origin}/v1/sign-in/strict/acs`;
    await refuses(
      'at another identity provider',
      /another issuer/,
      { ...begun, facts: { ...begun.facts, acs } },
      honest(begun.facts),
    );
    const page = await begun.browser.post(
      `${world.origin}/v1/sign-in/company/acs`,
      new URLSearchParams({ SAMLResponse: 'x' }),
    );
    assert.equal(page.status, 404);
  });
});
