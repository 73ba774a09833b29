/** Somebody has a task token that is not theirs. Whatever they try with it ends in a denial, and in an entry. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createClient } from '@sallyport/contract';
import { decodeJwt, generateKeyPair, SignJWT } from 'jose';
import type { Entry } from '../../fixtures/audit-entries.ts';
import { TASK_ISSUER } from '../../fixtures/gateway.ts';
import { eventually } from '../../fixtures/raw-postgres.ts';
import { type AgentKey, boundPassword, makeProof, newAgentKey } from '../../fixtures/task-tokens.ts';
import { startTaskWorld, type TaskWorld } from '../../fixtures/task-world.ts';

let world: TaskWorld;
let key: AgentKey;
before(async () => {
  world = await startTaskWorld({
    postgres: { initSql: 'create table t as select g as id from generate_series(1, 50) g' },
  });
  key = await newAgentKey();
});
after(() => world.close());

/** What came on record while this ran. */
async function during(attempt: () => Promise<unknown>): Promise<Entry[]> {
  const before = world.entries().length;
  await attempt();
  return world.entries().slice(before);
}

/** The entries say that it was denied, and why. */
function denied(entries: readonly Entry[], reason: RegExp): Entry {
  const found = entries.find(
    (entry) => entry.effect === 'deny' && reason.test(String(entry.reason as unknown)),
  );
  assert.ok(found, `no entry of a denial for ${reason}: ${JSON.stringify(entries)}`);
  return found;
}

async function boundToken(): Promise<string> {
  const htu = `${world.gateway.controlPlane}/v1/token`;
  const proof = await makeProof(key, 'POST', htu, null);
  return world.taskToken({}, { headers: { dpop: proof } });
}

const connecting = (password: string, message: RegExp, user?: string) => async () =>
  assert.rejects(world.connectAs(password, user), message);

test('on another target: nothing is dialled, and nothing is told of what there is [task-tokens.target, task-tokens.blank]', async () => {
  const token = await world.taskToken();
  const { reached } = world;
  const before = reached.length;
  const entries = await during(async () => {
    const { status, body } = await world.call({ authorization: `Bearer ${token}` });
    assert.equal(status, 403, body);
    const other = await world.call({ authorization: `Bearer ${token}` }, '/nothing/there');
    assert.equal(other.status, 403, 'one that is not there is denied alike');
  });
  assert.equal(reached.length, before);
  const entry = denied(entries, /does not name the target "api"/);
  assert.equal(entry.tokenId, decodeJwt(token).jti);
  denied(entries, /does not name the target "nothing"/);
  const forApi = await world.taskToken({ targets: ['api'], actions: ['read'] });
  assert.equal((await world.call({ authorization: `Bearer ${forApi}` })).status, 200);
  denied(await during(connecting(forApi, /does not name the target "db"/)), /does not name the target "db"/);
});

test('for another action, on PostgreSQL and over HTTP [task-tokens.blank]', async () => {
  const client = await world.connectAs(await world.taskToken());
  const entries = await during(async () => {
    await assert.rejects(client.query('delete from t'), /does not name the action delete/);
    await assert.rejects(
      client.query('with gone as (delete from t returning *) select * from gone'),
      /delete/,
    );
    await assert.rejects(client.query({ text: 'update t set id = $1', values: [1] }), /update/);
  });
  assert.equal(entries.filter(({ effect }) => effect === 'deny').length, 3);
  await client.end();
  const forApi = await world.taskToken({ targets: ['api'], actions: ['http_get'] });
  const over = await during(async () => {
    assert.equal(
      (await world.call({ authorization: `Bearer ${forApi}` }, '/api/things', 'DELETE')).status,
      403,
    );
  });
  denied(over, /does not name the action http_delete/);
});

test('what is masked stays masked, and a session cannot ask for more [task-tokens.blank]', async () => {
  const client = await world.connectAs(await world.taskToken());
  const entries = await during(async () => {
    await assert.rejects(client.query("set sallyport.reveal = 'email'"), /does not name the action reveal/);
  });
  denied(entries, /does not name the action reveal/);
  await client.end();
});

