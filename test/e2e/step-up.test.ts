/** A statement that waits for a passkey: psql on one side, on the other a person with an authenticator, in software and in a real browser. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import type { AccessRequest, ApiError } from '@sallyport/contract';
import { createGateway, loadConfig } from '@sallyport/gateway';
import { auditEntries } from '../fixtures/audit-entries.ts';
import { createAuthenticator } from '../fixtures/authenticator.ts';
import { type Chromium, startChromium } from '../fixtures/chromium.ts';
import { type CommandResult, runCommand } from '../fixtures/commands.ts';
import { type ConsolePage, openConsolePage } from '../fixtures/console-page.ts';
import { freePort } from '../fixtures/free-port.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { until } from '../fixtures/until.ts';

const POLICIES = `
@id("everyone") permit (principal, action in [Action::"connect", Action::"connect_writable", Action::"transact", Action::"call", Action::"set"], resource);
@id("write") @approval("approvers") @approval_step_up("webauthn")
permit (principal, action in Action::"write", resource) when { resource is Table && resource.schema == "work" };
`;

let world: TestGateway;
let origin: string;
before(async () => {
  const controlPlanePort = await freePort();
  origin = `http://localhost:${controlPlanePort}`;
  world = await startGateway({
    controlPlanePort,
    policies: { text: POLICIES },
    postgres: { initSql: 'create schema work; create table work.log (what text)' },
    config: `step_up: { rp_id: localhost, origins: ["${origin}"] }`,
  });
});
after(() => world.close());

interface Held {
  readonly request: AccessRequest;
  readonly ended: Promise<CommandResult>;
}

/** psql writes this; people are asked while it waits. */
async function held(what: string): Promise<Held> {
  const statement = `insert into work.log (what) values ('${what}')`;
  const ended = runCommand('psql', ['-X', '-c', statement], await world.clientEnvironment());
  const approver = await world.as('approver');
  const request = await until(`an access request about ${what}`, async () =>
    (await approver.listAccessRequests({ state: 'pending' })).accessRequests.find(({ text }) =>
      text?.includes(`'${what}'`),
    ),
  );
  return { request, ended };
}

async function rows(what: string): Promise<number> {
  const [row] = await world.server.query(`select count(*)::int as n from work.log where what = '${what}'`);
  return Number(row?.n);
}

const hashOf = (id: string) => createHash('sha256').update(id).digest('hex');
const refused = (code: string) => (error: ApiError) => {
  assert.equal(error.code, code);
  return true;
};

/** What the log says of how it was decided. */
function decidedBy(id: string) {
  const entry = auditEntries(world).find((one) => one.type === 'access-decided' && one.requestId === id);
  const facts = (entry?.facts ?? {}) as Record<string, unknown>;
  return { stepUp: facts.stepUp, credential: facts.credential, approver: facts.approver };
}

/** That it ran once, on record as approved with this passkey before it did. */
async function ranWith(credentialId: string, what: string, { request, ended }: Held): Promise<void> {
  const { code, stdout, stderr } = await ended;
  assert.equal(stdout, 'INSERT 0 1\n', stderr);
  assert.equal(code, 0);
  assert.equal(await rows(what), 1);
  assert.deepEqual(decidedBy(request.id), {
    stepUp: 'webauthn',
    credential: hashOf(credentialId),
    approver: 'test|approver',
  });
  const types: string[] = auditEntries(world)
    .filter(({ requestId }) => requestId === request.id)
    .map(({ type }) => String(type as unknown));
  assert.ok(types.indexOf('access-decided') < types.indexOf('decision'), types.join(' '));
}

