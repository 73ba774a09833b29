/** Ending a token in the hands of those it is not for: what they learn, and what they can end. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createClient } from '@sallyport/contract';
import { decodeJwt, generateKeyPair, SignJWT } from 'jose';
import type { Entry } from '../../fixtures/audit-entries.ts';
import { eventually } from '../../fixtures/raw-postgres.ts';
import { boundPassword, makeProof, newAgentKey, postRevocation } from '../../fixtures/task-tokens.ts';
import { startTaskWorld, type TaskWorld } from '../../fixtures/task-world.ts';

let world: TaskWorld;
before(async () => {
  world = await startTaskWorld();
});
after(() => world.close());

const at = () => world.gateway.controlPlane;
const endpoint = () => `${at()}/v1/token/revoke`;
const FORM = 'application/x-www-form-urlencoded';

/** All of an answer that its sender can tell from another; what counts requests and time is of neither. */
async function answerTo(form: Record<string, string>, headers: Record<string, string> = {}) {
  const body = new URLSearchParams(form);
  const response = await fetch(endpoint(), { method: 'POST', headers, body });
  const shown = [...response.headers].filter(([name]) => !/^(date|ratelimit.*)$/.test(name));
  return { status: response.status, headers: shown, body: await response.text() };
}

type Answer = Awaited<ReturnType<typeof answerTo>>;

async function during(attempt: () => Promise<unknown>): Promise<Entry[]> {
  const before = world.entries().length;
  await attempt();
  return world.entries().slice(before);
}

function refusal(entries: readonly Entry[], error: string, reason: RegExp): void {
  const found = entries.filter(({ type }) => type === 'token-refused');
  const { facts, effect, reason: said } = found.at(-1) ?? ({} as Partial<Entry>);
  assert.deepEqual(
    [found.length, effect, facts],
    [1, 'deny', { address: '127.0.0.1', attempt: 'revoke', error }],
  );
  assert.match(String(said as unknown), reason);
}

/** The same claims, signed by somebody else. */
async function forgedLike(token: string, change: Record<string, unknown> = {}): Promise<string> {
  const [head = ''] = token.split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as { alg: string };
  const { privateKey } = await generateKeyPair(header.alg);
  return new SignJWT({ ...decodeJwt(token), ...change }).setProtectedHeader(header).sign(privateKey);
}

async function bound() {
  const key = await newAgentKey();
  const dpop = await makeProof(key, 'POST', `${at()}/v1/token`, null);
  return { key, token: await world.taskToken({}, { headers: { dpop } }) };
}

test('a token that is good for nothing is answered like one that was ended just now [task-tokens.revoke-silent, task-tokens.revoke-record]', async () => {
  const good = await world.taskToken();
  const short = await world.taskToken({ lifetime: 1 });
  const client = await world.connectAs(good);
  await eventually('the short one expires', () =>
    (decodeJwt(short).exp ?? 0) * 1_000 < Date.now() ? true : undefined,
  );
  const forged = await forgedLike(good);
  const over = [
    ['garbage', 'x', /not a signed JWT/],
    ['JWT of nothing', 'a.b.c', /not a signed JWT/],
    ['forged', forged, /signature is wrong/],
    ['of another gateway', await forgedLike(good, { iss: 'https://other.example' }), /issuer is not one/],
    [
      'bound to what nobody can show',
      await forgedLike(good, { cnf: { kid: 'x' } }),
      /cannot be checked here/,
    ],
    ['expired', short, /expired/],
    ['huge', 'a'.repeat(20_000), /longer than/],
    ['no name at all', 'null', /not a signed JWT/],
  ] as const;
  const answers: Answer[] = [];
  for (const [what, token, reason] of over) {
    const entries = await during(async () => answers.push(await answerTo({ token })));
    refusal(entries, 'invalid_token', reason);
    assert.ok(!JSON.stringify(entries).includes(token) || token.length < 6, what);
  }
  assert.equal((await client.query('select 1 as one')).rows.length, 1, 'nothing of it ended a session');
  await client.end();
  const first = await answerTo({ token: good });
  assert.deepEqual([first.status, first.body], [200, '']);
  const entries = await during(async () => answers.push(await answerTo({ token: good })));
  assert.deepEqual(entries, [], 'what has ended ends no second time');
  for (const answer of answers) assert.deepEqual(answer, first);
});

