/** `sallyport login` as people use it: a process of its own, a real OpenID Connect provider, a browser, the gateway. */
import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Browser, signInAsPersona } from '../fixtures/browser.ts';
import { type Finished, type SignInWorld, startSignInWorld } from '../fixtures/sign-in-world.ts';

const ADDRESS = /^ {2}(http\S+)$/m;

describe('signing in from the command line', () => {
  let world: SignInWorld;
  before(async () => {
    // Tokens that have to be renewed for every command: less time than is kept in reserve.
    world = await startSignInWorld({ provider: { tokenSeconds: 29 } });
  });
  after(() => world.close());

  const home = (name: string) => ({ XDG_STATE_HOME: join(world.directory, name) });

  async function login(who: string, state: string, ...more: string[]): Promise<Finished> {
    const command = world.cli(['login', '--no-open', '--browser', ...more], home(state));
    const [, address = ''] = await command.said(ADDRESS);
    await signInAsPersona(new Browser(), address, who);
    return command.done;
  }

  function files(state: string): string[] {
    const folder = join(world.directory, state, 'sallyport', 'logins');
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(folder, name));
  }

  function onlyFile(state: string): string {
    const [file, ...others] = files(state);
    assert.ok(file !== undefined && others.length === 0, 'there is one login');
    return file;
  }

  test('with a browser, by code and PKCE to a loopback address, and the login serves the commands that follow [cli.login]', async () => {
    const { code, out, err } = await login('auditor', 'code');
    assert.equal(code, 0, err);
    assert.match(out, /^Signed in as auditor \(company\|auditor\), and renewed/);
    const me = await world.cli(['whoami'], home('code')).done;
    assert.equal(me.code, 0, me.err);
    assert.match(me.out, /^subject company\|auditor\nname {4}auditor\nkind {4}person\ngroups {2}auditors\n/);
    const sessions = await world.cli(['sessions', '--json'], home('code')).done;
    assert.deepEqual([sessions.code, JSON.parse(sessions.out)], [0, []], sessions.err);
  });

  test('by a code entered on another device [cli.login]', async () => {
    const command = world.cli(['login', '--device', '--no-open', '--json'], home('device'));
    const [, address = ''] = await command.said(/Open (http\S+) on any device/);
    const [, shown = ''] = await command.said(/^ {2}([A-Z]{4}-[A-Z]{4})$/m);
    const page = await signInAsPersona(new Browser(), address, 'approver');
    assert.match(page.text, /success/i);
    const { code, out, err } = await command.done;
    assert.equal(code, 0, err);
    assert.ok(address.includes(shown), 'the address carries the code that is shown');
    const { subject, renews } = JSON.parse(out) as { subject: string; renews: boolean };
    assert.deepEqual([subject, renews], ['company|approver', true]);
  });

  test('the login is a file for its owner only, bound to one gateway, and no token is shown [cli.login-file]', async () => {
    const { out, err } = await login('auditor', 'file');
    const file = onlyFile('file');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(join(file, '..')).mode & 0o777, 0o700);
    const saved = JSON.parse(readFileSync(file, 'utf8')) as { accessToken: string; refreshToken: string };
    for (const secret of [saved.accessToken, saved.refreshToken]) assert.ok(!`${out}${err}`.includes(secret));
    // Another gateway is not shown it: no login, and none of the other places has a token.
    const other = await world.cli(['whoami', '--url', 'http://127.0.0.1:1'], home('file')).done;
    assert.deepEqual([other.code, other.err.includes('sallyport login')], [2, true], other.err);
    for (const [path, mode, remedy] of [
      [file, 0o644, /chmod 600/],
      [join(file, '..'), 0o755, /chmod 700/],
    ] as const) {
      const before = statSync(path).mode;
      chmodSync(path, mode);
      const refused = await world.cli(['whoami'], home('file')).done;
      assert.equal(refused.code, 2);
      assert.match(refused.err, remedy);
      chmodSync(path, before);
    }
    writeFileSync(file, '{"version":1', { mode: 0o600 });
    const damaged = await world.cli(['whoami'], home('file')).done;
    assert.deepEqual([damaged.code, damaged.err.includes('is damaged')], [2, true], damaged.err);
  });

  test('several processes renew one login once, with rotation, and none is signed out by another [cli.login-renewed]', async () => {
    await login('auditor', 'renewed');
    const first = readFileSync(onlyFile('renewed'), 'utf8');
    const before = world.issuer.requests('/token');
    // The provider rotates refresh tokens, and revokes everything when one is used twice: a race would end the login.
    const all = await Promise.all([1, 2, 3, 4].map(() => world.cli(['token'], home('renewed')).done));
    assert.deepEqual(
      all.map(({ code }) => code),
      [0, 0, 0, 0],
      all.map(({ err }) => err).join('\n'),
    );
    assert.equal(
      world.issuer.requests('/token') - before,
      4,
      'each had one to renew: they end within the reserve',
    );
    const second = readFileSync(onlyFile('renewed'), 'utf8');
    const tokenOf = (text: string) => (JSON.parse(text) as { refreshToken: string }).refreshToken;
    assert.notEqual(tokenOf(second), tokenOf(first));
    const me = await world.cli(['whoami'], home('renewed')).done;
    assert.equal(me.code, 0, me.err);
  });

  test('the token goes to an HTTP client as a bearer token, and the gateway takes it [cli.login]', async () => {
    await login('approver', 'bearer');
    const { out, code } = await world.cli(['token'], home('bearer')).done;
    assert.equal(code, 0);
    assert.match(out, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const response = await fetch(`http://127.0.0.1:${world.httpPort}/api/greeting`, {
      headers: { authorization: `Bearer ${out.trim()}` },
    });
    assert.deepEqual([response.status, await response.text()], [200, 'hello /greeting\n']);
  });

  test('logout revokes at the issuer and forgets; what was revoked renews no more [cli.logout]', async () => {
    await login('auditor', 'out');
    const text = readFileSync(onlyFile('out'), 'utf8');
    const file = onlyFile('out');
    const { code, out, err } = await world.cli(['logout'], home('out')).done;
    assert.deepEqual([code, out], [0, 'Signed out company|auditor.\n'], err);
    assert.deepEqual(files('out'), []);
    assert.equal((await world.cli(['logout'], home('out')).done).code, 0);
    // A copy of the file, as a thief would have it, is of no use when its access token has to be renewed.
    writeFileSync(file, text, { mode: 0o600 });
    const thief = await world.cli(['whoami'], home('out')).done;
    assert.deepEqual([thief.code, /has ended/.test(thief.err)], [3, true], thief.err);
    assert.deepEqual(files('out'), [], 'a login that cannot be renewed is forgotten');
  });

  test('what comes to the loopback address and does not fit is turned away, and the person can still sign in [cli.login-loopback]', async () => {
    const command = world.cli(['login', '--no-open', '--browser'], home('loopback'));
    const [, address = ''] = await command.said(ADDRESS);
    const callback = new URL(new URL(address).searchParams.get('redirect_uri') ?? '');
    const state = new URL(address).searchParams.get('state') ?? '';
    const knock = async (search: string, init: RequestInit = {}) =>
      (await fetch(`${callback.href}${search}`, init)).status;
    assert.equal(await knock('?code=mine&state=guessed'), 404);
    assert.equal(await knock(`?code=mine&state=${state}&state=${state}`), 404);
    assert.equal(await knock(`?code=mine&state=${state}`, { method: 'POST' }), 404);
    assert.equal((await fetch(new URL('/', callback))).status, 404);
    await signInAsPersona(new Browser(), address, 'auditor');
    assert.equal((await command.done).code, 0);
  });

  test('a code of somebody else, an answer of another issuer and a refusal end the sign-in with words [cli.login-hostile]', async () => {
    for (const [search, words] of [
      ['code=somebody-elses', /issuer refused|does not fit/],
      ['code=x&iss=https://evil.example', /does not fit/],
      ['error=access_denied&error_description=no%1b[31mred', /access_denied/],
    ] as const) {
      const command = world.cli(['login', '--no-open', '--browser'], home('hostile'));
      const [, address = ''] = await command.said(ADDRESS);
      const asked = new URL(address).searchParams;
      const answer = new URL(asked.get('redirect_uri') ?? '');
      answer.search = search;
      answer.searchParams.set('state', asked.get('state') ?? '');
      if (!answer.searchParams.has('iss')) answer.searchParams.set('iss', world.issuer.issuer);
      await fetch(answer);
      const { code, err } = await command.done;
      assert.equal(code, 3, err);
      assert.match(err, words);
      assert.ok(!err.includes('\x1b'), 'nothing of the issuer acts on the terminal');
    }
  });

  test('what cannot be is said with an exit code: two flows at once, an unknown issuer, a gateway that is away [cli.login]', async () => {
    const both = await world.cli(['login', '--device', '--browser']).done;
    assert.equal(both.code, 2);
    const unknown = await world.cli(['login', '--issuer', 'nobody']).done;
    assert.deepEqual([unknown.code, /there is company/.test(unknown.err)], [2, true], unknown.err);
    const away = await world.cli(['login', '--url', 'http://127.0.0.1:1']).done;
    assert.equal(away.code, 1);
    const clear = await world.cli(['login', '--url', 'http://gateway.example']).done;
    assert.equal(clear.code, 2);
  });
});
