import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as plainRequest, type RequestOptions } from 'node:http';
import { request as secureRequest } from 'node:https';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createCertificateAuthority } from '../fixtures/certificates.ts';
import { get, head, RawClient, withWorld } from './http-client.ts';

describe('the door', () => {
  test('takes TLS and, from this machine, plain connections on one port [http.tls]', async () => {
    const authority = createCertificateAuthority();
    const { certFile, keyFile } = authority.server(['127.0.0.1']);
    const ca = readFileSync(authority.caFile, 'utf8');
    const tls = { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') };
    await withWorld({ tls }, async (world) => {
      const headers = { authorization: `Bearer ${world.gateway.token}` };
      const options = {
        host: '127.0.0.1',
        port: world.gateway.port,
        path: '/target/x',
        headers,
        agent: false,
      };
      assert.equal(await statusOf(secureRequest, { ...options, ca } as RequestOptions), 200);
      assert.equal(await statusOf(plainRequest, options), 200);
      const started = world.gateway.audit.filter(({ type }) => type === 'session-started');
      assert.deepEqual(
        started.map(({ facts }) => facts?.secure),
        [true, false],
      );
    });
    authority.remove();
  });

  test('gives up on a client that does not finish its head, and records it [http.slow-client]', async () => {
    await withWorld({ limits: { handshakeMs: 50 } }, async (world) => {
      const client = new RawClient(world.gateway.port);
      client.socket.write('GET /target/x HTTP/1.1\r\nHost: ');
      assert.match(await client.until(() => false), /^HTTP\/1\.1 408 .*limits\.handshake_ms/s);
      assert.ok(
        world.gateway.audit.some(
          ({ type, reason }) => type === 'violation' && reason?.includes('handshake_ms'),
        ),
      );
    });
  });

  test('gives up on a client that does not finish its body, naming the limit [http.slow-client]', async () => {
    await withWorld({ options: { bodyMs: 100 } }, async (world) => {
      const client = new RawClient(world.gateway.port);
      client.socket.write(`${head(world, 'POST /target/x', 'Content-Length: 10')}abc`);
      assert.match(await client.until(() => false), /^HTTP\/1\.1 408 .*http\.body_ms.*evaluation_id/s);
      assert.equal(world.requests.length, 0);
    });
  });

  test('closes an idle connection [http.slow-client]', async () => {
    await withWorld({ options: { idleMs: 100 } }, async (world) => {
      const client = new RawClient(world.gateway.port);
      client.socket.write(head(world, 'GET /target/x'));
      assert.match(await client.until(() => false), /^HTTP\/1\.1 200 /);
    });
  });

  test('serves only the caller that opened the connection, and only its target [http.one-caller]', async () => {
    await withWorld({}, async (world) => {
      for (const [again, status] of [
        [head(world, 'GET /target/x').replace(world.gateway.token, 'another'), 401],
        [head(world, 'GET /elsewhere/x'), 421],
        ['GET /target/x HTTP/1.1\r\nHost: gateway\r\n\r\n', 401],
      ] as const) {
        const before = world.requests.length;
        const client = new RawClient(world.gateway.port);
        client.socket.write(head(world, 'GET /target/x'));
        await client.until((received) => received.includes('{"ok":true}'));
        client.socket.write(again);
        const received = await client.until(() => false);
        assert.match(received, new RegExp(`HTTP/1.1 ${status} .*connection: close`, 's'));
        assert.equal(world.requests.length, before + 1);
      }
    });
  });

  test('answers pipelined requests in order, and none overtakes one that is held [http.pipeline]', async () => {
    await withWorld({}, async (world) => {
      const client = new RawClient(world.gateway.port);
      const body = '{"n":2}';
      client.socket.write(
        head(world, 'GET /target/one') +
          head(
            world,
            'POST /target/two',
            'Content-Type: application/json',
            `Content-Length: ${body.length}`,
          ) +
          body +
          head(world, 'GET /target/three'),
      );
      const request = await world.gateway.held();
      assert.deepEqual(
        world.requests.map(({ url }) => url),
        ['/base/one'],
      );
      request.approve();
      await client.until((received) => received.split('{"ok":true}').length === 4);
      assert.deepEqual(
        world.requests.map(({ url }) => url),
        ['/base/one', '/base/two', '/base/three'],
      );
      client.socket.destroy();
    });
  });

  test('answers 100 Continue only once the caller is known [http.expect]', async () => {
    await withWorld({}, async (world) => {
      const client = new RawClient(world.gateway.port);
      client.socket.write(head(world, 'PUT /target/x', 'Content-Length: 2', 'Expect: 100-continue'));
      await client.until((received) => received.startsWith('HTTP/1.1 100 '));
      client.socket.write('ab');
      await client.until((received) => received.includes('{"ok":true}'));
      assert.equal(world.requests[0]?.body.toString(), 'ab');
      const stranger = new RawClient(world.gateway.port);
      stranger.socket.write(
        head(world, 'PUT /target/x', 'Content-Length: 2', 'Expect: 100-continue').replace(
          world.gateway.token,
          'x',
        ),
      );
      assert.match(await stranger.until(() => false), /^HTTP\/1\.1 401 /);
      client.socket.destroy();
    });
  });
});

describe('the end of a session', () => {
  test('is told to the request it finds, whatever that is waiting for [http.lifecycle]', async () => {
    await withWorld({ answer: () => undefined }, async (world) => {
      const reading = new RawClient(world.gateway.port);
      reading.socket.write(`${head(world, 'PUT /target/x', 'Content-Length: 10')}abc`);
      const forwarding = new RawClient(world.gateway.port);
      forwarding.socket.write(head(world, 'GET /target/x'));
      const deciding = new RawClient(world.gateway.port);
      deciding.socket.write(head(world, 'POST /target/x', 'Content-Length: 0'));
      await world.gateway.held();
      while (world.requests.length < 1 || world.gateway.sessions < 3) await setImmediate();
      world.gateway.revoke('the grant was revoked');
      for (const client of [reading, forwarding, deciding]) {
        const received = await client.until(() => false);
        assert.match(received, /^HTTP\/1\.1 403 .*connection: close.*the grant was revoked/s);
        assert.match(received, /"evaluation_id":"[^"]+"/);
      }
      assert.equal(world.requests.length, 1);
    });
  });

  test('after bytes that are not HTTP comes once what runs already is answered [http.lifecycle]', async () => {
    const { promise: may, resolve: answer } = Promise.withResolvers<void>();
    await withWorld(
      {
        answer: (_request, response) =>
          void may.then(() => response.setHeader('content-type', 'text/plain').end('done')),
      },
      async (world) => {
        const client = new RawClient(world.gateway.port);
        client.socket.write(head(world, 'GET /target/x'));
        while (world.requests.length < 1) await setImmediate();
        client.socket.write('\0\0garbage\r\n\r\n');
        while (!world.gateway.audit.some(({ type }) => type === 'violation')) await setImmediate();
        answer();
        assert.match(await client.until(() => false), /^HTTP\/1\.1 200 .*connection: close.*done$/s);
      },
    );
  });
});

describe('a hold', () => {
  test('shows the approver every byte that will run, and runs exactly those [http.exact-approval]', async () => {
    await withWorld({}, async (world) => {
      const body = `{"amount":1,"note":"${'x'.repeat(1_000)}"}`;
      const running = get(world, '/pay?to=b', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      });
      const request = await world.gateway.held();
      assert.match(request.text, /^POST \/pay\?to=b HTTP\/1\.1\n/);
      assert.ok(request.text.endsWith(`\n\n${body}`));
      assert.ok(!request.text.includes(world.gateway.token));
      request.approve();
      const response = await running;
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('sallyport-access-request'), request.id);
      assert.equal(world.requests[0]?.body.toString(), body);
    });
  });

  test('is announced by 102 only to a client that asks [http.interim]', async () => {
    await withWorld({}, async (world) => {
      for (const asks of [true, false]) {
        const client = new RawClient(world.gateway.port);
        const fields = ['Content-Length: 0', ...(asks ? ['Sallyport-Interim: yes'] : [])];
        client.socket.write(head(world, 'POST /target/x', ...fields));
        const request = await world.gateway.held();
        if (asks) {
          const notice = await client.until((received) => received.includes('\r\n\r\n'));
          assert.match(notice, new RegExp(`^HTTP/1.1 102 .*${request.id}.*approvers=1`, 's'));
        }
        request.deny('no');
        const received = await client.until((text) => text.includes('access-request-denied'));
        assert.equal(received.includes(' 102 '), asks);
        client.socket.destroy();
      }
    });
  });
});

