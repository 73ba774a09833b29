/** Ways to sign somebody in as somebody else, or to send them elsewhere. Each is refused, with an entry. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { Browser, type Page, signInAsPersona } from '../../fixtures/browser.ts';
import { type SignInWorld, startSignInWorld } from '../../fixtures/sign-in-world.ts';

describe('hostile sign-ins', () => {
  let world: SignInWorld;
  before(async () => {
    world = await startSignInWorld({ second: true });
  });
  after(() => world.close());

  const away = (url: URL) => url.origin === world.origin && !url.pathname.startsWith('/v1/');
  const atCallback = (url: URL) => url.origin === world.origin && url.pathname.endsWith('/callback');
  const begin = (name = 'company') => `${world.origin}/v1/sign-in/${name}`;

  /** Begins and signs in at the issuer, but does not bring the answer back: gives the address that would. */
  async function stopBefore(browser: Browser, who: string, name = 'company'): Promise<URL> {
    return new URL((await signInAsPersona(browser, begin(name), who, atCallback)).url);
  }

  async function whoIs(browser: Browser): Promise<string | null> {
    const response = await browser.fetch(`${world.origin}/v1/whoami`);
    return response.ok ? ((await response.json()) as { subject: string }).subject : null;
  }

  /** Opening this signs nobody in, and the log says why. */
  async function refuses(
    what: string,
    reason: RegExp,
    browser: Browser,
    address: URL | string,
  ): Promise<Page> {
    const before = world.entries('sign-in-refused').length;
    const was = browser.cookie(world.origin, 'sallyport')?.value;
    const page = await browser.open(String(address), away);
    assert.equal(page.status, 403, `${what}: ${page.url}`);
    const entries = world.entries('sign-in-refused').slice(before);
    assert.equal(entries.length, 1, what);
    assert.match(String(entries[0]?.reason as unknown), reason, what);
    assert.equal(browser.cookie(world.origin, 'sallyport')?.value, was, what);
    return page;
  }

  test('an open redirect: only paths of the gateway are gone back to [sign-in.redirects]', async () => {
    for (const to of [
      'https://evil.example/',
      '//evil.example/',
      '/\\evil.example/',
      '\\\\evil.example/',
      '/\t/evil.example/',
      '/\n/evil.example/',
      '/.//evil.example/',
      '/a/..//evil.example/',
      '/./%2e//evil.example',
      'javascript:alert(1)',
      ' /console',
      '/console\u0000',
      '/cons\u00f6le',
      `/${'a'.repeat(3_000)}`,
    ])
      await refuses(to, /return_to/, new Browser(), `${begin()}?return_to=${encodeURIComponent(to)}`);
  });

  test('a command line is reached on this machine by number, and with PKCE [sign-in.loopback]', async () => {
    const good = {
      redirect_uri: 'http://127.0.0.1:4711/callback',
      code_challenge: createHash('sha256').update('v').digest('base64url'),
      code_challenge_method: 'S256',
      state: 'a-state-nobody-guesses',
    };
    const asking = (change: Record<string, string>) =>
      `${begin()}?${new URLSearchParams({ ...good, ...change })}`;
    for (const redirect of [
      'http://evil.example:4711/callback',
      'http://127.0.0.1.evil.example:4711/callback',
      'http://localhost:4711/callback',
      'https://127.0.0.1:4711/callback',
      'http://127.0.0.1/callback',
      'http://me@127.0.0.1:4711/callback',
      'http://127.0.0.1:4711/callback#x',
      'http://127.0.0.1:4711/callback?x=1',
      'http://127.0.0.1:4711\\@evil.example/',
      'http://2130706433:4711/callback',
      'sallyport://callback',
      '',
    ])
      await refuses(redirect, /redirect_uri/, new Browser(), asking({ redirect_uri: redirect }));
    for (const change of [
      { code_challenge_method: 'plain' },
      { code_challenge_method: '' },
      { code_challenge: '' },
      { code_challenge: 'short' },
    ])
      await refuses(JSON.stringify(change), /PKCE/, new Browser(), asking(change as Record<string, string>));
    await refuses('a state that could be guessed', /state/, new Browser(), asking({ state: '1' }));
  });

  test('a code for a command line is good once, for whoever asked, and for its address [sign-in.code]', async () => {
    const verifier = randomBytes(32).toString('base64url');
    const redirectUri = 'http://127.0.0.1:4711/callback';
    const codeFor = async (): Promise<string> => {
      const asking = new URLSearchParams({
        redirect_uri: redirectUri,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        state: 'a-state-nobody-guesses',
      });
      const stop = (url: URL) => url.port === '4711';
      const browser = new Browser();
      const { searchParams } = new URL(
        (await signInAsPersona(browser, `${begin()}?${asking}`, 'auditor', stop)).url,
      );
      assert.equal(browser.cookie(world.origin, 'sallyport'), undefined, 'the browser gets no session');
      assert.equal(searchParams.get('iss'), world.origin);
      return searchParams.get('code') ?? '';
    };
    const redeem = async (code: string, more: Record<string, string> = {}) => {
      const body = JSON.stringify({ code, codeVerifier: verifier, redirectUri, ...more });
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${world.origin}/v1/sign-in/token`, { method: 'POST', headers, body });
      return { status: response.status, body: (await response.json()) as { token?: string } };
    };
    const good = await codeFor();
    const redeemed = await redeem(good);
    assert.equal(redeemed.status, 200);
    const token = redeemed.body.token ?? '';
    const whoami = (headers: Record<string, string>) => fetch(`${world.origin}/v1/whoami`, { headers });
    assert.equal((await whoami({ authorization: `Bearer ${token}` })).status, 200);
    assert.equal((await whoami({ cookie: `sallyport=${token.slice(4)}` })).status, 401, 'it is no cookie');
    const before = world.entries('sign-in-refused').length;
    assert.equal((await redeem(good)).status, 401, 'twice');
    for (const change of [
      { codeVerifier: randomBytes(32).toString('base64url') },
      { codeVerifier: '' },
      { codeVerifier: createHash('sha256').update(verifier).digest('base64url') },
      { redirectUri: 'http://127.0.0.1:4712/callback' },
      { code: 'guessed' },
    ])
      assert.equal((await redeem(await codeFor(), change)).status, 401, JSON.stringify(change));
    assert.equal(world.entries('sign-in-refused').length - before, 6);
  });

  test('session fixation: an id that was there before is never the one that is signed in [sign-in.fixation]', async () => {
    const browser = new Browser();
    const planted = randomBytes(32).toString('base64url');
    browser.setCookie(world.origin, 'sallyport', planted);
    await signInAsPersona(browser, begin(), 'auditor', away);
    const first = browser.cookie(world.origin, 'sallyport')?.value ?? '';
    assert.notEqual(first, planted);
    const attacker = new Browser();
    attacker.setCookie(world.origin, 'sallyport', planted);
    assert.equal(await whoIs(attacker), null);
    await signInAsPersona(browser, begin(), 'auditor', away);
    assert.notEqual(browser.cookie(world.origin, 'sallyport')?.value, first);
    attacker.setCookie(world.origin, 'sallyport', first);
    assert.equal(await whoIs(attacker), null, 'the id of before ended with the new sign-in');
    assert.equal(world.entries('signed-out').at(-1)?.reason, 'signed in anew');
  });

  test('login CSRF: the answer to the attacker’s sign-in is worth nothing in the victim’s browser [sign-in.login-csrf]', async () => {
    const answer = await stopBefore(new Browser(), 'guard');
    const victim = new Browser();
    await refuses('a browser that began nothing', /begun none/, victim, answer);
    const again = await stopBefore(new Browser(), 'guard');
    await stopBefore(victim, 'auditor');
    await refuses('a browser that began another', /another browser/, victim, again);
    assert.equal(await whoIs(victim), null);
  });

  test('code injection: a code of another sign-in does not fit this one’s verifier and nonce [sign-in.code-injection]', async () => {
    const stolen = await stopBefore(new Browser(), 'guard');
    const browser = new Browser();
    const own = await stopBefore(browser, 'auditor');
    own.searchParams.set('code', stolen.searchParams.get('code') ?? '');
    await refuses('another code', /issuer says invalid_grant/, browser, own);
  });

  test('mix-up: what one issuer answers is not taken for another’s [sign-in.mix-up]', async () => {
    const second = world.second?.issuer ?? '';
    const moved = async (change: (answer: URL) => void): Promise<[Browser, URL]> => {
      const browser = new Browser();
      const answer = await stopBefore(browser, 'auditor');
      change(answer);
      return [browser, answer];
    };
    const byIss = await moved(({ searchParams }) => searchParams.set('iss', second));
    await refuses('it says it is the other', /does not belong/, ...byIss);
    const without = await moved(({ searchParams }) => searchParams.delete('iss'));
    await refuses('it does not say who it is', /does not belong/, ...without);
    const elsewhere = await moved((answer) => {
      answer.pathname = answer.pathname.replace('company', 'other');
    });
    await refuses('at the other’s address', /another issuer/, ...elsewhere);
    const atSaml = await moved(() => undefined);
    const post = await atSaml[0].post(
      `${begin()}/acs`,
      new URLSearchParams({ SAMLResponse: 'x', RelayState: 'y' }),
    );
    assert.equal(post.status, 404, 'an OpenID Connect issuer has no assertion service');
  });

  test('a state that is missing, there twice, unknown or used, and a refusal of the issuer [sign-in.state]', async () => {
    const change = async (what: string, reason: RegExp, edit: (answer: URLSearchParams) => void) => {
      const browser = new Browser();
      const answer = await stopBefore(browser, 'auditor');
      edit(answer.searchParams);
      await refuses(what, reason, browser, answer);
    };
    await change('missing', /which sign-in/, (answer) => answer.delete('state'));
    await change('twice', /which sign-in/, (answer) => answer.append('state', answer.get('state') ?? ''));
    await change('unknown', /finished before/, (answer) =>
      answer.set('state', randomBytes(32).toString('base64url')),
    );
    await change('SQL', /which sign-in/, (answer) => answer.set('state', "' OR 1=1 --"));
    await change('no code', /does not belong/, (answer) => answer.delete('code'));
    await change('code twice', /does not belong/, (answer) => answer.append('code', 'x'));
    await change('denied', /access_denied/, (answer) => {
      answer.delete('code');
      answer.set('error', 'access_denied');
      answer.set('error_description', '<script>alert(1)</script>');
    });
    const browser = new Browser();
    const binding = () => browser.cookie(world.origin, 'sallyport-sign-in')?.value ?? '';
    const answer = await stopBefore(browser, 'auditor');
    const kept = binding();
    await browser.open(answer.href, away);
    browser.setCookie(world.origin, 'sallyport-sign-in', kept);
    await refuses('used', /finished before/, browser, answer);
  });

  test('somebody else comes back from the issuer than is signed in: refused, and who was signed in stays [sign-in.switched]', async () => {
    const browser = new Browser();
    await signInAsPersona(browser, begin(), 'auditor', away);
    browser.forget(world.issuer.issuer);
    const answer = await stopBefore(browser, 'guard');
    await refuses('switched', /somebody else/, browser, answer);
    assert.equal(await whoIs(browser), 'company|auditor');
  });

  test('what is refused is shown without a word of whoever sent it, on a page that can do nothing [sign-in.page]', async () => {
    const browser = new Browser();
    const page = await refuses(
      'page',
      /which sign-in/,
      browser,
      `${begin()}/callback?state=%3Cscript%3E&error=%3Cb%3E`,
    );
    assert.ok(!page.text.includes('script') && !page.text.includes('<b>'), page.text);
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'.*sandbox/);
    const before = world.entries('sign-in-refused').length;
    const unknown = await browser.open(begin('nobody-evil-text'));
    assert.equal(unknown.status, 404);
    const [entry] = world.entries('sign-in-refused').slice(before);
    assert.ok(!JSON.stringify(entry).includes('evil'), 'a name nobody configured stays out of the log');
  });

  test('no entry and no word to a client has a token, a code or a state in it [sign-in.no-secret]', async () => {
    const browser = new Browser();
    const answer = await stopBefore(browser, 'auditor');
    const state = answer.searchParams.get('state') ?? 'none';
    const code = answer.searchParams.get('code') ?? 'none';
    await browser.open(answer.href, away);
    const session = browser.cookie(world.origin, 'sallyport')?.value ?? 'none';
    const all = JSON.stringify(
      world.entries('signed-in', 'signed-out', 'sign-in-refused', 'authentication-failed'),
    );
    for (const secret of [state, code, session, 'eyJ']) assert.ok(!all.includes(secret));
    assert.deepEqual(world.faults, []);
  });
});
