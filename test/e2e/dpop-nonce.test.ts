/** Nonces of DPoP (RFC 9449 sections 8 and 9) with openid-client, which answers them by itself, and by hand. */
import assert from 'node:assert/strict';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { calculateJwkThumbprint, decodeJwt, exportJWK } from 'jose';
import * as openid from 'openid-client';
import { run } from '../../packages/cli/src/captured-terminal.test-support.ts';
import { TASK_ISSUER } from '../fixtures/gateway.ts';
import { boundPassword, exchangeForm, makeProof, newAgentKey } from '../fixtures/task-tokens.ts';
import { startTaskWorld, type TaskWorld } from '../fixtures/task-world.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';

const NONCE = /^[A-Za-z0-9_-]{43}$/;

let world: TaskWorld;
before(async () => {
  world = await startTaskWorld({ taskTokens: 'nonces: true' });
});
after(() => world.close());

const refusals = (type: string) =>
  world.entries().filter((one) => one.type === type && /nonce/.test(String(one.reason as unknown))).length;

test('openid-client exchanges, calls the API and the control plane, and PostgreSQL needs no nonce [task-tokens.nonce]', async () => {
  const configuration = new openid.Configuration(
    { issuer: TASK_ISSUER, token_endpoint: `${world.gateway.controlPlane}/v1/token` },
    'an-agent',
    {},
    openid.None(),
  );
  openid.allowInsecureRequests(configuration);
  const pair = await openid.randomDPoPKeyPair('ES256', { extractable: true });
  const DPoP = openid.getDPoPHandle(configuration, pair);
  const details = { targets: ['db', 'api'], actions: ['read', 'call'] };
  const { grant_type: _, ...parameters } = exchangeForm(await world.token('agent'), details);
  const before = refusals('token-refused');
  const given = await openid.genericGrantRequest(configuration, GRANT, parameters, { DPoP });
  assert.equal(given.token_type.toLowerCase(), 'dpop');
  assert.equal(refusals('token-refused'), before + 1, 'it was told a nonce, and that is on record');
  const fetched = (url: string, token: string) =>
    openid.fetchProtectedResource(configuration, token, new URL(url), 'GET', null, undefined, { DPoP });
  const api = await fetched(`http://127.0.0.1:${world.apiPort}/api/things`, given.access_token);
  assert.equal(api.status, 200);

  const jwk = await exportJWK(pair.publicKey);
  const jkt = await calculateJwkThumbprint(jwk);
  const guard = await world.issuer.token({ subject: 'guard', claims: { cnf: { jkt } } });
  const listed = await fetched(`${world.gateway.controlPlane}/v1/sessions`, guard);
  assert.equal(listed.status, 200);

  const key = { privateKey: pair.privateKey, jwk, jkt };
  const password = await boundPassword(key, given.access_token, { port: world.port });
  await (await world.connectAs(password)).end();
  await assert.rejects(world.connectAs(password), /used before/, 'single use is what it has instead');
});

test('a proof without the nonce, or with another, is told the one of now: 400 or 401, and an entry [task-tokens.nonce, task-tokens.recorded-refusals]', async () => {
  const key = await newAgentKey();
  const htu = `${world.gateway.controlPlane}/v1/token`;
  const form = new URLSearchParams(
    exchangeForm(await world.token('agent'), { targets: ['api'], actions: ['call', 'read'] }),
  );
  const exchange = async (nonce?: string) => {
    const dpop = await makeProof(key, 'POST', htu, null, { claims: { nonce } });
    return fetch(htu, { method: 'POST', headers: { dpop }, body: form });
  };
  const first = await exchange();
  assert.deepEqual(
    [first.status, ((await first.json()) as { error: string }).error],
    [400, 'use_dpop_nonce'],
  );
  const nonce = first.headers.get('dpop-nonce') ?? '';
  const before = refusals('token-refused');
  assert.equal((await exchange('made-up')).status, 400);
  assert.equal(refusals('token-refused'), before + 1);
  const { access_token: token } = (await (await exchange(nonce)).json()) as { access_token: string };
  assert.deepEqual(decodeJwt(token).cnf, { jkt: key.jkt });

  const url = `http://127.0.0.1:${world.apiPort}/api/things`;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const call = async (claims: Record<string, unknown>, body?: string): Promise<IncomingMessage> => {
    const method = body === undefined ? 'GET' : 'POST';
    const dpop = await makeProof(key, method, url, token, { claims });
    return new Promise((resolve, reject) => {
      const sent = request(url, { agent, method, headers: { authorization: `DPoP ${token}`, dpop } });
      sent
        .on('error', reject)
        .on('response', (response) => response.resume().on('end', () => resolve(response)));
      sent.end(body);
    });
  };
  try {
    const reached = world.reached.length;
    for (const claims of [{}, { nonce: 'made-up' }, { nonce: [nonce] }]) {
      const unproven = refusals('authentication-failed');
      const refused = await call(claims);
      assert.equal(refused.statusCode, 401);
      assert.equal(refused.headers['www-authenticate'], 'DPoP error="use_dpop_nonce"');
      assert.match(String(refused.headers['dpop-nonce']), NONCE);
      assert.equal(refusals('authentication-failed'), unproven + 1);
    }
    assert.equal((await call({ nonce })).statusCode, 200);
    // On an open connection, too: it stays open, and the next request with the nonce is served on it.
    const decisions = refusals('decision');
    const later = await call({});
    assert.equal(later.statusCode, 401);
    assert.match(String(later.headers['dpop-nonce']), NONCE);
    assert.equal(refusals('decision'), decisions + 1);
    assert.notEqual(later.headers.connection, 'close');
    assert.equal((await call({ nonce })).statusCode, 200);
    assert.equal((await call({}, 'x'.repeat(200_000))).statusCode, 401);
    assert.equal((await call({ nonce })).statusCode, 200);
    assert.equal(world.reached.length, reached + 3);
  } finally {
    agent.destroy();
  }
});