describe('what reaches the target', () => {
  test('has the connector’s credential and none of the client’s [http.credentials]', async () => {
    const value_env = 'TARGET_TOKEN';
    const credential = { kind: 'header', header: 'X-Api-Key', value_env };
    await withWorld({ credential, environment: { TARGET_TOKEN: 'target-secret' } }, async (world) => {
      const headers = {
        cookie: 'a=b',
        'x-api-key': 'mine',
        'proxy-authorization': 'Basic eDp5',
        forwarded: 'host=internal',
        'x-forwarded-host': 'internal',
        'x-real-ip': '127.0.0.1',
        'x-custom': 'dropped',
        accept: 'application/json',
      };
      const response = await get(world, '/x', { headers });
      assert.equal(response.status, 200);
      const arrived = world.requests[0];
      assert.equal(arrived?.headers['x-api-key'], 'target-secret');
      assert.equal(arrived?.headers.host, `127.0.0.1:${world.targetPort}`);
      for (const name of [
        'authorization',
        'cookie',
        'proxy-authorization',
        'forwarded',
        'x-forwarded-host',
        'x-real-ip',
        'x-custom',
      ]) {
        assert.equal(arrived?.headers[name], undefined, name);
      }
      const everything = JSON.stringify([
        world.gateway.audit,
        world.gateway.recordings,
        [...response.headers],
      ]);
      assert.ok(!everything.includes('target-secret') && !everything.includes(world.gateway.token));
    });
  });

  test('has no field that the client declared to be for this hop only [http.credentials]', async () => {
    await withWorld({}, async (world) => {
      const client = new RawClient(world.gateway.port);
      client.socket.write(
        head(
          world,
          'GET /target/x',
          'Connection: keep-alive, X-Request-Id',
          'X-Request-Id: a',
          'Accept: b/c',
        ),
      );
      await client.until((received) => received.includes('{"ok":true}'));
      assert.equal(world.requests[0]?.headers['x-request-id'], undefined);
      assert.equal(world.requests[0]?.headers.accept, 'b/c');
      client.socket.destroy();
    });
  });

  test('is a chunked body made whole, without its trailers [http.one-reading]', async () => {
    await withWorld({}, async (world) => {
      const client = new RawClient(world.gateway.port);
      client.socket.write(
        `${head(world, 'PUT /target/x', 'Transfer-Encoding: chunked', 'Trailer: Authorization')}2;x=y\r\nab\r\n1\r\nc\r\n0\r\nAuthorization: Bearer z\r\n\r\n`,
      );
      await client.until((received) => received.includes('{"ok":true}'));
      const { headers, body } = world.requests[0] ?? { headers: {}, body: Buffer.alloc(0) };
      assert.equal(body.toString(), 'abc');
      assert.deepEqual(
        [headers['content-length'], headers['transfer-encoding'], headers.trailer],
        ['3', undefined, undefined],
      );
      client.socket.destroy();
    });
  });
});

async function statusOf(send: typeof plainRequest, options: RequestOptions): Promise<number | undefined> {
  const sent = send(options);
  sent.end();
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}