test('a bound token without its key is refused alike whether it is good, forged, ended or expired, and goes on [task-tokens.revoke-bound, task-tokens.revoke-silent]', async () => {
  const { key, token } = await bound();
  const thief = await newAgentKey();
  const client = await world.connectAs(await boundPassword(key, token, { port: world.port }));
  const ended = await bound();
  const proof = await makeProof(ended.key, 'POST', endpoint(), null);
  assert.equal((await postRevocation(at(), { token: ended.token }, { dpop: proof })).status, 200);
  const tokens = [token, ended.token, await forgedLike(token), await forgedLike(token, { exp: 1 })];
  const proofs: ((one: string) => Promise<Record<string, string>>)[] = [
    async () => ({}),
    async () => ({ dpop: '' }),
    async () => ({ dpop: 'a, b' }),
    async () => ({ dpop: await makeProof(thief, 'POST', endpoint(), null) }),
    async (one) => ({ dpop: await makeProof(thief, 'POST', endpoint(), one) }),
    async () => ({ dpop: await makeProof(key, 'GET', endpoint(), null) }),
    async () => ({ dpop: await makeProof(key, 'POST', `${at()}/v1/token`, null) }),
    async () => ({ dpop: await makeProof(key, 'POST', endpoint(), 'another token') }),
    async () => ({ dpop: await makeProof(key, 'POST', endpoint(), null, { claims: { iat: 1 } }) }),
    async (one) => ({ authorization: `DPoP ${one}` }),
  ];
  for (const [nth, make] of proofs.entries()) {
    const answers: Answer[] = [];
    for (const one of tokens) {
      const headers = await make(one);
      const entries = await during(async () => answers.push(await answerTo({ token: one }, headers)));
      refusal(entries, 'invalid_dpop_proof', /DPoP proof/);
    }
    const [first, ...others] = answers;
    assert.equal(first?.status, 400, `${nth}`);
    for (const other of others) assert.deepEqual(other, first, `${nth}`);
  }
  assert.equal((await client.query('select 1 as one')).rows.length, 1);
  const once = { dpop: await makeProof(key, 'POST', endpoint(), token) };
  assert.equal(
    (await answerTo({ token: await forgedLike(token) }, once)).status,
    400,
    'made for another token',
  );
  const own = { dpop: await makeProof(key, 'POST', endpoint(), token) };
  assert.equal((await answerTo({ token }, own)).status, 200);
  refusal(await during(() => answerTo({ token }, own)), 'invalid_dpop_proof', /used before/);
});

test('taking the binding off a token makes another token of it, which is none [task-tokens.revoke-bound]', async () => {
  const { key, token } = await bound();
  const client = await world.connectAs(await boundPassword(key, token, { port: world.port }));
  const [head, , signature] = token.split('.');
  const { cnf: _, ...loose } = decodeJwt(token);
  const stripped = `${head}.${Buffer.from(JSON.stringify(loose)).toString('base64url')}.${signature}`;
  refusal(await during(() => answerTo({ token: stripped })), 'invalid_token', /signature is wrong/);
  assert.equal((await client.query('select 1 as one')).rows.length, 1);
  await client.end();
});

test('a token of an issuer, and a session, is not ended here, and whether it is good is not told [task-tokens.revoke-own, task-tokens.revoke-silent]', async () => {
  const own = await world.token('approver');
  const answers: Answer[] = [];
  for (const token of [
    own,
    await forgedLike(own),
    await world.token('agent'),
    await forgedLike(own, { exp: 1 }),
  ]) {
    const entries = await during(async () =>
      answers.push(await answerTo({ token, token_type_hint: 'access_token' })),
    );
    refusal(entries, 'unsupported_token_type', /end at their issuer/);
  }
  for (const answer of answers) {
    assert.equal(answer.status, 400);
    assert.deepEqual(answer, answers[0]);
  }
  const session = await during(() => answerTo({ token: `sps_${'a'.repeat(43)}` }));
  refusal(session, 'unsupported_token_type', /signing out/);
  const approver = createClient({ baseUrl: at(), token: own });
  assert.ok((await approver.listAccessRequests()).accessRequests);
});

