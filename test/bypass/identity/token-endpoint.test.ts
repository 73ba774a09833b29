/** Hostile requests to the token endpoint: one reading or none, in the words of RFC 6749, and on record. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decodeJwt } from 'jose';
import {
  boundPassword,
  exchangeForm,
  makeProof,
  newAgentKey,
  postExchange,
} from '../../fixtures/task-tokens.ts';
import { startTaskWorld, type TaskWorld } from '../../fixtures/task-world.ts';

const TYPE = 'urn:ietf:params:oauth:token-type:access_token';

let world: TaskWorld;
let form: Record<string, string>;
before(async () => {
  world = await startTaskWorld({
    taskTokens: 'live_tokens_per_subject: 60, authorities: ["gw.example:7403"]',
  });
  form = exchangeForm(await world.token('agent'), { targets: ['db'], actions: ['read'] });
});
after(() => world.close());

/** The endpoint refuses, says so as RFC 6749 section 5.2 has it, and it is on record. */
async function refused(
  body: Parameters<typeof postExchange>[1],
  error: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const before = world.entries().length;
  const answer = await postExchange(world.gateway.controlPlane, body, headers);
  const told = answer.body.error_description ?? '';
  assert.deepEqual([answer.status, answer.body.error], [400, error], told);
  assert.match(told, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
  const entry = world
    .entries()
    .slice(before)
    .find(({ type }) => type === 'token-refused');
  assert.equal(entry?.effect, 'deny', told);
  return told;
}

const without = (key: string) => Object.fromEntries(Object.entries(form).filter(([name]) => name !== key));

test('what is missing, of another kind, or there twice [task-tokens.parameters, task-tokens.recorded-refusals]', async () => {
  await refused(without('grant_type'), 'invalid_request');
  for (const grant_type of [
    'password',
    'client_credentials',
    'authorization_code',
    '__proto__',
    'token-exchange',
  ]) {
    await refused({ ...form, grant_type }, 'unsupported_grant_type');
  }
  for (const key of ['subject_token', 'subject_token_type']) await refused(without(key), 'invalid_request');
  for (const type of [
    'urn:ietf:params:oauth:token-type:id_token',
    'urn:ietf:params:oauth:token-type:saml2',
    'x',
  ]) {
    await refused({ ...form, subject_token_type: type }, 'invalid_request');
    await refused({ ...form, requested_token_type: type }, 'invalid_request');
  }
  await refused({ ...form, actor_token_type: TYPE }, 'invalid_request');
  await refused({ ...form, actor_token: 'a' }, 'invalid_request');
  for (const [key, value] of Object.entries(form)) {
    const twice = `${new URLSearchParams(form)}&${key}=${encodeURIComponent(value)}`;
    assert.match(await refused(twice, 'invalid_request'), /more than once/, key);
  }
  const many = `${new URLSearchParams(form)}${Array.from({ length: 60 }, (_, at) => `&x${at}=1`).join('')}`;
  assert.match(await refused(many, 'invalid_request'), /more than 50 parameters/);
});

test('names with brackets are other names, and do not make a list [task-tokens.parameters]', async () => {
  const { authorization_details: _, ...bare } = form;
  const listed = `${new URLSearchParams(bare)}&audience[]=db&audience[0]=db&scope[]=read`;
  assert.match(await refused(listed, 'invalid_target'), /name the targets/);
});

test('details that cannot be read in one way [task-tokens.parameters]', async () => {
  const good = { type: 'sallyport_task', task: 'look-around', targets: ['db'], actions: ['read'] };
  const details: unknown[] = [
    { ...good },
    [good, good],
    [{ ...good, type: 'payment' }],
    [{ ...good, more: 1 }],
    [{ ...good, targets: 'db' }],
    [{ ...good, targets: [] }],
    [{ ...good, targets: [7] }],
    [{ ...good, targets: Array.from({ length: 101 }, (__, at) => `t${at}`) }],
    [{ ...good, actions: ['read\n'] }],
    [{ ...good, budget: { operations: -1 } }],
    [{ ...good, budget: { operations: 1.5 } }],
    [{ ...good, budget: { operations: '5' } }],
    [{ ...good, budget: { operations: 1e30 } }],
    [{ ...good, budget: { other: 1 } }],
    [{ ...good, budget: null }],
    [{ ...good, lifetime: 0 }],
    [{ ...good, lifetime: -5 }],
    [{ ...good, instance: 'a#b' }],
    [{ ...good, task: 'x'.repeat(300) }],
    7,
    null,
    'db',
  ];
  for (const one of details) {
    const authorization_details = JSON.stringify(one);
    await refused({ ...form, authorization_details }, 'invalid_authorization_details');
  }
  for (const text of ['{', '[', '[[[[', '['.repeat(10_000), `[${' '.repeat(20_000)}]`]) {
    await refused({ ...form, authorization_details: text }, 'invalid_authorization_details');
  }
  const hostile = JSON.stringify([{ ...good, '"><script>\u0000': 1 }]);
  assert.doesNotMatch(
    await refused({ ...form, authorization_details: hostile }, 'invalid_authorization_details'),
    /script/,
  );
});

test('two ways to name targets or actions that do not say the same [task-tokens.parameters]', async () => {
  await refused({ ...form, audience: 'api' }, 'invalid_request');
  await refused({ ...form, scope: 'read write' }, 'invalid_request');
  await refused({ ...form, resource: 'https://db.example' }, 'invalid_target');
  const agreeing = [
    ...Object.entries(form),
    ['audience', 'db'],
    ['resource', 'urn:sallyport:target:db'],
    ['scope', 'read'],
  ].map(([key, value]) => `${key}=${encodeURIComponent(value ?? '')}`);
  const { status, body } = await postExchange(world.gateway.controlPlane, agreeing.join('&'));
  assert.equal(status, 200, JSON.stringify(body));
});

test('targets and actions there are not [task-tokens.parameters]', async () => {
  const token = form.subject_token ?? '';
  for (const targets of [['nowhere'], ['db', 'nowhere'], ['DB'], ['db '], ['*'], ['__proto__']]) {
    await refused(exchangeForm(token, { targets, actions: ['read'] }), 'invalid_target');
  }
  for (const action of [
    'everything',
    'READ',
    '*',
    'constructor',
    '__proto__',
    'read,write',
    'Action::"read"',
  ]) {
    await refused(exchangeForm(token, { targets: ['db'], actions: [action] }), 'invalid_scope');
  }
});

test('tokens that are huge, of nobody, or no tokens [task-tokens.parameters, task-tokens.no-secret]', async () => {
  for (const subject_token of ['x', 'a.b.c', `${'a'.repeat(20_000)}.b.c`, 'null', ' ']) {
    const told = await refused({ ...form, subject_token }, 'invalid_request');
    assert.ok(!told.includes(subject_token) || subject_token.length < 6);
  }
  const large = await postExchange(world.gateway.controlPlane, {
    ...form,
    subject_token: 'a'.repeat(200_000),
  });
  assert.deepEqual([large.status, large.body.error], [400, 'invalid_request']);
});

test('other kinds of body, and other methods [task-tokens.parameters]', async () => {
  const url = `${world.gateway.controlPlane}/v1/token`;
  for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x']) {
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body: '{}' });
    const body = (await response.json()) as { error?: string };
    assert.deepEqual([response.status, body.error], [400, 'invalid_request'], type);
  }
  const empty = await fetch(url, { method: 'POST' });
  assert.equal(empty.status, 400);
  for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
    assert.ok((await fetch(url, { method })).status >= 400, method);
  }
  // No other route takes a form, which any page on the web can send.
  const forged = await fetch(`${world.gateway.controlPlane}/v1/sessions/x/end`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Bearer ${await world.token('guard')}`,
    },
    body: 'reason=x',
  });
  assert.equal(forged.status, 415);
  const page = await postExchange(world.gateway.controlPlane, form, { origin: 'https://evil.example' });
  assert.equal(page.status, 403);
});

test('an actor token that is a person’s, a task token, or of another than the token names [task-tokens.actor, task-tokens.recorded-refusals]', async () => {
  const actors = [
    [await world.token('approver'), /of a person/],
    [await world.taskToken(), /task token cannot be/],
    [await world.token('agent'), /names an actor itself/],
    [await world.issuer.token({ subject: 'agent' }), /names another actor/],
    ['x', /not a signed JWT/],
  ] as const;
  for (const [actor_token, message] of actors) {
    const told = await refused({ ...form, actor_token, actor_token_type: TYPE }, 'invalid_request');
    assert.match(told, message);
  }
});

test('an actor token of an agent makes it the actor, as its issuer names it [task-tokens.actor]', async () => {
  const person = await world.token('approver');
  const actor_token = await world.issuer.token({ subject: 'agent' });
  const parameters = { actor_token, actor_token_type: TYPE };
  const details = { task: 't', targets: ['db'], actions: ['read'], instance: 'w' };
  const { body } = await world.exchange(details, { subjectToken: person, parameters });
  assert.deepEqual(decodeJwt(body.access_token).act, { sub: 'agent#w', act: { sub: 'agent' } });
  const may = await world.issuer.token({
    subject: 'approver',
    claims: { may_act: { sub: 'somebody-else' } },
  });
  const other = await world.exchange(details, { subjectToken: may, parameters });
  assert.match(other.body.error_description ?? '', /does not let this actor act/);
  const nobody = await world.exchange(details, { subjectToken: may });
  assert.match(nobody.body.error_description ?? '', /names who may act/);
  const odd = await world.issuer.token({ subject: 'approver', claims: { may_act: { client_id: 'x' } } });
  assert.equal((await world.exchange(details, { subjectToken: odd })).body.error, 'invalid_request');
});

test('a task the token was not given for [task-tokens.narrower]', async () => {
  const token = form.subject_token ?? '';
  for (const task of ['another', 'look-around-2', 'look', 'LOOK-AROUND', 'x/look-around']) {
    await refused(exchangeForm(token, { targets: ['db'], actions: ['read'], task }), 'invalid_request');
  }
  const none = await world.token('approver');
  assert.match(
    await refused(exchangeForm(none, { targets: ['db'], actions: ['read'] }), 'invalid_request'),
    /name the task/,
  );
});

test('proofs at the token endpoint: for another address, another method, used before [task-tokens.dpop]', async () => {
  const key = await newAgentKey();
  const htu = `${world.gateway.controlPlane}/v1/token`;
  const proofs = [
    await makeProof(key, 'GET', htu, null),
    await makeProof(key, 'POST', `${htu}/`, null),
    await makeProof(key, 'POST', 'https://evil.example/v1/token', null),
    await makeProof(key, 'POST', htu, 'another token'),
    '',
    'a, b',
  ];
  for (const dpop of proofs) await refused(form, 'invalid_dpop_proof', { dpop });
  const dpop = await makeProof(key, 'POST', htu, null);
  const first = await postExchange(world.gateway.controlPlane, form, { dpop });
  assert.equal(first.body.token_type, 'DPoP');
  await refused(form, 'invalid_dpop_proof', { dpop });
  const named = await makeProof(key, 'POST', 'http://gw.example:7403/v1/token', null);
  assert.equal((await postExchange(world.gateway.controlPlane, form, { dpop: named })).status, 200);
});

test('a bound token is handed on to another key only by whoever holds its own [task-tokens.narrower, task-tokens.dpop]', async () => {
  const [mine, theirs] = [await newAgentKey(), await newAgentKey()];
  const htu = `${world.gateway.controlPlane}/v1/token`;
  const bound = await world.taskToken({}, { headers: { dpop: await makeProof(mine, 'POST', htu, null) } });
  const onwards = exchangeForm(bound, {});
  await refused({ ...onwards, dpop_jkt: theirs.jkt }, 'invalid_request');
  const stolen = await makeProof(theirs, 'POST', htu, null);
  await refused(onwards, 'invalid_request', { dpop: stolen });
  const headers = { dpop: await makeProof(mine, 'POST', htu, null) };
  const { body } = await postExchange(
    world.gateway.controlPlane,
    { ...onwards, dpop_jkt: theirs.jkt },
    headers,
  );
  assert.deepEqual(decodeJwt(body.access_token).cnf, { jkt: theirs.jkt });
  const client = await world.connectAs(await boundPassword(theirs, body.access_token, { port: world.port }));
  await client.end();
  await refused({ ...onwards, dpop_jkt: 'x' }, 'invalid_request');
});

test('more tokens at once than there may be [task-tokens.live]', async () => {
  let status = 200;
  let error = '';
  for (let count = 0; count < 80 && status === 200; count += 1) {
    const answer = await postExchange(world.gateway.controlPlane, form);
    status = answer.status;
    error = answer.body.error ?? '';
  }
  assert.deepEqual([status, error], [503, 'temporarily_unavailable']);
});

test('what is refused before it is read is on record, until the address has had its share [task-tokens.unread-refusals]', async () => {
  const url = `${world.gateway.controlPlane}/v1/token`;
  const refusals = () => world.entries().filter(({ type }) => type === 'token-refused').length;
  const post = async (type: string | null, body: string | undefined) => {
    const headers = type === null ? undefined : { 'content-type': type };
    const init = { method: 'POST', ...(headers && { headers }), ...(body === undefined ? {} : { body }) };
    const { status } = await fetch(url, init);
    return status;
  };
  const FORM = 'application/x-www-form-urlencoded';
  const unread = [
    ['application/json', '{}'],
    ['text/plain', 'x'],
    ['multipart/form-data; boundary=x', 'x'],
    [FORM, 'a'.repeat(200_000)],
    [FORM, undefined],
    [FORM, ''],
    [null, undefined],
  ] as const;
  for (const [type, body] of unread) {
    const before = refusals();
    assert.equal(await post(type, body), 400, `${type}`);
    assert.equal(refusals(), before + 1, `${type}`);
    const entry = world.entries().findLast((one) => one.type === 'token-refused');
    assert.equal(entry?.effect, 'deny');
    const facts = entry?.facts as { readonly error?: unknown; readonly address?: unknown } | undefined;
    assert.deepEqual([facts?.error, facts?.address], ['invalid_request', '127.0.0.1']);
  }
  const before = refusals();
  const answers: number[] = [];
  // What an address may send fills up again meanwhile: how many it takes depends on the machine.
  for (let sent = 0; sent < 20_000 && answers.at(-1) !== 429; sent += 1)
    answers.push(await post('text/plain', 'x'));
  assert.equal(answers.at(-1), 429);
  assert.equal(refusals() - before, answers.filter((status) => status === 400).length);
});
