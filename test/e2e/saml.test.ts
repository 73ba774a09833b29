/** Signing in with SAML, at an identity provider that is in use. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Browser, type Page } from '../fixtures/browser.ts';
import { createSamlKey, type SamlKey } from '../fixtures/saml-identity-provider.ts';
import { type SignInWorld, startSignInWorld } from '../fixtures/sign-in-world.ts';
import { type SimpleSamlPhp, startSimpleSamlPhp } from '../fixtures/simplesamlphp.ts';

const SIGN_OUT = 'https://idp.example/logout';

/** One request on a connection that stays open. */
function ask(
  agent: Agent,
  port: number,
  token: string,
): Promise<{ readonly status: number; readonly socket: Socket }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    get({ agent, host: '127.0.0.1', port, path: '/api/greeting', headers }, (response) => {
      const { statusCode = 0, socket } = response;
      response.resume().once('end', () => resolve({ status: statusCode, socket }));
    }).once('error', reject);
  });
}

describe('signing in with SAML', () => {
  let idp: SimpleSamlPhp;
  let key: SamlKey;
  let world: SignInWorld;
  before(async () => {
    key = createSamlKey();
    idp = await startSimpleSamlPhp();
    world = await startSignInWorld({
      identity: () => [
        '  saml:',
        `    - { name: sso, entry_point: "${idp.entryPoint}", idp_issuer: ${idp.entityId}, idp_cert_files: ["${idp.certFile}"], want_response_signed: true }`,
        `    - { name: sealed, entry_point: "${idp.entryPoint}", idp_issuer: ${idp.entityId}, idp_cert_files: ["${idp.certFile}"], want_response_signed: true,`,
        `        decryption_key_file: "${key.keyFile}", decryption_cert_file: "${key.certFile}", require_encryption: true, sign_out_url: "${SIGN_OUT}" }`,
      ],
    });
    trust(readFileSync(key.certFile, 'utf8'));
  });
  after(async () => {
    await world?.close();
    await idp?.close();
    key?.remove();
  });

  /** As the operator of the identity provider would register both ways in; without a certificate it encrypts for neither. */
  function trust(encryption?: string): void {
    const of = (name: string) => {
      const base = `${world.origin}/v1/sign-in/${name}`;
      return { entityId: `${base}/metadata`, acs: `${base}/acs` };
    };
    idp.trust(of('sso'), { ...of('sealed'), ...(encryption === undefined ? {} : { encryption }) });
  }

  const away = (url: URL) => url.origin === world.origin && !url.pathname.startsWith('/v1/');

  /** Goes through the identity provider's own pages, up to where `stop` says. */
  async function signIn(browser: Browser, address: string, stop: (url: URL) => boolean): Promise<Page> {
    let page = await browser.open(address);
    if (page.text.includes('name="password"'))
      page = await browser.submit(page, { username: 'alice', password: 'pw' });
    assert.match(page.text, /name="SAMLResponse"/, page.text.replace(/<[^>]+>/g, ' ').slice(0, 400));
    return browser.submit(page, {}, stop);
  }

  test('a browser signs in at SimpleSAMLphp, and is who the assertion says [sign-in.saml]', async () => {
    const browser = new Browser();
    const page = await signIn(browser, `${world.origin}/v1/sign-in/sso?return_to=/console`, away);
    assert.equal(page.url, `${world.origin}/console`);
    const response = await browser.fetch(`${world.origin}/v1/whoami`);
    const me = (await response.json()) as Record<string, unknown>;
    assert.deepEqual(
      [me.subject, me.displayName, me.groups, me.kind],
      ['sso|alice', 'Alice', ['auditors', 'oncall'], 'person'],
    );
    const [entry] = world.entries('signed-in').slice(-1);
    assert.equal(entry?.subject, 'sso|alice');
    assert.match(JSON.stringify(entry?.facts), /"issuer":"sso"/);
  });

  test('the command line signs in through the gateway, and its token is good at every door until it signs out [sign-in.saml-cli]', async () => {
    const home = { XDG_STATE_HOME: join(world.directory, 'saml') };
    const command = world.cli(['login', '--issuer', 'sso', '--no-open'], home);
    const [, address = ''] = await command.said(/^ {2}(http\S+)$/m);
    const page = await signIn(new Browser(), address, () => false);
    assert.match(page.text, /Go back to your terminal/);
    const { code, out, err } = await command.done;
    assert.equal(code, 0, err);
    assert.match(out, /^Signed in as Alice \(sso\|alice\), until /);
    const token = (await world.cli(['token'], home).done).out.trim();
    assert.match(token, /^sps_[\w-]{43}$/);
    const get = () =>
      fetch(`http://127.0.0.1:${world.httpPort}/api/greeting`, {
        headers: { authorization: `Bearer ${token}` },
      });
    const answer = await get();
    assert.deepEqual([answer.status, await answer.text()], [200, 'hello /greeting\n']);
    const sessions = await world.cli(['sessions', '--json'], home).done;
    assert.equal(sessions.code, 0, sessions.err);
    const gone = await world.cli(['logout'], home).done;
    assert.deepEqual([gone.code, gone.out], [0, 'Signed out sso|alice.\n'], gone.err);
    assert.equal((await get()).status, 401);
  });

  test('signing out ends what is open at a listener with that session [sign-in.ends-sessions]', async () => {
    const home = { XDG_STATE_HOME: join(world.directory, 'ends') };
    const command = world.cli(['login', '--issuer', 'sso', '--no-open'], home);
    const [, address = ''] = await command.said(/^ {2}(http\S+)$/m);
    await signIn(new Browser(), address, () => false);
    assert.equal((await command.done).code, 0);
    const token = (await world.cli(['token'], home).done).out.trim();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      const first = await ask(agent, world.httpPort, token);
      assert.equal(first.status, 200);
      const ended = once(first.socket, 'close');
      assert.equal((await world.cli(['logout'], home).done).code, 0);
      await ended;
      assert.equal(world.entries('session-ended').at(-1)?.reason, 'signed out');
      assert.equal((await ask(agent, world.httpPort, token)).status, 401);
    } finally {
      agent.destroy();
    }
  });

  test('the gateway says what it is as metadata, which asks for signed assertions [sign-in.saml-metadata]', async () => {
    const response = await fetch(`${world.origin}/v1/sign-in/sso/metadata`);
    const text = await response.text();
    assert.equal(response.headers.get('content-type'), 'application/samlmetadata+xml');
    assert.match(text, /WantAssertionsSigned="true"/);
    assert.ok(text.includes(`entityID="${world.origin}/v1/sign-in/sso/metadata"`), text);
    assert.ok(text.includes(`Location="${world.origin}/v1/sign-in/sso/acs"`), text);
    assert.equal((await fetch(`${world.origin}/v1/sign-in/company/metadata`)).status, 404);
  });

  test('an assertion that SimpleSAMLphp encrypts for the gateway signs in, one in the clear does not where it has to be encrypted [sign-in.saml-encrypted]', async () => {
    const metadata = await (await fetch(`${world.origin}/v1/sign-in/sealed/metadata`)).text();
    const certificate = /use="encryption"[\s\S]*?X509Certificate>([^<]+)</.exec(metadata)?.[1] ?? '';
    assert.match(metadata, /aes256-gcm/);
    trust(certificate);
    const browser = new Browser();
    let posted = '';
    const address = `${world.origin}/v1/sign-in/sealed?return_to=/console`;
    let page = await browser.open(address);
    page = await browser.submit(page, { username: 'alice', password: 'pw' });
    posted = Buffer.from(
      /name="SAMLResponse" value="([^"]+)"/.exec(page.text)?.[1] ?? '',
      'base64',
    ).toString();
    assert.match(posted, /<saml:EncryptedAssertion/);
    assert.doesNotMatch(posted, /<saml:Assertion|alice/);
    page = await browser.submit(page, {}, away);
    assert.equal(page.url, `${world.origin}/console`, page.text);
    const me = (await (await browser.fetch(`${world.origin}/v1/whoami`)).json()) as Record<string, unknown>;
    assert.deepEqual([me.subject, me.groups], ['sealed|alice', ['auditors', 'oncall']]);

    trust();
    const clear = await signIn(new Browser(), address, away);
    assert.equal(clear.status, 403);
    assert.match(String(world.entries('sign-in-refused').at(-1)?.reason as unknown), /not encrypted/);
    trust(certificate);
  });

  test('signing out here tells where to sign out at the identity provider, where that is known [sign-in.saml-out]', async () => {
    for (const [name, where] of [
      ['sealed', SIGN_OUT],
      ['sso', null],
    ] as const) {
      const home = { XDG_STATE_HOME: join(world.directory, `out-${name}`) };
      const command = world.cli(['login', '--issuer', name, '--no-open'], home);
      const [, address = ''] = await command.said(/^ {2}(http\S+)$/m);
      await signIn(new Browser(), address, () => false);
      assert.equal((await command.done).code, 0);
      const token = (await world.cli(['token'], home).done).out.trim();
      const gone = await world.cli(['logout'], home).done;
      assert.equal(gone.code, 0, gone.err);
      assert.equal(gone.out.includes(`Sign out there too: ${SIGN_OUT}`), where !== null, gone.out);
      const headers = { authorization: `Bearer ${token}` };
      assert.equal((await fetch(`${world.origin}/v1/whoami`, { headers })).status, 401);

      const browser = new Browser();
      await signIn(browser, `${world.origin}/v1/sign-in/${name}`, away);
      const { csrfToken } = (await (await browser.fetch(`${world.origin}/v1/whoami`)).json()) as {
        readonly csrfToken: string;
      };
      const out = await browser.fetch(`${world.origin}/v1/sign-out`, {
        method: 'POST',
        headers: { origin: world.origin, 'x-sallyport-csrf': csrfToken },
      });
      assert.deepEqual((await out.json()) as unknown, { endSessionUrl: where });
      assert.equal((await browser.fetch(`${world.origin}/v1/whoami`)).status, 401);
    }
  });
});
