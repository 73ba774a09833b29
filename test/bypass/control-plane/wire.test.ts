/** Attacks on how the control plane reads HTTP: verbs, paths, hosts, headers, bodies, and two lengths at once. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type House, startHouse } from '../../../packages/gateway/src/control-plane/control-plane.fixture.ts';
import { answersIn, type WireAnswer, wire } from './wire.ts';

let house: House;
let auditor: string;
let operator: string;
let agent: string;
before(async () => {
  house = await startHouse({ requestSeconds: 2, allowedOrigins: ['https://console.example'] });
  auditor = await house.provider.token({ subject: 'dave' });
  operator = await house.provider.token({ subject: 'carol' });
  agent = await house.provider.token({ subject: 'alice', actor: 'agent-7' });
  await house.startSession('alices', 'test|alice', 'agent-7');
});
after(() => house.close());

function request(line: string, headers: readonly string[], body = ''): Promise<WireAnswer> {
  return wire(house.address, `${line}\r\n${headers.join('\r\n')}\r\nConnection: close\r\n\r\n${body}`);
}

const authorized = (token: string) => ['Host: localhost', `Authorization: Bearer ${token}`];

function assertProblem({ status, headers, body }: WireAnswer, what: string): void {
  assert.ok(status >= 400, `${what}: ${status}`);
  assert.match(headers['content-type'] ?? '', /^application\/problem\+json/, what);
  assert.equal(headers['x-content-type-options'], 'nosniff', what);
  assert.equal(headers['cache-control'], 'no-store', what);
  const problem = JSON.parse(body);
  assert.equal(problem.type, `urn:sallyport:problem:${problem.code}`);
  assert.equal(problem.status, status, what);
}

test('verbs other than the route’s own do nothing [control-plane.problems]', async () => {
  const ended = house.ended.length;
  for (const verb of ['PUT', 'DELETE', 'PATCH', 'GET', 'HEAD', 'TRACE', 'PROPFIND', 'OPTIONS', 'QUERY']) {
    const answer = await request(
      `${verb} /v1/sessions/alices/end HTTP/1.1`,
      [
        ...authorized(operator),
        'Content-Type: application/json',
        'Content-Length: 14',
        'X-HTTP-Method-Override: POST',
      ],
      '{"reason":"x"}',
    );
    assert.ok(answer.status >= 400 && answer.status < 500, `${verb}: ${answer.status}`);
  }
  const wrong = await request('DELETE /v1/sessions HTTP/1.1', authorized(operator));
  assertProblem(wrong, 'DELETE');
  assert.deepEqual([wrong.status, wrong.headers.allow], [405, 'GET']);
  const overridden = await request('POST /v1/sessions?_method=GET HTTP/1.1', [
    ...authorized(operator),
    'X-HTTP-Method-Override: GET',
    'Content-Length: 0',
  ]);
  assert.equal(overridden.status, 405);
  assert.equal(house.ended.length, ended);
});

test('no other spelling of a path leads to a route without its checks [control-plane.matrix]', async () => {
  for (const path of [
    '//v1/exports',
    '/v1//exports',
    '/v1/./exports',
    '/v1/%2e/exports',
    '/healthz/../v1/exports',
    '/healthz/%2e%2e/v1/exports',
    '/healthz;/v1/exports',
    '/v1/exports;a=b',
    '/V1/exports',
    '/v1/exports/',
    '/v1%2fexports',
    '/v1/exports%00',
    '/v1\\exports',
    '/healthz#/v1/exports',
    'http://localhost/v1/exports',
    'http://evil.example/v1/exports',
    '*',
    'localhost:80',
  ]) {
    // With the token of an agent: whatever route it led to, this is not theirs to see.
    const answer = await request(`GET ${path} HTTP/1.1`, authorized(agent));
    assertProblem(answer, path);
    assert.ok(!answer.body.includes('"exports"'), path);
    const nobody = await request(`GET ${path} HTTP/1.1`, ['Host: localhost']);
    assert.ok(nobody.status >= 400, `${path} without a token: ${nobody.status}`);
  }
});

test('a host that is not served, or two, or none is refused [control-plane.door]', async () => {
  const token = `Authorization: Bearer ${auditor}`;
  for (const hosts of [
    ['Host: evil.example'],
    ['Host: localhost', 'Host: evil.example'],
    ['Host: localhost', 'host: localhost'],
    ['Host: localhost@evil.example'],
    ['Host: localhost:80:80'],
    ['Host: '],
    [],
    ['X-Forwarded-Host: localhost', 'Host: evil.example'],
  ]) {
    const answer = await request('GET /v1/exports HTTP/1.1', [...hosts, token]);
    assert.ok(answer.status === 400 || answer.status === 421, `${hosts}: ${answer.status}`);
  }
});

test('two lengths, or a length that is none, are never two requests [control-plane.problems]', async () => {
  const smuggled = `GET /v1/sessions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${auditor}\r\n\r\n`;
  const head = (lines: readonly string[]) =>
    `POST /v1/sessions/alices/end HTTP/1.1\r\n${[...authorized(operator), 'Content-Type: application/json', ...lines].join('\r\n')}\r\n\r\n`;
  for (const [lines, body] of [
    [['Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
    [['Transfer-Encoding: chunked', 'Content-Length: 5'], '0\r\n\r\n'],
    [['Content-Length: 2', 'Content-Length: 5'], '{}'],
    [['Content-Length: +2'], '{}'],
    [['Content-Length: 0x2'], '{}'],
    [['Content-Length: 2, 2'], '{}'],
    [['Transfer-Encoding: xchunked'], '0\r\n\r\n'],
    [['Transfer-Encoding: chunked, identity'], '0\r\n\r\n'],
    [['Transfer-Encoding : chunked'], '0\r\n\r\n'],
    [['Transfer-Encoding: chunked'], '2;\n{}\r\n0\r\n\r\n'],
    [['Content-Length: 2\nTransfer-Encoding: chunked'], '{}'],
  ] as const) {
    const answer = await wire(house.address, head(lines) + body + smuggled);
    assert.equal(answersIn(answer), 1, `${lines}: ${answer.whole.slice(0, 200)}`);
    assert.ok(answer.status >= 400, `${lines}: ${answer.status}`);
    assert.ok(!answer.whole.includes('"sessions"'), String(lines));
  }
  const broken = await wire(house.address, 'NOT HTTP AT ALL\r\n\r\n');
  assertProblem(broken, 'not HTTP');
  assert.equal(broken.status, 400);
});

test('headers and bodies beyond their limits are refused by name [control-plane.problems]', async () => {
  const large = await wire(
    house.address,
    `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'a'.repeat(40_000)}\r\n\r\n`,
  );
  assertProblem(large, 'large headers');
  assert.equal(large.status, 431);
  const announced = await request('POST /v1/sessions/alices/end HTTP/1.1', [
    ...authorized(operator),
    'Content-Type: application/json',
    'Content-Length: 99999999999',
  ]);
  assertProblem(announced, 'a large body');
  assert.equal(announced.status, 413);
});

test('a request that never ends is ended [control-plane.problems]', async () => {
  const slow = await wire(house.address, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ', 60_000);
  assertProblem(slow, 'slow');
  assert.equal(slow.status, 408);
});

test('a page elsewhere can neither ask nor act [control-plane.cross-origin]', async () => {
  const ended = house.ended.length;
  const act = (headers: readonly string[]) =>
    request(
      'POST /v1/sessions/alices/end HTTP/1.1',
      [...authorized(operator), 'Content-Type: application/json', 'Content-Length: 14', ...headers],
      '{"reason":"x"}',
    );
  for (const headers of [
    ['Origin: https://evil.example'],
    ['Origin: null'],
    ['Origin: '],
    ['Origin: http://localhost.evil.example'],
    ['Origin: https://localhost'],
    ['Origin: https://console.example.evil.example'],
    ['Origin: https://console.example:444'],
    ['Origin: http://localhost', 'Sec-Fetch-Site: cross-site'],
    ['Sec-Fetch-Site: cross-site'],
    ['Sec-Fetch-Site: same-site'],
    ['Origin: https://evil.example', 'Sec-Fetch-Site: same-origin'],
  ]) {
    const answer = await act(headers);
    assert.equal(answer.status, 403, headers.join());
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
  }
  assert.equal(house.ended.length, ended);
  const allowed = await act(['Origin: https://console.example', 'Sec-Fetch-Site: cross-site']);
  assert.equal(allowed.status, 200);
  assert.equal(allowed.headers['access-control-allow-origin'], 'https://console.example');
  assert.equal(allowed.headers.vary, 'Origin');
  assert.equal(allowed.headers['access-control-allow-credentials'], undefined);
  assert.equal((await act(['Origin: http://localhost', 'Sec-Fetch-Site: same-origin'])).status, 200);
});

test('a preflight is answered for allowed origins and the methods of the path alone [control-plane.cross-origin]', async () => {
  const ask = (origin: string, method: string, path = '/v1/sessions/alices/end') =>
    request(`OPTIONS ${path} HTTP/1.1`, [
      'Host: localhost',
      `Origin: ${origin}`,
      `Access-Control-Request-Method: ${method}`,
      'Access-Control-Request-Headers: authorization,content-type',
    ]);
  const good = await ask('https://console.example', 'POST');
  assert.equal(good.status, 204);
  assert.equal(good.headers['access-control-allow-methods'], 'POST');
  assert.equal(good.headers['access-control-allow-origin'], 'https://console.example');
  for (const [origin, method, path] of [
    ['https://evil.example', 'POST', undefined],
    ['null', 'POST', undefined],
    ['https://console.example', 'DELETE', undefined],
    ['https://console.example', 'POST', '/v1/nowhere'],
  ] as const) {
    const answer = await ask(origin, method, path);
    assert.ok(answer.status >= 400, `${origin} ${method}`);
    assert.equal(answer.headers['access-control-allow-methods'], undefined);
  }
});