test('after it expired, and sessions end with it [task-tokens.blank]', async () => {
  const token = await world.taskToken({ lifetime: 2 });
  const client = await world.connectAs(token);
  await eventually('the session ended', async () =>
    client.query('select 1').then(
      () => undefined,
      () => true,
    ),
  );
  denied(await during(connecting(token, /has expired/)), /has expired/);
  const ended = await eventually('its end is on record', () =>
    world.entries().find(({ type, tokenId }) => type === 'session-ended' && tokenId === decodeJwt(token).jti),
  );
  assert.match(String(ended.reason as unknown), /expired/);
});

test('sessions are found by the id of their token, and of those it was made from [task-tokens.record]', async () => {
  const parent = await world.taskToken();
  const child = await world.taskToken({}, { subjectToken: parent });
  const clients = [await world.connectAs(parent), await world.connectAs(child)];
  const { jti } = decodeJwt(parent);
  const ended = world.gateway.endSessions(
    ({ identity }) => identity.tokenId === jti || identity.scope?.ancestors.includes(String(jti)) === true,
    'its token was revoked',
  );
  assert.equal(ended, 2);
  for (const client of clients) {
    await assert.rejects(client.query('select 1'));
    await client.end().catch(() => undefined);
  }
});

test('a bound one without its key, as a bearer, or with another key [task-tokens.dpop, task-tokens.postgres-proof, task-tokens.recorded-refusals]', async () => {
  const token = await boundToken();
  denied(await during(connecting(token, /no DPoP proof came/)), /no DPoP proof came/);
  denied(await during(connecting(`dpop~~${token}`, /not a signed JWT/)), /not a signed JWT/);
  const thief = await newAgentKey();
  const theirs = await boundPassword(thief, token, { port: world.port });
  denied(await during(connecting(theirs, /bound to another key/)), /bound to another key/);
  const named = await boundPassword({ ...thief, jwk: key.jwk }, token, { port: world.port });
  denied(await during(connecting(named, /signature is wrong/)), /signature is wrong/);
  const { status } = await world.call({ authorization: `Bearer ${token}` });
  assert.equal(status, 401);
});

test('a proof that was seen: used again, on another target, for another method, token or address [task-tokens.dpop, task-tokens.postgres-proof]', async () => {
  const token = await boundToken();
  const { port } = world;
  const good = await boundPassword(key, token, { port });
  const client = await world.connectAs(good);
  await client.end();
  denied(await during(connecting(good, /used before/)), /used before/);
  const other = await boundToken();
  const [, proof] = (await boundPassword(key, other, { port })).split('~');
  const swapped = `dpop~${proof}~${token}`;
  denied(await during(connecting(swapped, /for another token/)), /for another token/);
  for (const [twist, message] of [
    [{ target: 'api' }, /another address/],
    [{ target: 'DB' }, /another address/],
    [{ twist: { claims: { htm: 'GET' } } }, /another method/],
    [{ twist: { claims: { htu: `postgres://db@attacker.example:${port}` } } }, /another address/],
    [{ twist: { claims: { htu: `postgres://db@127.0.0.1:${port + 1}` } } }, /another address/],
    [{ twist: { claims: { htu: `http://127.0.0.1:${port}/db` } } }, /another address/],
    [{ twist: { claims: { iat: Math.floor(Date.now() / 1_000) - 3_600 } } }, /not made just now/],
    [{ twist: { claims: { ath: undefined } } }, /another token/],
  ] as const) {
    const password = await boundPassword(key, token, { port, ...twist });
    denied(await during(connecting(password, message)), message);
  }
});

