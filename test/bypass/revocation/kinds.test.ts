/** Everything that can be revoked, and everyone who could try to be somebody else than who was. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, afterEach, before, test } from 'node:test';
import type { RevocationKind } from '@sallyport/contract';
import type { TokenRequest } from '../../../packages/cli/src/demo/oidc-provider.ts';
import { auditEntries } from '../../fixtures/audit-entries.ts';
import { describe, query } from '../../fixtures/raw-postgres.ts';
import { AGENT, lastWord, startRevocationWorld, type World } from './world.ts';

let world: World;
before(async () => {
  world = await startRevocationWorld('create schema shop; create table shop.item (code text)');
});
after(() => world.close());
afterEach(async () => {
  const guard = await world.as('guard');
  for (const { id } of (await guard.listRevocations()).revocations)
    await guard.liftRevocation({ id, reason: 'the next test' });
});

const token = (request: Partial<TokenRequest> = {}) => world.issuer.token({ ...AGENT, ...request });
const tokenIdOf = (bearer: string) =>
  createHash('sha256')
    .update(bearer.slice(0, bearer.lastIndexOf('.')))
    .digest('base64url');
const claimsOf = (bearer: string) =>
  JSON.parse(Buffer.from(bearer.split('.')[1] ?? '', 'base64url').toString()) as Record<string, string>;

/** Nobody gets in with this: not to a database, not over HTTP, not to the control plane. */
async function refusedEverywhere(bearer: string, words: RegExp): Promise<void> {
  await assert.rejects(world.open(bearer), words);
  const headers = { authorization: `Bearer ${bearer}` };
  const http = await fetch(`http://127.0.0.1:${world.port('http')}/api/x`, { headers });
  assert.ok(http.status === 401 || http.status === 403 || http.status === 503, String(http.status));
  assert.match(await http.text(), words);
}

async function revoked(kind: RevocationKind, value: string): Promise<number> {
  const { ended, problems } = await (await world.as('guard')).revoke({ kind, value, reason: 'it leaked' });
  assert.deepEqual(problems, []);
  return ended;
}

for (const [kind, value, mine, theirs] of [
  ['subject', 'test|agent', {}, { subject: 'approver' }],
  ['actor', 'agent-1', {}, { actor: 'agent-2' }],
  ['task', 'look-around', {}, { task: 'another' }],
] as const) {
  test(`a revoked ${kind} is out at once, at every door, and others are not [containment.kinds, L6]`, async () => {
    const [ours, others] = [await token(mine), await token({ ...theirs })];
    const [client, bystander] = [await world.open(ours), await world.open(others)];
    assert.equal(await revoked(kind, value), 1);
    const word = await lastWord(client);
    assert.deepEqual([word.S, word.C], ['FATAL', '57P01']);
    assert.match(word.M ?? '', /was revoked: it leaked/);
    await refusedEverywhere(ours, /was revoked: it leaked/);
    await refusedEverywhere(await token(mine), /was revoked/);
    assert.equal(describe(await bystander.ask(query('select 1'))), 'T D(1) C(SELECT 1) ZI');
    bystander.close();
    (await world.open(others)).close();
  });
}

test('the entry of a revocation has all it takes to know it again, and names who and why [containment.kinds]', async () => {
  await revoked('task', 'TICKET-1');
  const entry = auditEntries(world).findLast(({ type }) => type === 'revoked');
  assert.deepEqual([entry?.subject, entry?.reason, entry?.effect], ['test|guard', 'it leaked', 'deny']);
  const facts = entry?.facts as Record<string, unknown>;
  assert.deepEqual([facts.kind, facts.value, facts.names], ['task', 'TICKET-1', ['ticket-1']]);
});

test('a revoked target refuses before it is dialled, and ends HTTP connections that are kept open [containment.kinds]', async () => {
  const bearer = await token();
  const client = await world.open(bearer);
  const headers = { authorization: `Bearer ${bearer}` };
  const url = `http://127.0.0.1:${world.port('http')}/api/x`;
  assert.equal(await (await fetch(url, { headers })).text(), '{"ok":true}');
  assert.equal(await revoked('target', 'db'), 1);
  assert.match((await lastWord(client)).M ?? '', /target "db" was revoked/);
  await assert.rejects(world.open(bearer), /target \\"db\\" was revoked|target .*db.* was revoked/);
  assert.equal((await fetch(url, { headers })).status, 200);
  assert.ok((await revoked('target', 'API')) >= 1);
  assert.match(await (await fetch(url, { headers })).text(), /was revoked/);
  assert.equal(await world.backends(), 0);
});

test('a revoked connector ends what it carries [containment.kinds]', async () => {
  const client = await world.open(await token());
  assert.ok((await revoked('connector', 'local')) >= 1);
  assert.match((await lastWord(client)).M ?? '', /connector "local" was revoked/);
  await assert.rejects(world.open(await token()), /was revoked/);
});