test('what it cannot read in one way it refuses, whatever the token [task-tokens.parameters, task-tokens.revoke-record]', async () => {
  const token = await world.taskToken();
  const post = (body: string, type = FORM, headers: Record<string, string> = {}, method = 'POST') =>
    fetch(endpoint(), { method, headers: { 'content-type': type, ...headers }, body });
  const good = `token=${token}`;
  const many = `${good}${Array.from({ length: 60 }, (_, n) => `&x${n}=1`).join('')}`;
  const bodies = [
    ['', FORM],
    ['token=', FORM],
    ['token_type_hint=access_token', FORM],
    [`${good}&${good}`, FORM],
    [`${good}&token=x`, FORM],
    [`token[]=${token}`, FORM],
    [many, FORM],
    [`${good}&x=${'a'.repeat(200_000)}`, FORM],
    [JSON.stringify({ token }), 'application/json'],
    [good, 'text/plain'],
  ] as const;
  for (const [body, type] of bodies) {
    const entries = await during(async () => {
      const response = await post(body, type);
      const { error } = (await response.json()) as { readonly error: string };
      assert.deepEqual([response.status, error], [400, 'invalid_request'], body.slice(0, 80));
    });
    const refused = entries.filter(({ type: of }) => of === 'token-refused');
    assert.equal(refused.length, 1, body.slice(0, 80));
  }
  for (const method of ['PUT', 'PATCH', 'DELETE'])
    assert.ok((await post(good, FORM, {}, method)).status >= 401, method);
  assert.ok((await fetch(`${endpoint()}?${good}`)).status >= 401);
  const inQuery = await fetch(`${endpoint()}?${good}`, { method: 'POST', headers: { 'content-type': FORM } });
  assert.equal(inQuery.status, 400, 'a token in an address would be in logs on the way');
  assert.equal((await post(good, FORM, { origin: 'https://evil.example' })).status, 403);
  const header = await post('x=1', FORM, { authorization: `Bearer ${token}` });
  assert.equal(header.status, 400, 'it is the form that names it');
  await (await world.connectAs(token)).end();
  for (const hint of ['refresh_token', 'urn:x', '']) {
    const one = await world.taskToken();
    const form = { token: one, token_type_hint: hint, client_id: 'an-agent' };
    assert.equal((await postRevocation(at(), form)).status, 200, 'a hint is only a hint');
    await assert.rejects(world.connectAs(one), /revoked/);
  }
});

test('its holder ends it while its subject is revoked: lifting that gives nothing back [task-tokens.revoke-kept]', async () => {
  const token = await world.taskToken();
  const guard = await world.as('guard');
  const { revocation } = await guard.revoke({
    kind: 'actor',
    value: 'agent-1',
    reason: 'odd',
    quarantine: true,
  });
  assert.equal((await postRevocation(at(), { token })).status, 200);
  await guard.liftRevocation({ id: revocation.id, reason: 'fine' });
  await (await world.connectAs(await world.taskToken())).end();
  await assert.rejects(world.connectAs(token), /its holder ended it/);
});

test('one that is ended while it is exchanged makes nothing that is good [task-tokens.revoke-descendants]', async () => {
  const parent = await world.taskToken();
  const racing = Array.from({ length: 6 }, () => world.exchange({}, { subjectToken: parent }));
  const [made] = await Promise.all([Promise.all(racing), postRevocation(at(), { token: parent })]);
  for (const { status, body } of made) {
    if (status === 200) await assert.rejects(world.connectAs(body.access_token), /revoked/);
    else assert.equal(status, 400);
  }
});

test('ending tokens over and over is bounded like any request [task-tokens.unread-refusals]', async () => {
  const refusals = () => world.entries().filter(({ type }) => type === 'token-refused').length;
  const before = refusals();
  const answers: number[] = [];
  // What an address may send fills up again meanwhile: how many it takes depends on the machine.
  for (let sent = 0; sent < 20_000 && answers.at(-1) !== 429; sent += 1)
    answers.push((await postRevocation(at(), { token: 'x' })).status);
  assert.equal(answers.at(-1), 429);
  assert.equal(refusals() - before, answers.filter((status) => status === 200).length);
});
