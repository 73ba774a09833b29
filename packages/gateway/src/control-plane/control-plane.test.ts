import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { after, before, describe, test } from 'node:test';
import { ApiError, createClient } from '@sallyport/contract';
import { createCertificateAuthority } from '../../../../test/fixtures/certificates.ts';
import { systemClock } from '../lib/clock.ts';
import { RateLimit } from '../lib/rate-limit.ts';
import { type House, startHouse } from './control-plane.fixture.ts';
import { createControlPlane } from './control-plane.ts';
import { controlPlaneSection } from './section.ts';

let house: House;
let agent: string;
let bob: string;
let auditor: string;
before(async () => {
  house = await startHouse({
    allowedHosts: ['gateway.example'],
    allowedOrigins: ['https://console.example'],
  });
  agent = await house.provider.token({ subject: 'alice', actor: 'agent-7' });
  bob = await house.provider.token({ subject: 'bob' });
  auditor = await house.provider.token({ subject: 'dave' });
  await house.startSession('alices', 'test|alice', 'agent-7');
  await house.startSession('broken', 'test|alice', 'agent-7');
  await house.startSession('lost', 'test|alice', 'agent-7');
});
after(() => house.close());

const client = (token: string) => createClient({ baseUrl: house.address, token });

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** A request with headers that fetch would not let through. */
function raw(
  headers: Record<string, string>,
  path = '/v1/sessions',
): Promise<{ status: number; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${house.address}${path}`, { headers }, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('the client against the control plane', () => {
  test('lists, shows, approves and denies [contract.client, control-plane.audited]', async () => {
    const first = await house.ask(agent);
    const second = await house.ask(agent);
    const [newest] = (await client(bob).listAccessRequests({ state: 'pending', limit: 1 })).accessRequests;
    assert.equal(newest?.id, second.id);
    assert.equal((await client(bob).getAccessRequest({ id: first.id })).text, 'DELETE FROM orders');
    const approved = await client(bob).approve({ id: first.id, reason: 'fine' });
    assert.deepEqual([approved.state, approved.decisions[0]?.approver], ['approved', 'test|bob']);
    assert.equal((await client(bob).deny({ id: second.id, reason: 'no' })).state, 'denied');
    assert.equal((await second.ended).state, 'denied');
    const decided = house.entries.filter((one) => one.type === 'access-decided');
    assert.deepEqual(
      decided.map((one) => one.facts?.approver),
      ['test|bob', 'test|bob'],
    );
  });

  test('tells refusals by their code, and each attempt is logged [contract.client, control-plane.audited]', async () => {
    const pending = await house.ask(agent);
    await assert.rejects(client(agent).approve({ id: pending.id }), (error) => {
      assert.ok(error instanceof ApiError);
      assert.deepEqual([error.status, error.code], [403, 'not-permitted']);
      assert.match(error.message, /only a person may do more/);
      return true;
    });
    const entry = house.entries.at(-1);
    assert.deepEqual(
      [entry?.type, entry?.subject, entry?.actor, entry?.requestId],
      ['admin', 'test|alice', 'agent-7', pending.id],
    );
    assert.deepEqual(entry?.facts, { attempt: 'approve', refused: 'not-permitted' });
    await client(bob).approve({ id: pending.id });
    await assert.rejects(client(bob).approve({ id: pending.id }), { status: 409, code: 'conflict' });
    await assert.rejects(client('not-a-token').listSessions(), { status: 401, code: 'credential-rejected' });
  });

  test('reads a recording event by event, and the reading is logged [contract.client, control-plane.recordings]', async () => {
    const events = await all(client(auditor).recording({ id: 'alices' }));
    assert.deepEqual(events, [
      { type: 'header', sessionId: 'alices' },
      { type: 'operation', text: 'SELECT 1' },
    ]);
    const entry = house.entries.at(-1);
    assert.deepEqual([entry?.type, entry?.subject, entry?.sessionId], ['admin', 'test|dave', 'alices']);
    await assert.rejects(all(client(auditor).recording({ id: 'lost' })), {
      status: 404,
      code: 'not-found',
    });
    // Damage half way through must not look like the end.
    await assert.rejects(all(client(auditor).recording({ id: 'broken' })), { code: 'unreachable' });
    const mine = (await client(agent).listSessions({ open: true })).sessions;
    assert.deepEqual(mine.map((one) => one.id).sort(), ['alices', 'broken', 'lost']);
    assert.equal((await client(agent).getSession({ id: 'alices' })).endedAt, null);
  });

  test('sends no token in the clear to another machine [contract.address]', () => {
    for (const baseUrl of [
      'http://gateway.example',
      'http://127.0.0.1.evil.example',
      'ftp://127.0.0.1',
      'x',
      '',
    ]) {
      assert.throws(() => createClient({ baseUrl, token: 't' }), { code: 'bad-address' }, baseUrl);
    }
  });

  test('trusts no answer [contract.client]', async () => {
    const answering = (body: string, status = 200) =>
      createClient({
        baseUrl: 'https://x.example',
        token: 't',
        fetch: async () => new Response(body, { status }),
      });
    for (const body of ['', '{', 'null', '{"sessions":1}', '<html>']) {
      await assert.rejects(answering(body).listSessions(), { code: 'bad-answer' });
      await assert.rejects(answering(body, 500).listSessions(), { status: 500, code: 'bad-answer' });
    }
    await assert.rejects(all(answering('{"a":1}\n{"b"').recording({ id: 'x' })), { code: 'bad-answer' });
    const gone = createClient({ baseUrl: 'http://127.0.0.1:1', token: 't' });
    await assert.rejects(gone.listSessions(), { status: 0, code: 'unreachable' });
  });
});

describe('the door', () => {
  test('wants a token, and logs failures without it [control-plane.authentication]', async () => {
    for (const authorization of [
      '',
      'Basic YTpi',
      'Bearer',
      'Bearer a b',
      'Bearer ü',
      `Bearer ${'a'.repeat(17_000)}`,
    ]) {
      assert.equal((await raw({ authorization })).status, 401, authorization.slice(0, 20));
    }
    assert.equal((await raw({}, '/v1/unknown')).status, 401);
    assert.equal((await raw({ authorization: `Bearer ${bob}` }, '/v1/unknown')).status, 404);
    assert.equal((await raw({}, '/healthz')).status, 200);
    await raw({ authorization: `Bearer ${bob}x` });
    const entry = house.entries.at(-1);
    assert.equal(entry?.type, 'authentication-failed');
    assert.ok(!JSON.stringify(entry).includes(bob.slice(0, 40)));
  });

  test('refuses foreign host names and origins [control-plane.door]', async () => {
    const authorization = `Bearer ${bob}`;
    for (const host of ['evil.example', 'evil.example:80', 'gateway.example.evil.example', 'a b']) {
      assert.equal((await raw({ authorization, host })).status, 421, host);
    }
    for (const host of ['gateway.example', 'GATEWAY.example:7403', 'localhost:1', '127.0.0.1', '[::1]:5']) {
      assert.equal((await raw({ authorization, host })).status, 200, host);
    }
    assert.equal((await raw({ authorization, origin: 'https://evil.example' })).status, 403);
    assert.equal((await raw({ authorization, origin: 'null' })).status, 403);
    assert.equal((await raw({ authorization, origin: 'https://console.example' })).status, 200);
  });

  test('answers with headers that forbid caching, framing and sniffing, refusals too [control-plane.headers]', async () => {
    for (const answer of [
      await raw({}, '/healthz'),
      await raw({}),
      await raw({ authorization: `Bearer ${bob}` }),
    ]) {
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
      assert.match(
        String(answer.headers['content-security-policy']),
        /default-src 'none'.*frame-ancestors 'none'/,
      );
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
    }
  });

  test('takes so many requests a minute from one address [control-plane.door]', async (t) => {
    const small = await startHouse({ requestsPerMinute: 3 });
    t.after(() => small.close());
    const statuses: number[] = [];
    for (let n = 0; n < 5; n += 1) statuses.push((await fetch(`${small.address}/healthz`)).status);
    assert.deepEqual(statuses.slice(0, 3), [200, 200, 200]);
    assert.ok(statuses.slice(3).includes(429));
  });

  test('a rate refills evenly, and addresses are counted within bounds [control-plane.door]', () => {
    let now = 0;
    const rate = new RateLimit(2, { now: () => now, elapsed: () => now });
    const take = (key: string) => rate.take(key).allowed;
    assert.deepEqual([take('a'), take('a'), take('a'), take('b')], [true, true, false, true]);
    now += 30_000;
    assert.deepEqual([take('a'), take('a')], [true, false]);
  });
});

describe('input', () => {
  test('that is malformed or too large changes nothing [control-plane.input]', async () => {
    const pending = await house.ask(agent);
    const url = `${house.address}/v1/access-requests/${pending.id}/deny`;
    const json = 'application/json';
    const bodies: readonly [string, string, number][] = [
      [json, '{', 400],
      [json, '', 400],
      [json, '{}', 400],
      [json, '[]', 400],
      [json, '{"reason":7}', 400],
      [json, '{"reason":""}', 400],
      [json, '{"reason":"x","state":"approved"}', 400],
      [json, '{"reason":"x","__proto__":{"a":1}}', 400],
      [json, JSON.stringify({ reason: 'x'.repeat(4_097) }), 400],
      [json, JSON.stringify({ reason: 'x'.repeat(501) }), 422],
      [json, JSON.stringify({ reason: 'x'.repeat(100_000) }), 413],
      ['text/plain', '{"reason":"x"}', 415],
      ['application/x-www-form-urlencoded', 'reason=x', 415],
    ];
    for (const [type, body, status] of bodies) {
      const headers = { authorization: `Bearer ${bob}`, 'content-type': type };
      const response = await fetch(url, { method: 'POST', headers, body });
      const problem = (await response.json()) as { detail: string };
      assert.equal(response.status, status, body.slice(0, 40));
      assert.ok(!problem.detail.includes('xxxx'));
    }
    for (const path of [
      '/v1/access-requests?limit=0',
      '/v1/access-requests?limit=501',
      '/v1/access-requests?state=x',
    ]) {
      assert.equal((await raw({ authorization: `Bearer ${bob}` }, path)).status, 400, path);
    }
    for (const query of [
      'limit=501',
      'cursor=-1',
      'cursor=1e3',
      'since=yesterday',
      'effect=maybe',
      'text=%22',
      'subject=',
      `subject=${'x'.repeat(1_025)}`,
      'subject=a&subject=b',
      'nonsense=1',
    ]) {
      const answer = await raw({ authorization: `Bearer ${auditor}` }, `/v1/audit/operations?${query}`);
      assert.equal(answer.status, 400, query);
    }
    for (const path of [
      '/v1/sessions/..%2f..%2fetc',
      '/v1/sessions/%00',
      `/v1/sessions/${'a'.repeat(65)}`,
      '/v1/sessions/%zz',
    ]) {
      const { status } = await raw({ authorization: `Bearer ${auditor}` }, path);
      assert.ok(status === 400 || status === 404 || status === 414, `${path}: ${status}`);
    }
    assert.equal((await client(bob).getAccessRequest({ id: pending.id })).state, 'pending');
    assert.deepEqual(house.faults, []);
  });
});

test('without TLS it listens on loopback only [control-plane.clear-text]', async () => {
  for (const listen of ['0.0.0.0:0', '[::]:0', 'gateway.example:7403', '10.0.0.1:7403']) {
    const { storage, approvals, identity, auditIndex, signIn, signInLimits } = house;
    const plane = createControlPlane(controlPlaneSection.parse({ listen }), {
      identity,
      signIn,
      signInLimits,
      approvals,
      sessions: storage.sessions,
      auditIndex,
      audit: { append: () => {} },
      clock: systemClock,
      exchange: null,
      tokenKeys: null,
      endSession: () => false,
      endSessions: async () => ({ ended: 0, problems: [] }),
      containment: house.containment,
      exports: () => [],
      notifications: house.notifications,
      stepUp: null,
      idempotency: storage.idempotency,
      health: async () => [],
      metrics: () => '',
      readSession: async function* () {},
      retention: { hold: async () => {}, release: async () => {} },
      report: () => {},
    });
    await assert.rejects(plane.listen(), { code: 'config-invalid', message: /control_plane.tls/ });
  }
  for (const listen of ['127.0.0.1', ':80', '127.0.0.1:99999', 'a b:1']) {
    assert.ok(!controlPlaneSection.safeParse({ listen }).success, listen);
  }
});

test('with TLS it listens anywhere, and says to come back over TLS [control-plane.clear-text, control-plane.headers]', async (t) => {
  const authority = createCertificateAuthority();
  t.after(() => authority.remove());
  const secure = await startHouse({ listen: '0.0.0.0:0', tls: authority.server(['127.0.0.1']) });
  t.after(() => secure.close());
  assert.match(secure.address, /^https:\/\/0\.0\.0\.0:\d+$/);
  const ca = readFileSync(authority.caFile);
  const url = `https://127.0.0.1:${new URL(secure.address).port}/healthz`;
  const answer = await new Promise<{ status: number | undefined; hsts: string | undefined }>(
    (resolve, reject) => {
      const sent = httpsRequest(url, { ca }, (response) => {
        response.resume();
        resolve({ status: response.statusCode, hsts: response.headers['strict-transport-security'] });
      });
      sent.on('error', reject);
      sent.end();
    },
  );
  assert.deepEqual(answer, { status: 200, hsts: 'max-age=31536000' });
});
