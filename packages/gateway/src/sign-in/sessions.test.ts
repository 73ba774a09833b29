/** Lifetimes, limits and races of sessions, with a clock of the test's and a real store. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { AuditEntry } from '../audit/index.ts';
import { type Identity, PLAIN_TOKEN } from '../identity/index.ts';
import { openStorage, type Storage, storageSection } from '../storage/index.ts';
import { loopbackAddress, ownPath } from './addresses.ts';
import type { Arrived, Provider } from './provider.ts';
import { hashOf, newSecret, Sealing } from './sealing.ts';
import { signInSection } from './section.ts';
import { Sessions } from './sessions.ts';

const HOUR = 3_600_000;
const sealing = new Sealing(Buffer.alloc(32, 1));

let directory: string;
let store: Storage;
let now: number;
let entries: AuditEntry[];
const revoked = new Set<string>();
let ended: string[];
let renewals: number;
let renew: () => Promise<Arrived | null>;
let sessions: Sessions;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-sessions-'));
  now = Date.parse('2026-03-01T12:00:00Z');
  const clock = { now: () => now, elapsed: () => now };
  store = await openStorage(storageSection.parse({ directory }), { clock });
  [entries, ended, renewals] = [[], [], 0];
  renew = async () => arrived('alice');
  const provider: Provider = {
    name: 'company',
    kind: 'oidc',
    begin: () => Promise.reject(new Error('not asked')),
    finish: () => Promise.reject(new Error('not asked')),
    renew: () => {
      renewals += 1;
      return renew();
    },
    leave: async () => null,
    metadata: () => null,
  };
  sessions = new Sessions({
    config: signInSection.parse({ sessionSeconds: 4 * 3_600, idleSeconds: 3_600, sessionsPerSubject: 3 }),
    store: store.signIns,
    sealing,
    clock,
    audit: { append: (entry) => void entries.push(entry) },
    provider: (name) => (name === 'company' ? provider : undefined),
    ended: (hash) => void ended.push(hash),
    objectionTo: ({ subject }) => (revoked.has(subject) ? `subject "${subject}" was revoked: left` : null),
    report: (fault) => assert.fail(String(fault)),
  });
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

function arrived(who: string, until = Number.POSITIVE_INFINITY): Arrived {
  const identity: Identity = {
    ...{ subject: `company|${who}`, displayName: who, groups: [], actor: null, task: null, kind: 'person' },
    ...{ expiresAt: now + 24 * HOUR, aliases: [who], ...PLAIN_TOKEN },
  };
  return { identity, standing: { accessToken: `token-of-${who}`, refreshToken: 'r' }, until };
}

test('a session ends when it was not used, and when its time is over however much it was [sign-in.lifetime]', async () => {
  const idle = await sessions.begin('browser', 'company', arrived('alice'));
  now += HOUR - 1;
  await sessions.identify('browser', idle.id);
  now += HOUR;
  await assert.rejects(sessions.identify('browser', idle.id), { code: 'credential-rejected' });
  assert.deepEqual(
    entries.map(({ type, reason }) => [type, reason]),
    [['signed-out', 'it was not used']],
  );
  assert.deepEqual(ended, [hashOf(idle.id)]);
  const used = await sessions.begin('browser', 'company', arrived('alice'));
  for (let step = 0; step < 7; step += 1) {
    now += HOUR / 2;
    assert.equal((await sessions.identify('browser', used.id)).subject, 'company|alice');
  }
  now += HOUR / 2;
  await assert.rejects(sessions.identify('browser', used.id), { code: 'credential-rejected' });
  assert.equal(entries.at(-1)?.reason, 'its time was over');
});

test('a session never outlives what it stands on, nor says that it does [sign-in.lifetime]', async () => {
  const end = now + HOUR / 2;
  const short = await sessions.begin('bearer', 'company', arrived('alice', end));
  assert.equal(short.until, end);
  assert.equal((await sessions.identify('bearer', short.id)).expiresAt, end);
  now = end;
  await assert.rejects(sessions.identify('bearer', short.id), { code: 'credential-rejected' });
});

test('whoever is revoked is signed out, at once and when they come again [containment.sign-in]', async () => {
  const [browser, bearer, other] = [
    await sessions.begin('browser', 'company', arrived('alice')),
    await sessions.begin('bearer', 'company', arrived('alice')),
    await sessions.begin('browser', 'company', arrived('bob')),
  ];
  revoked.add('company|alice');
  await assert.rejects(sessions.identify('browser', browser.id), { message: /was revoked: left/ });
  assert.deepEqual(
    [entries.at(-1)?.type, entries.at(-1)?.reason],
    ['signed-out', 'subject "company|alice" was revoked: left'],
  );
  await sessions.endAllOf(['company|alice'], 'revoked');
  revoked.clear();
  // Lifted or not, they sign in anew.
  for (const [kind, { id }] of [
    ['browser', browser],
    ['bearer', bearer],
  ] as const)
    await assert.rejects(sessions.identify(kind, id), { code: 'credential-rejected' });
  assert.equal(ended.length, 2);
  renew = async () => arrived('bob');
  assert.equal((await sessions.identify('browser', other.id)).subject, 'company|bob');
});

test('what the issuer no longer renews, or renews as somebody else, ends [sign-in.renewed]', async () => {
  for (const [answer, reason] of [
    [async () => null, 'the issuer did not renew it'],
    [async () => arrived('mallory'), 'it became somebody else'],
  ] as const) {
    const { id } = await sessions.begin('browser', 'company', arrived('alice'));
    renew = answer;
    await assert.rejects(sessions.identify('browser', id), { code: 'credential-rejected' });
    assert.equal(entries.at(-1)?.reason, reason);
    renew = async () => arrived('alice');
    await assert.rejects(sessions.identify('browser', id), { code: 'credential-rejected' });
  }
});

test('requests at once renew once, and signing out meanwhile is not undone by it [sign-in.renewed]', async () => {
  const { id } = await sessions.begin('browser', 'company', arrived('alice'));
  const all = await Promise.all([1, 2, 3, 4].map(() => sessions.identify('browser', id)));
  assert.deepEqual([all.length, renewals], [4, 1]);
  let go = (): void => undefined;
  renew = async () => {
    await new Promise<void>((resolve) => {
      go = resolve;
    });
    return arrived('alice');
  };
  const under = sessions.identify('browser', id);
  const outcome = under.then(
    () => 'signed in',
    () => 'refused',
  );
  while (renewals < 2) await new Promise((resolve) => setImmediate(resolve));
  await sessions.end('browser', id);
  go();
  assert.equal(await outcome, 'refused');
  await assert.rejects(sessions.identify('browser', id), { code: 'credential-rejected' });
});

test('one kind of session is no good as the other, nor is its hash or any other spelling [sign-in.one-credential]', async () => {
  const browser = await sessions.begin('browser', 'company', arrived('alice'));
  const bearer = await sessions.begin('bearer', 'company', arrived('alice'));
  assert.match(bearer.id, /^sps_/);
  for (const [kind, id] of [
    ['bearer', browser.id],
    ['bearer', `sps_${browser.id}`],
    ['browser', bearer.id],
    ['browser', bearer.id.slice(4)],
    ['browser', hashOf(browser.id)],
    ['browser', `${browser.id} `],
    ['browser', ''],
    ['browser', "' OR 1=1 --"],
  ] as const)
    await assert.rejects(sessions.identify(kind, id), { code: 'credential-rejected' }, `${kind} ${id}`);
});

test('signing in once more than there may be sessions ends the oldest [sign-in.limits]', async () => {
  const ids: string[] = [];
  for (let count = 0; count < 5; count += 1) {
    now += 1_000;
    ids.push((await sessions.begin('browser', 'company', arrived('alice'))).id);
  }
  const other = await sessions.begin('browser', 'company', arrived('bob'));
  renew = async () => arrived('alice');
  const good = await Promise.allSettled(ids.map((id) => sessions.identify('browser', id)));
  assert.deepEqual(
    good.map(({ status }) => status === 'fulfilled'),
    [false, false, true, true, true],
  );
  renew = async () => arrived('bob');
  assert.equal((await sessions.identify('browser', other.id)).subject, 'company|bob');
});

test('a ticket is taken once, not after its time, and not beyond how many may wait [sign-in.limits]', async () => {
  const ticket = (id: string, expires_at: number) => ({
    id_hash: id,
    kind: 'attempt' as const,
    sealed: 's',
    expires_at,
  });
  assert.equal(await store.signIns.addTicket(ticket('a', now + 1_000), now, 2), true);
  assert.equal(await store.signIns.addTicket(ticket('b', now + 9_000), now, 2), true);
  assert.equal(await store.signIns.addTicket(ticket('c', now + 9_000), now, 2), false);
  assert.equal(await store.signIns.takeTicket('b', 'code', now), null);
  const taken = await Promise.all([1, 2, 3].map(() => store.signIns.takeTicket('b', 'attempt', now)));
  assert.equal(taken.filter((one) => one !== null).length, 1);
  assert.equal(await store.signIns.takeTicket('a', 'attempt', now + 1_000), null);
  assert.equal(await store.signIns.useAssertion('x', now), true);
  assert.equal(await store.signIns.useAssertion('x', now), false);
});

test('what is sealed opens with its secret for its purpose, and with nothing else [sign-in.sealed]', () => {
  const secret = newSecret();
  const sealed = sealing.seal({ a: 1 }, secret, 'session');
  assert.deepEqual(sealing.unseal(sealed, secret, 'session'), { a: 1 });
  assert.equal(sealing.unseal(sealed, secret, 'attempt'), null);
  assert.equal(sealing.unseal(sealed, newSecret(), 'session'), null);
  const bytes = Buffer.from(sealed, 'base64');
  for (const at of [0, 13, bytes.length - 1]) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(sealing.unseal(changed.toString('base64'), secret, 'session'), null, String(at));
  }
  for (const text of ['', 'AAAA', sealed.slice(0, 30)])
    assert.equal(sealing.unseal(text, secret, 'session'), null);
});

test('addresses to go to are paths of ours, or a loopback number with a port [sign-in.redirects, sign-in.loopback]', () => {
  const origin = 'https://gw.example';
  assert.equal(ownPath('/a/b?c=d#e', origin), '/a/b?c=d#e');
  assert.equal(ownPath('/a/../b', origin), '/b');
  for (const bad of ['', 'a', '//x', '/\\x', '/%2e%2e//x', '/a\u2028', 'https://gw.example/', '/a\\b'])
    assert.equal(ownPath(bad, origin), null, bad);
  assert.equal(
    loopbackAddress('http://[::1]:80/cb'),
    null,
    'the default port is not shown, and is not one a command has',
  );
  assert.equal(loopbackAddress('http://[::1]:4000/cb'), 'http://[::1]:4000/cb');
});

test('a session that no gateway sealed is none, whoever wrote it into the store [sign-in.forged]', async () => {
  const id = newSecret();
  const row = async (by: Sealing) => {
    await store.signIns.removeSession(hashOf(id));
    const { standing } = arrived('alice');
    await store.signIns.addSession(
      {
        ...{ id_hash: hashOf(id), kind: 'browser', provider: 'company', subject: 'company|alice' },
        ...{
          created_at: now,
          used_at: now,
          expires_at: now + HOUR,
          sealed: by.seal(standing, id, 'session'),
        },
      },
      3,
    );
  };
  await row(new Sealing(Buffer.alloc(32, 2)));
  await assert.rejects(sessions.identify('browser', id), { code: 'credential-rejected' });
  await row(sealing);
  assert.equal((await sessions.identify('browser', id)).subject, 'company|alice');
});
