import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { decodeProtectedHeader } from 'jose';
import { createIdentityProvider } from './provider.ts';
import { identitySection } from './section.ts';
import { type TaskGrant, TaskTokenIssuer } from './task-token.ts';

const NAME = 'https://gateway.example';

function setUp(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-keys-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'data', 'keys.json');
  const config = identitySection.parse({
    issuers: [{ name: 'main', issuer: 'https://id.example', audience: 'a' }],
    taskTokens: { enabled: true, issuer: NAME },
  });
  const time = { now: 1_700_000_000_000 };
  const clock = { now: () => time.now, elapsed: () => time.now };
  const open = (): TaskTokenIssuer => new TaskTokenIssuer(config, NAME, path, clock);
  const verifier = (taskTokens: TaskTokenIssuer) => createIdentityProvider(config, { clock, taskTokens });
  const grant = (): TaskGrant => ({
    subject: { subject: 'main|a', displayName: 'a', groups: ['g'], actor: 'agent-1', aliases: ['main|a'] },
    task: 't',
    delegation: ['agent-1#1'],
    targets: ['db'],
    actions: ['read'],
    budget: { operations: 1, rows: 1, approvals: 1 },
    ancestors: [],
    origin: 'A'.repeat(43),
    groupsFrom: { caller: 'A'.repeat(43), issuedAt: 0 },
    confirmation: null,
    expiresAt: time.now + 3_600_000,
  });
  return { path, time, open, verifier, grant };
}

test('the file is made once, for its owner alone, and read again [task-tokens.keys]', async (t) => {
  const { path, open, verifier, grant } = setUp(t);
  const issuer = open();
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const token = await issuer.sign(issuer.newId(), grant());
  const again = open();
  assert.deepEqual(again.keys.jwks, issuer.keys.jwks);
  const identity = await verifier(again).authenticate(token);
  assert.deepEqual([identity.subject, identity.kind, identity.scope?.targets], ['main|a', 'machine', ['db']]);
});

test('a new key signs, and the old one verifies as long as its tokens live [task-tokens.keys]', async (t) => {
  const { path, time, open, verifier, grant } = setUp(t);
  const issuer = open();
  const old = await issuer.sign(issuer.newId(), grant());
  const before = JSON.parse(readFileSync(path, 'utf8')) as { keys: { d?: string }[] };
  issuer.keys.rotate();
  const file = JSON.parse(readFileSync(path, 'utf8')) as { keys: { d?: string }[] };
  assert.deepEqual(
    file.keys.map(({ d }) => d !== undefined),
    [true, false],
    'a retired key cannot sign any more',
  );
  assert.ok(!readFileSync(path, 'utf8').includes(String(before.keys[0]?.d)));
  assert.equal(issuer.keys.jwks.keys.length, 2);
  const fresh = await issuer.sign(issuer.newId(), grant());
  assert.notEqual(decodeProtectedHeader(fresh).kid, decodeProtectedHeader(old).kid);
  const identities = verifier(issuer);
  for (const token of [old, fresh]) assert.ok(await identities.authenticate(token));
  time.now += 3_599_000;
  assert.ok(await verifier(open()).authenticate(old));
  time.now += 1_000;
  await assert.rejects(identities.authenticate(old), /not any more/);
  assert.equal(issuer.keys.jwks.keys.length, 1);
});

test('a key is replaced when it is a month old [task-tokens.keys]', async (t) => {
  const { time, open, grant } = setUp(t);
  const issuer = open();
  const first = decodeProtectedHeader(await issuer.sign(issuer.newId(), grant())).kid;
  time.now += 31 * 86_400_000;
  const second = decodeProtectedHeader(await issuer.sign(issuer.newId(), grant())).kid;
  assert.notEqual(first, second);
  assert.equal(issuer.keys.jwks.keys.length, 2);
});

test('a file that others can read, or that is damaged, is not used, and not shown [task-tokens.keys]', (t) => {
  const { path, open } = setUp(t);
  open();
  chmodSync(path, 0o644);
  assert.throws(open, { code: 'config-invalid', message: /others than the gateway may read it/ });
  for (const text of ['', '{}', '{"keys":[]}', '{"keys":[{"kid":"secretsecret","createdAt":1,"x":"a"}]}']) {
    chmodSync(path, 0o600);
    writeFileSync(path, text);
    assert.throws(
      open,
      (fault: Error) =>
        /not as the gateway writes it/.test(fault.message) && !fault.message.includes('secretsecret'),
    );
  }
});

test('no issuer can have the gateway’s name, however it is spelled [task-tokens.own-issuer]', () => {
  for (const issuer of [NAME, `${NAME}/`, 'https://GATEWAY.example', 'https://gateway.example:443/']) {
    const parsed = identitySection.safeParse({
      issuers: [{ name: 'main', issuer, audience: 'a' }],
      taskTokens: { enabled: true, issuer: NAME },
    });
    assert.ok(!parsed.success, issuer);
    assert.match(parsed.error.message, /a name of its own/);
  }
  const nameless = {
    issuers: [{ name: 'main', issuer: NAME, audience: 'a' }],
    taskTokens: { enabled: true },
  };
  assert.ok(!identitySection.safeParse(nameless).success);
});

test('a token whose claims are not as they are signed here is refused, whoever signed it [task-tokens.own-issuer]', async (t) => {
  const { open, verifier, grant } = setUp(t);
  const issuer = open();
  const identities = verifier(issuer);
  const odd: Partial<TaskGrant>[] = [
    { targets: [] },
    { actions: [] },
    { delegation: [] },
    { budget: { operations: -1, rows: 1, approvals: 1 } },
    { origin: 'x' },
    { groupsFrom: { caller: 'x', issuedAt: 0 } },
    { ancestors: ['x'] },
    { task: '' },
    { task: 'a\nb' },
  ];
  for (const one of odd) {
    const token = await issuer.sign(issuer.newId(), { ...grant(), ...one });
    await assert.rejects(
      identities.authenticate(token),
      { code: 'credential-rejected' },
      JSON.stringify(one),
    );
  }
  const groups = Array.from({ length: 2_000 }, (_, at) => `a-rather-long-name-of-a-group-${at}`);
  const large = { ...grant(), subject: { ...grant().subject, groups } };
  await assert.rejects(issuer.sign(issuer.newId(), large), /longer than identity.token_bytes/);
});

test('a key is not changed so often that the file could not be read again [task-tokens.rotate-key, task-tokens.keys]', async (t) => {
  const { path, time, open, verifier, grant } = setUp(t);
  const issuer = open();
  const first = await issuer.sign(issuer.newId(), grant());
  for (let made = 1; made < 100; made += 1) issuer.keys.rotate();
  const before = readFileSync(path, 'utf8');
  const { kid } = issuer.keys.signing;
  assert.throws(() => issuer.keys.rotate(), { code: 'limit-exceeded' });
  assert.equal(readFileSync(path, 'utf8'), before);
  assert.equal(issuer.keys.signing.kid, kid, 'the key that signed goes on');
  const again = open();
  assert.equal((await verifier(again).authenticate(first)).subject, 'main|a');
  time.now += 3_600_000;
  const { retired, verifiesUntil } = again.keys.rotate();
  assert.deepEqual([retired, verifiesUntil], [kid, time.now + 3_600_000]);
  assert.equal(open().keys.jwks.keys.length, 2);
});