test('over HTTP every request on a connection has to bring a proof of its own [task-tokens.http-proof]', async () => {
  const htu = `${world.gateway.controlPlane}/v1/token`;
  const headers = { dpop: await makeProof(key, 'POST', htu, null) };
  const token = await world.taskToken({ targets: ['api'], actions: ['read'] }, { headers });
  const at = (path: string) => `http://127.0.0.1:${world.apiPort}${path}`;
  const proof = await makeProof(key, 'GET', at('/api/things'), token);
  const withProof = { authorization: `DPoP ${token}`, dpop: proof };
  assert.equal((await world.call(withProof)).status, 200);
  const entries = await during(async () => {
    assert.equal((await world.call(withProof)).status, 401, 'again');
    const elsewhere = await makeProof(key, 'GET', at('/api/things'), token);
    assert.equal(
      (await world.call({ ...withProof, dpop: elsewhere }, '/api/other')).status,
      401,
      'another path',
    );
    const post = await makeProof(key, 'POST', at('/api/things'), token);
    assert.equal((await world.call({ ...withProof, dpop: post })).status, 401, 'another method');
    assert.equal((await world.call({ authorization: `DPoP ${token}` })).status, 401, 'none');
  });
  for (const why of [/used before/, /another address/, /another method/, /not a signed JWT/])
    denied(entries, why);
  const forgedHost = await makeProof(key, 'GET', 'http://evil.example/api/things', token);
  const relayed = { ...withProof, dpop: forgedHost, host: 'evil.example' };
  assert.equal((await world.call(relayed)).status, 401, 'a proof that was made for another server');
});

test('exchanged for a wider one [task-tokens.narrower, task-tokens.recorded-refusals]', async () => {
  const parent = await world.taskToken({
    task: 'look-around/a',
    budget: { operations: 5, rows: 10, approvals: 0 },
  });
  const wider = [
    [{ targets: ['api'] }, 'invalid_target'],
    [{ targets: ['db', 'api'] }, 'invalid_target'],
    [{ targets: ['nowhere'] }, 'invalid_target'],
    [{ actions: ['write'] }, 'invalid_scope'],
    [{ actions: ['read', 'pivot'] }, 'invalid_scope'],
    [{ actions: ['insert'] }, 'invalid_scope'],
    [{ budget: { operations: 6 } }, 'invalid_request'],
    [{ budget: { rows: 11 } }, 'invalid_request'],
    [{ budget: { approvals: 1 } }, 'invalid_request'],
    [{ task: 'look-around' }, 'invalid_request'],
    [{ task: 'look-around/ab' }, 'invalid_request'],
    [{ lifetime: 3_601 }, 'invalid_request'],
  ] as const;
  for (const [details, error] of wider) {
    const entries = await during(async () => {
      const { status, body } = await world.exchange(details, { subjectToken: parent });
      assert.deepEqual([status, body.error], [400, error], JSON.stringify(details));
    });
    assert.equal(denied(entries, /./).type, 'token-refused');
  }
  const long = await world.taskToken({ lifetime: 3_000 }, { subjectToken: parent });
  assert.ok((decodeJwt(long).exp ?? 0) <= (decodeJwt(parent).exp ?? 0), 'it does not outlive its parent');
  const sub = await world.taskToken(
    { task: 'look-around/a/b', actions: ['select'] },
    { subjectToken: parent },
  );
  assert.equal(decodeJwt(sub).task, 'look-around/a/b');
  const last = await world.taskToken(
    {},
    { subjectToken: await world.taskToken({}, { subjectToken: parent }) },
  );
  const deeper = await world.exchange({}, { subjectToken: last });
  assert.match(deeper.body.error_description ?? '', /handed on as often as it may/);
  const bound = await boundToken();
  const loose = await world.exchange({}, { subjectToken: bound });
  assert.match(loose.body.error_description ?? '', /no DPoP proof/);
});

test('a budget is not refilled by connecting anew, nor by exchanging siblings [task-tokens.budget, task-tokens.descendants]', async () => {
  const parent = await world.taskToken({ budget: { operations: 3 } });
  const siblings = await Promise.all(
    [1, 2, 3].map(() => world.taskToken({ budget: { operations: 3 } }, { subjectToken: parent })),
  );
  let done = 0;
  for (const token of [...siblings, parent]) {
    for (let round = 0; round < 2; round += 1) {
      const client = await world.connectAs(token).catch(() => null);
      if (client === null) continue;
      await client.query('select 1').then(
        () => {
          done += 1;
        },
        (error: Error) => assert.match(error.message, /is used up/),
      );
      await client.end();
    }
  }
  assert.equal(done, 3);
  assert.equal((await world.exchange({}, { subjectToken: parent })).status, 400);
});