test('a statement of psql waits for a passkey; a token alone does not let it run [step-up.data-path, L3]', async () => {
  const approver = await world.as('approver');
  const key = createAuthenticator(origin, 'localhost');
  const attestation = key.create(await approver.beginRegistration({}));
  await approver.verifyRegistration({ name: 'key', attestation });
  const { request, ended } = await held('by key');
  const { id } = request;
  assert.deepEqual(request.requirements, [{ group: 'approvers', seats: 1, stepUp: 'webauthn' }]);
  await assert.rejects(approver.approve({ id, reason: 'fine' }), refused('step-up-required'));
  const stolen = key.get(await approver.stepUp({ id, verdict: 'deny' }));
  await assert.rejects(approver.approve({ id, assertion: stolen }), refused('not-permitted'));
  assert.equal(await rows('by key'), 0);
  assert.equal(decidedBy(id).stepUp, undefined);
  await approver.approve({ id, assertion: key.get(await approver.stepUp({ id, verdict: 'approve' })) });
  await ranWith(key.id, 'by key', { request, ended });
  const [listed] = (await approver.listPasskeys()).passkeys;
  const assertion = key.get(
    await approver.passkeyChallenge({ purpose: 'remove-passkey', passkey: String(listed?.id) }),
  );
  await approver.removePasskey({ id: String(listed?.id), assertion });
});

describe('in a real browser', () => {
  let chromium: Chromium;
  let console: ConsolePage;
  before(async () => {
    chromium = await startChromium();
    console = await openConsolePage(chromium, origin, await world.token('approver'));
  });
  after(() => chromium.close());

  test('a passkey is registered and approves what psql waits with [step-up.browser]', async () => {
    const begun = await console.api('/v1/webauthn/registrations/options', {});
    assert.equal(begun.status, 200, JSON.stringify(begun.body));
    const attestation = await console.create(begun.body);
    const added = await console.api('/v1/webauthn/registrations/verify', { name: 'laptop', attestation });
    assert.equal(added.status, 200, JSON.stringify(added.body));
    const waiting = await held('by browser');
    const approve = `/v1/access-requests/${waiting.request.id}/approve`;
    const plain = await console.api(approve, { reason: 'fine' });
    assert.deepEqual([plain.status, plain.body.code], [403, 'step-up-required']);
    const options = await console.api(`/v1/access-requests/${waiting.request.id}/step-up`, {
      verdict: 'approve',
    });
    const assertion = await console.get(options.body);
    const approved = await console.api(approve, { reason: 'I saw it', assertion });
    assert.equal(approved.status, 200, JSON.stringify(approved.body));
    const credentialId = String((assertion as { readonly id?: unknown }).id);
    await ranWith(credentialId, 'by browser', waiting);
    // Sent again, it is another use of the same.
    const next = await held('by replay');
    const again = await console.api(`/v1/access-requests/${next.request.id}/approve`, { assertion });
    assert.deepEqual([again.status, again.body.code], [403, 'not-permitted']);
    await (await world.as('approver')).deny({ id: next.request.id, reason: 'no' });
    assert.equal((await next.ended).code, 1);
    assert.equal(await rows('by replay'), 0);
  });

  test('a passkey proves nothing from another origin, for another relying party or without its owner [step-up.browser-origin]', async () => {
    const approver = await world.as('approver');
    const { request, ended } = await held('by phish');
    const { id } = request;
    const challenge = () => approver.stepUp({ id, verdict: 'approve' });
    const isRefused = async (assertion: object) =>
      assert.rejects(approver.approve({ id, assertion: assertion as never }), refused('not-permitted'));
    const elsewhere = await openConsolePage(chromium, origin, await world.token('approver'));

    // The browser has no such passkey at this authenticator, nor one that proves its owner.
    await assert.rejects(elsewhere.get(await challenge()), /NotAllowedError/);
    await console.verifiesUser(false);
    await assert.rejects(console.get(await challenge()), /NotAllowedError/);
    await isRefused(await console.get({ ...(await challenge()), userVerification: 'discouraged' }));
    await console.verifiesUser(true);

    // The relying party has no port: the browser lets another server of this name ask, and the gateway does not.
    const port = await freePort();
    await console.moveTo(`http://localhost:${port}`);
    await isRefused(await console.get(await challenge()));
    // By another name it is another relying party, and the browser refuses.
    for (const place of [`http://127.0.0.1:${port}`, theirsAt(port)]) {
      await console.moveTo(place);
      await assert.rejects(console.get(await challenge()), /SecurityError|NotAllowedError/, place);
    }
    // A passkey of that other relying party is nobody's here: neither used, nor added.
    const theirs = { id: 'evil.localhost', name: 'theirs' };
    const add = await approver.passkeyChallenge({ purpose: 'add-passkey' });
    const made = await console.create({
      ...{ rp: theirs, challenge: add.challenge, pubKeyCredParams: [{ type: 'public-key', alg: -7 }] },
      user: { id: 'AAAA', name: 'approver', displayName: 'approver' },
    });
    const allowCredentials = [{ type: 'public-key', id: (made as { readonly id?: unknown }).id }];
    await isRefused(
      await console.get({ rpId: theirs.id, challenge: (await challenge()).challenge, allowCredentials }),
    );
    await console.moveTo(origin);
    const begun = await approver.beginRegistration({
      assertion: (await console.get(await approver.passkeyChallenge({ purpose: 'add-passkey' }))) as never,
    });
    await assert.rejects(
      approver.verifyRegistration({ name: 'theirs', attestation: made as never }),
      refused('not-permitted'),
    );
    await console.moveTo(theirsAt(port));
    const forUs = await console.create({ ...begun, rp: theirs });
    await assert.rejects(
      approver.verifyRegistration({ name: 'theirs', attestation: forUs as never }),
      refused('not-permitted'),
    );
    assert.equal((await approver.listPasskeys()).passkeys.length, 1);

    assert.equal((await approver.getAccessRequest({ id })).state, 'pending');
    assert.equal(await rows('by phish'), 0);
    await console.moveTo(origin);
    await approver.approve({ id, assertion: (await console.get(await challenge())) as never });
    assert.equal((await ended).code, 0);
    assert.equal(await rows('by phish'), 1);
  });
});

