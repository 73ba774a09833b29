/** Attacks with well-formed HTTP: bodies that mean two things, and limits that are gone around. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type RouteName, routeTable } from '@sallyport/contract';
import { type House, startHouse } from '../../../packages/gateway/src/control-plane/control-plane.fixture.ts';
import { addressKey } from '../../../packages/gateway/src/lib/rate-limit.ts';

let house: House;
let approver: string;
let agent: string;
before(async () => {
  house = await startHouse();
  approver = await house.provider.token({ subject: 'bob' });
  agent = await house.provider.token({ subject: 'alice', actor: 'agent-7' });
  await house.startSession('alices', 'test|alice', 'agent-7');
});
after(() => house.close());

test('a body that could be read in two ways is not read [control-plane.input]', async () => {
  const pending = await house.ask(agent);
  const json = 'application/json';
  const bodies: readonly (readonly [type: string, body: string | Uint8Array])[] = [
    [json, '{"reason":"a","reason":"b"}'],
    [json, '{"reason":"a","re\\u0061son":"b"}'],
    [json, '{"reason":"a","__proto__":{"decidable":true}}'],
    [json, '{"reason":"a","\\u005f_proto__":{"decidable":true}}'],
    [json, '{"reason":"a","constructor":{"prototype":{"admin":true}}}'],
    [json, '{"reason":{"toString":"a"}}'],
    [json, '[{"reason":"a"}]'],
    [json, 'null'],
    [json, '"reason"'],
    [json, '{"reason":"a"}{"reason":"b"}'],
    [json, '\ufeff{"reason":"a"}'],
    [json, Uint8Array.from(Buffer.from('7b22726561736f6e223a22ff227d', 'hex'))],
    [json, Uint8Array.from(Buffer.from('{"reason":"a"}', 'utf16le'))],
    [json, `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    [json, `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ['application/json; charset=utf-16', '{"reason":"a"}'],
    ['application/json; charset=utf-7', '{"reason":"a"}'],
    ['application/json, text/plain', '{"reason":"a"}'],
    ['application/vnd.api+json', '{"reason":"a"}'],
    ['text/plain; application/json', '{"reason":"a"}'],
    ['multipart/form-data; boundary=x', '--x\r\n\r\n{"reason":"a"}\r\n--x--'],
    ['application/x-www-form-urlencoded', 'reason=a'],
  ];
  for (const [type, body] of bodies) {
    const answer = await fetch(`${house.address}/v1/access-requests/${pending.id}/deny`, {
      method: 'POST',
      headers: { authorization: `Bearer ${approver}`, 'content-type': type },
      body: body as BodyInit,
    });
    const shown = `${type} ${String(body).slice(0, 60)}`;
    assert.ok(answer.status === 400 || answer.status === 415, `${shown}: ${answer.status}`);
    assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/, shown);
  }
  assert.equal(({} as { decidable?: unknown }).decidable, undefined);
  const seen = await house.approvals.get(pending.id, await house.identity.authenticate(approver));
  assert.equal(seen.state, 'pending');
  pending.cancel();
});

test('every route answers with the headers that forbid caching, framing and sniffing [control-plane.headers]', async () => {
  for (const [name, { method, path, action }] of Object.entries(routeTable)) {
    for (const token of ['', approver]) {
      const answer = await fetch(`${house.address}${path.replace(':id', 'alices')}`, {
        method,
        headers: token === '' ? {} : { authorization: `Bearer ${token}` },
      });
      await answer.arrayBuffer();
      const what = `${name} ${answer.status}`;
      assert.equal(answer.headers.get('cache-control'), 'no-store', what);
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff', what);
      assert.equal(answer.headers.get('x-frame-options'), 'DENY', what);
      assert.equal(answer.headers.get('referrer-policy'), 'no-referrer', what);
      assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/, what);
      assert.match(answer.headers.get('ratelimit') ?? '', /"address";r=\d+/, what);
      assert.equal(answer.headers.get('etag'), null, what);
      if (action !== null && token === '') assert.equal(answer.status, 401, what);
    }
  }
});

test('a forwarding header is not an address: the limit stands [control-plane.rates]', async (t) => {
  const small = await startHouse({ requestsPerMinute: 5 });
  t.after(() => small.close());
  const statuses: number[] = [];
  for (let n = 0; n < 10; n += 1) {
    const answer = await fetch(`${small.address}/healthz`, {
      headers: { 'x-forwarded-for': `10.0.0.${n}`, 'x-real-ip': `10.0.0.${n}`, forwarded: `for=10.0.0.${n}` },
    });
    statuses.push(answer.status);
    if (answer.status === 429) {
      assert.ok(Number(answer.headers.get('retry-after')) >= 1);
      assert.equal(((await answer.json()) as { code: string }).code, 'too-many-requests');
    }
  }
  assert.ok(statuses.filter((status) => status === 429).length >= 4, String(statuses));
});

test('one caller has one limit, whatever tokens they have; another is not held up [control-plane.rates]', async (t) => {
  const small = await startHouse({ callerRequestsPerMinute: 4 });
  t.after(() => small.close());
  const ask = async (token: string) =>
    (await fetch(`${small.address}/v1/sessions`, { headers: { authorization: `Bearer ${token}` } })).status;
  const statuses: number[] = [];
  for (let n = 0; n < 8; n += 1) statuses.push(await ask(await small.provider.token({ subject: 'bob' })));
  assert.ok(statuses.includes(429), String(statuses));
  assert.equal(await ask(await small.provider.token({ subject: 'carol' })), 200);
});

test('an address that only guesses is not listened to for a while, and floods no log [control-plane.rates]', async (t) => {
  const small = await startHouse({ failedLoginsPerMinute: 3 });
  t.after(() => small.close());
  const good = await small.provider.token({ subject: 'bob' });
  const statuses: number[] = [];
  for (let n = 0; n < 12; n += 1) {
    const answer = await fetch(`${small.address}/v1/sessions`, {
      headers: { authorization: `Bearer ${good.slice(0, -8)}AAAAAAA${n % 10}` },
    });
    statuses.push(answer.status);
  }
  assert.ok(statuses.includes(401) && statuses.includes(429), String(statuses));
  const entries = small.entries.filter(({ type }) => type === 'authentication-failed');
  assert.equal(entries.length, statuses.filter((status) => status === 401).length);
  assert.equal((await fetch(`${small.address}/healthz`)).status, 200);
});

test('an address counts as its network when it can choose the rest [control-plane.rates]', () => {
  const same: readonly (readonly [string, string])[] = [
    ['2001:db8:1:2:aaaa::1', '2001:db8:1:2:bbbb::2'],
    ['2001:0db8:0001:0002::1', '2001:db8:1:2:ffff:ffff:ffff:ffff'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['fe80::1%eth0', 'fe80::2%eth1'],
    ['::1', '::2'],
  ];
  for (const [a, b] of same) assert.equal(addressKey(a), addressKey(b), `${a} ${b}`);
  const other: readonly (readonly [string, string])[] = [
    ['2001:db8:1:2::1', '2001:db8:1:3::1'],
    ['192.0.2.1', '192.0.2.2'],
    ['2001:db8::1', '2001:db8:1::1'],
  ];
  for (const [a, b] of other) assert.notEqual(addressKey(a), addressKey(b), `${a} ${b}`);
});

test('health says that it cannot serve to anyone, and why to those who may know [control-plane.health]', async (t) => {
  const sick = await startHouse();
  t.after(() => sick.close());
  const ready = async () => fetch(`${sick.address}/readyz`);
  assert.equal((await ready()).status, 200);
  Object.assign(sick.checks[0] ?? {}, { ok: false, detail: 'the store at db.internal is away' });
  const answer = await ready();
  assert.deepEqual([answer.status, await answer.json()], [503, { status: 'not-ready' }]);
  const name: RouteName = 'roomHealth';
  const ask = async (subject: string) =>
    fetch(`${sick.address}${routeTable[name].path}`, {
      headers: { authorization: `Bearer ${await sick.provider.token({ subject })}` },
    });
  assert.equal((await ask('bob')).status, 403);
  const told = await ask('carol');
  assert.deepEqual(await told.json(), { status: 'not-ready', checks: sick.checks });
});