test('concurrent sessions together get no more than the budget [task-tokens.budget]', async () => {
  const token = await world.taskToken({ budget: { operations: 20 } });
  const clients = await Promise.all(Array.from({ length: 6 }, () => world.connectAs(token)));
  const answers = await Promise.allSettled(
    clients.flatMap((client) => Array.from({ length: 10 }, () => client.query('select 1'))),
  );
  assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 20);
  await Promise.all(clients.map((client) => client.end()));
});

test('as an approver, or as anybody at the control plane [task-tokens.not-a-person]', async () => {
  const person = await world.token('approver');
  const { body } = await world.exchange(
    { task: 't', targets: ['db'], actions: ['read'] },
    { subjectToken: person },
  );
  assert.ok(body.access_token, JSON.stringify(body));
  const client = createClient({ baseUrl: world.gateway.controlPlane, token: body.access_token });
  const entries = await during(async () => {
    for (const attempt of [
      () => client.approve({ id: 'any', reason: 'ok' }),
      () => client.listSessions(),
      () => client.listAccessRequests(),
      () => client.endSession({ id: 'any', reason: 'because' }),
    ]) {
      await assert.rejects(attempt(), { status: 403 });
    }
  });
  assert.equal(
    entries.filter(({ type, effect }) => type === 'authentication-failed' && effect === 'deny').length,
    4,
  );
});

test('forged: unsigned, signed with the public key as a secret, with a key of its own, under another name [task-tokens.own-issuer, task-tokens.recorded-refusals]', async () => {
  const token = await world.taskToken();
  const [head = '', payload = '', signature = ''] = token.split('.');
  const claims = decodeJwt(token);
  const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string };
  const jwks = await (await fetch(`${world.gateway.controlPlane}/.well-known/jwks.json`)).text();
  const { keys } = JSON.parse(jwks) as { keys: { x: string }[] };
  const encoded = (header: object) => Buffer.from(JSON.stringify(header)).toString('base64url');
  const wider = Buffer.from(JSON.stringify({ ...claims, exp: (claims.exp ?? 0) + 60 })).toString('base64url');
  const hs256 = encoded({ alg: 'HS256', typ: 'at+jwt', kid });
  const forged = [
    `${encoded({ alg: 'none', typ: 'at+jwt', kid })}.${payload}.AA`,
    `${head}.${wider}.${signature}`,
    ...[jwks, keys[0]?.x ?? '', Buffer.from(keys[0]?.x ?? '', 'base64url')].map((secret) => {
      const mac = createHmac('sha256', secret).update(`${hs256}.${payload}`).digest('base64url');
      return `${hs256}.${payload}.${mac}`;
    }),
  ];
  const { privateKey } = await generateKeyPair('EdDSA');
  for (const header of [{ kid }, { kid: 'other' }, {}]) {
    const signed = new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', ...header });
    forged.push(await signed.sign(privateKey));
  }
  // A real token of the configured issuer that says it is a task token.
  const lookalike = await world.issuer.token({
    subject: 'agent',
    claims: { iss: TASK_ISSUER, sallyport: {} },
  });
  forged.push(lookalike);
  for (const one of forged) {
    const entries = await during(async () => assert.rejects(world.connectAs(one), /token was refused/));
    denied(entries, /The token was refused/);
    const { body } = await world.exchange({}, { subjectToken: one });
    assert.equal(body.error, 'invalid_request');
  }
  const client = await world.connectAs(token);
  await client.end();
});

test('claims of an issuer that look like a task token’s make none [task-tokens.own-issuer]', async () => {
  const claims = {
    authorization_details: [{ type: 'sallyport_task', targets: ['api'], actions: ['pivot'] }],
    sallyport: { actor: 'root', groups: ['approvers'] },
    scope: 'pivot',
  };
  const token = await world.issuer.token({ subject: 'stranger', claims });
  const client = await world.connectAs(token);
  await client.end();
  const entry = world.entries().findLast(({ type }) => type === 'session-started');
  assert.deepEqual([entry?.subject, entry?.actor, entry?.tokenId], ['test|stranger', null, undefined]);
});
