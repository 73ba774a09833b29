/** Signing in at the control plane with a browser, at a real OpenID Connect provider. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Browser, signInAsPersona } from '../fixtures/browser.ts';
import { type SignInWorld, startSignInWorld } from '../fixtures/sign-in-world.ts';

interface Me {
  readonly subject: string;
  readonly groups: readonly string[];
  readonly csrfToken: string | null;
}

describe('signing in with a browser', () => {
  let world: SignInWorld;
  before(async () => {
    world = await startSignInWorld({ provider: { tokenSeconds: 8 } });
  });
  after(() => world.close());

  const away = (url: URL) => url.origin === world.origin && !url.pathname.startsWith('/v1/');

  async function signIn(browser: Browser, who: string, search = ''): Promise<string> {
    const page = await signInAsPersona(browser, `${world.origin}/v1/sign-in/company${search}`, who, away);
    return page.url;
  }

  async function me(browser: Browser): Promise<{ readonly status: number; readonly me: Me }> {
    const response = await browser.fetch(`${world.origin}/v1/whoami`);
    return { status: response.status, me: (await response.json()) as Me };
  }

  test('by code and PKCE, to the page that was asked for, with a session that only our own pages can use [sign-in.browser, sign-in.cookie]', async () => {
    const browser = new Browser();
    const url = await signIn(browser, 'auditor', '?return_to=/console/sessions%3Fopen%3D1');
    assert.equal(url, `${world.origin}/console/sessions?open=1`);
    const session = browser.cookie(world.origin, 'sallyport');
    assert.ok(session !== undefined);
    assert.match(session.value, /^[\w-]{43}$/);
    assert.deepEqual(
      ['httponly', 'samesite', 'path'].map((name) => session.attributes.get(name)),
      ['', 'Strict', '/'],
    );
    assert.equal(browser.cookie(world.origin, 'sallyport-sign-in'), undefined, 'the attempt is over');
    const { status, me: shown } = await me(browser);
    assert.deepEqual([status, shown.subject, shown.groups], [200, 'company|auditor', ['auditors']]);
    const [entry] = world.entries('signed-in').slice(-1);
    assert.equal(entry?.subject, 'company|auditor');
    assert.deepEqual(entry?.facts, {
      address: '127.0.0.1',
      door: 'control-plane',
      issuer: 'company',
      session: 'browser',
    });
  });

  test('a change needs the page’s own token and origin; with them it is made [sign-in.csrf]', async () => {
    const browser = new Browser();
    await signIn(browser, 'auditor');
    const csrf = (await me(browser)).me.csrfToken ?? '';
    const end = async (headers: Record<string, string>) =>
      (
        await browser.fetch(`${world.origin}/v1/sessions/none/end`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: '{"reason":"because"}',
        })
      ).status;
    const own = { origin: world.origin };
    assert.equal(await end({ ...own, 'x-sallyport-csrf': csrf }), 404, 'it reached the route');
    for (const headers of [
      own,
      { ...own, 'x-sallyport-csrf': 'guessed' },
      { 'x-sallyport-csrf': csrf, origin: 'http://127.0.0.1:1' },
      { 'x-sallyport-csrf': csrf, origin: 'null' },
      { ...own, 'x-sallyport-csrf': csrf, 'sec-fetch-site': 'cross-site' },
      { ...own, 'x-sallyport-csrf': csrf, 'sec-fetch-site': 'same-site' },
      { 'x-sallyport-csrf': csrf, 'sec-fetch-site': 'none' },
    ])
      assert.equal(await end(headers), 403, JSON.stringify(headers));
    const read = await browser.fetch(`${world.origin}/v1/whoami`, {
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    assert.equal(read.status, 403);
    assert.match(
      String(world.entries('authentication-failed').at(-1)?.reason as unknown),
      /counts only for pages of this gateway/,
    );
  });

  test('it is renewed with what the issuer says then: a group lost is lost, and an issuer that lets nobody in ends it [sign-in.renewed]', async () => {
    const browser = new Browser();
    await signIn(browser, 'approver');
    const before = (await me(browser)).me;
    assert.deepEqual(before.groups, ['approvers']);
    world.issuer.setGroups('approver', ['interns']);
    const until = performance.now() + 30_000;
    let groups: readonly string[] = before.groups;
    while (groups[0] !== 'interns' && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      groups = (await me(browser)).me.groups;
    }
    assert.deepEqual(groups, ['interns'], 'the next token speaks of the groups as they are');
    const many = await Promise.all([1, 2, 3, 4, 5].map(() => me(browser)));
    assert.deepEqual(
      many.map(({ status }) => status),
      [200, 200, 200, 200, 200],
    );
    world.issuer.forget('approver');
    let status = 200;
    while (status === 200 && performance.now() < until + 30_000) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      status = (await me(browser)).status;
    }
    assert.equal(status, 401);
    const ended = world.entries('signed-out').at(-1);
    assert.deepEqual([ended?.subject, ended?.reason], ['company|approver', 'the issuer did not renew it']);
  });

  test('signing out ends it here and tells where to sign out at the issuer [sign-in.out]', async () => {
    const browser = new Browser();
    await signIn(browser, 'auditor');
    const id = browser.cookie(world.origin, 'sallyport')?.value ?? '';
    const csrf = (await me(browser)).me.csrfToken ?? '';
    const headers = { origin: world.origin, 'x-sallyport-csrf': csrf };
    const response = await browser.fetch(`${world.origin}/v1/sign-out`, { method: 'POST', headers });
    assert.equal(response.status, 200);
    const { endSessionUrl } = (await response.json()) as { endSessionUrl: string };
    const there = new URL(endSessionUrl);
    assert.equal(there.origin, world.issuer.issuer);
    assert.equal(there.searchParams.get('post_logout_redirect_uri'), `${world.origin}/`);
    assert.equal(browser.cookie(world.origin, 'sallyport'), undefined);
    browser.setCookie(world.origin, 'sallyport', id);
    assert.equal((await me(browser)).status, 401, 'a copy of the cookie is worth nothing');
    assert.equal(world.entries('signed-out').at(-1)?.reason, 'signed out');
  });

  test('a cookie and a token together count as neither, and a cookie is no bearer token [sign-in.one-credential]', async () => {
    const browser = new Browser();
    await signIn(browser, 'auditor');
    const id = browser.cookie(world.origin, 'sallyport')?.value ?? '';
    const token = await world.issuer.token({ subject: 'guard' });
    const both = await browser.fetch(`${world.origin}/v1/whoami`, {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(both.status, 401);
    assert.match(String(world.entries('authentication-failed').at(-1)?.reason as unknown), /not both/);
    for (const bearer of [id, `sps_${id}`]) {
      const response = await fetch(`${world.origin}/v1/whoami`, {
        headers: { authorization: `Bearer ${bearer}` },
      });
      assert.equal(response.status, 401, bearer.slice(0, 4));
      const data = await fetch(`http://127.0.0.1:${world.httpPort}/api/x`, {
        headers: { authorization: `Bearer ${bearer}` },
      });
      assert.equal(data.status, 401, bearer.slice(0, 4));
    }
    const twice = await fetch(`${world.origin}/v1/whoami`, {
      headers: { cookie: `sallyport=${id}; sallyport=${id}` },
    });
    assert.equal(twice.status, 401);
  });

  test('nothing of a session can be read out of the store [sign-in.sealed]', async () => {
    const browser = new Browser();
    await signIn(browser, 'auditor');
    const id = browser.cookie(world.origin, 'sallyport')?.value ?? '';
    const found = world.storedBytes();
    assert.ok(found.includes('company|auditor'), 'the store was searched where sessions are');
    for (const secret of [id, 'eyJ', 'access_token', 'accessToken', 'refresh'])
      assert.ok(!found.includes(secret), secret);
  });
});