test('the command makes another proof with the nonce it is told [task-tokens.nonce, task-tokens.command]', async () => {
  const keyFile = join(world.directory, 'nonce.key');
  const at = ['--url', world.gateway.controlPlane, '--token-file', '-', '--key-file', keyFile];
  const asked = ['task-token', 'exchange', ...at, '--target', 'db', '--action', 'read'];
  const before = refusals('token-refused');
  const given = await run(asked, await world.token('agent'));
  assert.equal(given.code, 0, given.err);
  assert.equal(refusals('token-refused'), before + 1);
  assert.ok(decodeJwt(given.out.trim()).cnf);
});

test('where a token is ended the nonce is told whatever the token is, and the command goes on [task-tokens.nonce, task-tokens.revoke-silent]', async () => {
  const keyFile = join(world.directory, 'ending.key');
  const at = ['--url', world.gateway.controlPlane, '--token-file', '-', '--key-file', keyFile];
  const asked = ['task-token', 'exchange', ...at, '--target', 'db', '--action', 'read'];
  const { out: token } = await run(asked, await world.token('agent'));
  const key = await newAgentKey();
  const endpoint = `${world.gateway.controlPlane}/v1/token/revoke`;
  const forged = `${token.slice(0, -8)}AAAAAAAA`;
  for (const one of [token, forged]) {
    const dpop = await makeProof(key, 'POST', endpoint, null);
    const body = new URLSearchParams({ token: one });
    const response = await fetch(endpoint, { method: 'POST', headers: { dpop }, body });
    const { error } = (await response.json()) as { readonly error: string };
    assert.deepEqual([response.status, error], [400, 'use_dpop_nonce']);
    assert.match(String(response.headers.get('dpop-nonce')), NONCE);
  }
  const done = await run(['task-token', 'revoke', ...at], token);
  assert.equal(done.code, 0, done.err);
  assert.equal(world.entries().findLast(({ type }) => type === 'revoked')?.tokenId, decodeJwt(token).jti);
});

test('the nonce replaces no other rule: a proof that was used is not good again with it [task-tokens.nonce, task-tokens.dpop]', async () => {
  const key = await newAgentKey();
  const guard = await world.issuer.token({ subject: 'guard', claims: { cnf: { jkt: key.jkt } } });
  const url = `${world.gateway.controlPlane}/v1/sessions`;
  const call = (dpop: string) => fetch(url, { headers: { authorization: `DPoP ${guard}`, dpop } });
  const first = await call(await makeProof(key, 'GET', url, guard));
  assert.deepEqual(
    [first.status, first.headers.get('www-authenticate')],
    [401, 'DPoP error="use_dpop_nonce"'],
  );
  const claims = { nonce: first.headers.get('dpop-nonce') };
  const proof = await makeProof(key, 'GET', url, guard, { claims });
  assert.equal((await call(proof)).status, 200);
  assert.equal((await call(proof)).status, 401);
  const old = await makeProof(key, 'GET', url, guard, {
    claims: { ...claims, iat: Math.floor(Date.now() / 1_000) - 3_600 },
  });
  assert.equal((await call(old)).status, 401);
  const elsewhere = await makeProof(key, 'GET', `${url}/x`, guard, { claims });
  assert.equal((await call(elsewhere)).headers.get('dpop-nonce'), null, 'a bad proof is told no nonce');
});