const theirsAt = (port: number) => `http://evil.localhost:${port}`;

test('after a restart a passkey is good as before, and one that was put back is none [step-up.restart, step-up.not-back]', async () => {
  const subject = 'auditor';
  const client = await world.as(subject);
  const [kept, removed] = [
    createAuthenticator(origin, 'localhost'),
    createAuthenticator(origin, 'localhost'),
  ];
  const proof = async (key: typeof kept) => ({
    assertion: key.get(await client.passkeyChallenge({ purpose: 'add-passkey' })),
  });
  const first = kept.create(await client.beginRegistration({}));
  await client.verifyRegistration({ name: 'kept', attestation: first });
  const second = removed.create(await client.beginRegistration(await proof(kept)));
  const { id } = await client.verifyRegistration({ name: 'removed', attestation: second });
  const store = new DatabaseSync(join(world.directory, 'data', 'store', 'sallyport.db'));
  const row = store.prepare("select * from passkey where name = 'removed'").get();
  const assertion = kept.get(await client.passkeyChallenge({ purpose: 'remove-passkey', passkey: id }));
  await client.removePasskey({ id, assertion });
  await world.gateway.close();
  const names = Object.keys(row ?? {});
  store
    .prepare(`insert into passkey (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`)
    .run(...Object.values(row ?? {}));
  store.close();

  const again = await createGateway(loadConfig(world.configFile), { report: () => undefined });
  try {
    const { passkeys } = await client.listPasskeys();
    assert.deepEqual(
      passkeys.map(({ name }) => name),
      ['kept'],
    );
    await assert.rejects(client.beginRegistration(await proof(removed)), refused('not-permitted'));
    assert.equal((await client.beginRegistration(await proof(kept))).attestation, 'none');
    const entries = auditEntries(world).filter(({ type }) => type === 'row-refused');
    assert.deepEqual(
      entries.map((entry) => [entry.subject, (entry.facts as { readonly row?: unknown }).row]),
      [[`test|${subject}`, hashOf(removed.id)]],
    );
  } finally {
    await again.close();
  }
});