test('a revoked session ends, and its caller may come back [containment.kinds]', async () => {
  const client = await world.open(await token());
  const guard = await world.as('guard');
  const {
    sessions: [session],
  } = await guard.listSessions({ open: true });
  assert.equal(await revoked('session', session?.id ?? ''), 1);
  await lastWord(client);
  (await world.open(await token())).close();
});

test('a revoked token is refused though it was verified a moment ago, and no other of the same caller is [containment.tokens]', async () => {
  const [leaked, good] = [await token(), await token()];
  const [client, bystander] = [await world.open(leaked), await world.open(good)];
  assert.equal(await revoked('token', tokenIdOf(leaked)), 1);
  assert.doesNotMatch((await lastWord(client)).M ?? '', new RegExp(tokenIdOf(leaked)));
  await refusedEverywhere(leaked, /the token was revoked/);
  assert.equal(describe(await bystander.ask(query('select 1'))), 'T D(1) C(SELECT 1) ZI');
  bystander.close();
  const [listed] = (await (await world.as('guard')).listRevocations()).revocations;
  assert.ok(listed?.until !== null, 'it is forgotten some time after the token expired');
});

test('a revoked token is refused with its signature written in any other way that verifies [containment.tokens]', async () => {
  const leaked = await token();
  const [head, body, signature = ''] = leaked.split('.');
  // ECDSA accepts (r, n − s) where it accepts (r, s); here n is the order of P-256.
  const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
  const bytes = Buffer.from(signature, 'base64url');
  const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const mirrored = Buffer.concat([
    bytes.subarray(0, 32),
    Buffer.from(s.toString(16).padStart(64, '0'), 'hex'),
  ]);
  const twin = `${head}.${body}.${mirrored.toString('base64url')}`;
  assert.notEqual(twin, leaked);
  (await world.open(twin)).close();
  await revoked('token', tokenIdOf(leaked));
  await refusedEverywhere(twin, /the token was revoked/);
  // The last character of 64 bytes in base64url has four bits that mean nothing.
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const at = alphabet.indexOf(leaked.at(-1) ?? '');
  for (let bits = 1; bits < 16; bits += 1)
    await assert.rejects(world.open(`${leaked.slice(0, -1)}${alphabet[(at & 48) | ((at + bits) & 15)]}`));
});

test('a token is revoked by what its issuer calls it [containment.tokens]', async () => {
  const leaked = await token();
  const client = await world.open(leaked);
  const { jti } = claimsOf(leaked);
  assert.ok(jti !== undefined);
  assert.equal(await revoked('token', `test|${jti}`), 1);
  await lastWord(client);
  await refusedEverywhere(leaked, /the token was revoked/);
});

test('who was revoked comes back under no other spelling [containment.names]', async () => {
  for (const spelling of ['TEST|Agent', 'test|agent\u200b', 'ｔｅｓｔ|agent', 'test|ag\u00adent']) {
    const client = await world.open(await token());
    assert.equal(await revoked('subject', spelling), 1, spelling);
    await lastWord(client);
    await refusedEverywhere(await token(), /was revoked/);
    const guard = await world.as('guard');
    for (const { id } of (await guard.listRevocations()).revocations)
      await guard.liftRevocation({ id, reason: 'the next spelling' });
  }
});

test('a person is out under every issuer that knows their e-mail address [containment.names]', async () => {
  const email = 'alice@corp.example';
  const here = await token({ subject: 'agent', claims: { email } });
  const there = await world.other.token({ subject: 'stranger', claims: { email: 'Alice@Corp.Example' } });
  const clients = [await world.open(here), await world.open(there)];
  // Named as one issuer knows her: the address is known from when she was here.
  assert.equal(await revoked('subject', 'test|agent'), 2);
  for (const client of clients) assert.match((await lastWord(client)).M ?? '', /was revoked/);
  await refusedEverywhere(there, /was revoked/);
});

test('a sub-agent goes with the agent it works for, and an agent with its owner [containment.names]', async () => {
  const chain = await token({ claims: { act: { sub: 'helper-9', act: { sub: 'agent-1' } } } });
  const client = await world.open(chain);
  assert.equal(await revoked('actor', 'agent-1'), 1);
  await lastWord(client);
  await refusedEverywhere(chain, /was revoked/);
});

test('a name reaches into no other scope [containment.kinds]', async () => {
  const client = await world.open(await token());
  for (const [kind, value] of [
    ['task', 'agent-1'],
    ['target', 'agent-1'],
    ['token', 'agent-1'],
    ['actor', 'look-around'],
    ['session', 'agent-1'],
    ['actor', 'db'],
    ['subject', 'party agent-1'],
  ] as const)
    assert.equal(await revoked(kind, value), 0, `${kind} ${value}`);
  assert.equal(describe(await client.ask(query('select 1'))), 'T D(1) C(SELECT 1) ZI');
  client.close();
});
