import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { get, head, RawClient, withWorld } from './http-client.ts';

describe('what comes back', () => {
  test('is never a redirect to another place [http.redirect]', async () => {
    const places = {
      '/base/own': '/base/next?a=b',
      '/base/far': 'https://elsewhere.example/x',
      '/base/up': '/outside',
      '/base/net': '//elsewhere.example/',
      '/base/rel': 'next',
    };
    await withWorld(
      {
        answer: ({ url }, response) =>
          void response
            .writeHead(302, { location: places[url as keyof typeof places], 'content-type': 'text/plain' })
            .end('moved'),
      },
      async (world) => {
        const location = async (path: string) => (await get(world, path)).headers.get('location');
        assert.equal(await location('/own'), '/target/next?a=b');
        assert.equal(await location('/rel'), '/target/next');
        assert.equal(await location('/far'), null);
        assert.equal(await location('/up'), null);
        assert.equal(await location('/net'), null);
      },
    );
  });

  test('keeps its meaning without a body [http.statuses]', async () => {
    await withWorld(
      {
        answer({ method, url }, response) {
          if (method === 'HEAD') response.setHeader('content-length', '5').end();
          else response.writeHead(Number(url.slice('/base/'.length))).end();
        },
      },
      async (world) => {
        assert.equal((await get(world, '/204')).status, 204);
        assert.equal((await get(world, '/304')).status, 304);
        assert.equal((await get(world, '/404')).status, 404);
        assert.equal((await get(world, '/x', { method: 'HEAD' })).status, 200);
        assert.equal((await get(world, '/500')).status, 500);
      },
    );
  });

  test('is refused when it is too large, too slow, or only a part, with the reason [http.reply-limits]', async () => {
    await withWorld(
      {
        options: { replyBytes: 2_000, replyMs: 300, headerFields: 20 },
        answer({ url }, response) {
          response.setHeader('content-type', 'text/plain');
          if (url.endsWith('large')) response.end('x'.repeat(2_001));
          if (url.endsWith('part')) response.writeHead(206, { 'content-range': 'bytes 0-0/9' }).end('x');
          if (url.endsWith('fields')) for (let at = 0; at < 30; at += 1) response.setHeader(`x-${at}`, 'y');
          if (url.endsWith('fields')) response.end('x');
        },
      },
      async (world) => {
        for (const [path, status, reason] of [
          ['/large', 502, /http\.reply_bytes/],
          ['/part', 502, /206/],
          ['/fields', 502, /http\.header_fields/],
          ['/never', 504, /http\.reply_ms/],
        ] as const) {
          const response = await get(world, path);
          const text = await response.text();
          assert.equal(response.status, status, text);
          assert.match(text, reason);
          assert.match(text, /evaluation_id/);
        }
      },
    );
  });

  test('is no more, and takes no longer, than policy permits [data-path.limit-bytes, data-path.limit-time]', async () => {
    await withWorld(
      {
        limit: { rows: null, bytes: 100, timeoutMs: 300, perMinute: [] },
        answer({ url }, response) {
          response.setHeader('content-type', 'text/plain');
          if (url.endsWith('fits')) response.end('x'.repeat(100));
          if (url.endsWith('large')) response.end('x'.repeat(101));
        },
      },
      async (world) => {
        assert.equal((await get(world, '/fits')).status, 200);
        for (const [path, status, reason] of [
          ['/large', 403, /larger than 100 bytes.*limit_bytes/],
          ['/never', 504, /more than 300 ms.*limit_time/],
        ] as const) {
          const response = await get(world, path);
          const text = await response.text();
          assert.equal(response.status, status, text);
          assert.match(text, reason);
          assert.match(text, /limit-exceeded/);
          assert.ok(!text.includes('xxx'));
        }
      },
    );
  });

  test('may be of a listed type that cannot be masked [http.unmaskable-withheld]', async () => {
    await withWorld(
      {
        options: { passContentTypes: ['image/png'] },
        answer: (_request, response) =>
          void response.setHeader('content-type', 'image/png').end(Buffer.of(0x89, 0, 1)),
      },
      async (world) => {
        const response = await get(world, '/logo');
        assert.deepEqual([...new Uint8Array(await response.arrayBuffer())], [0x89, 0, 1]);
      },
    );
  });

  test('is word that the target is away, and the session goes on [http.unreachable]', async () => {
    let away = true;
    await withWorld(
      {
        answer(_request, response) {
          if (away) response.socket?.destroy();
          else response.setHeader('content-type', 'text/plain').end('back');
        },
      },
      async (world) => {
        const client = new RawClient(world.gateway.port);
        client.socket.write(head(world, 'GET /target/x'));
        await client.until((received) => received.endsWith('}\n'));
        assert.match(client.received, /^HTTP\/1\.1 503 .*target-unavailable/s);
        assert.ok(!client.received.includes(String(world.targetPort)), 'the address stays inside');
        away = false;
        client.socket.write(head(world, 'GET /target/x'));
        await client.until((received) => received.endsWith('back'));
        assert.ok(!client.closed);
        client.socket.destroy();
      },
    );
  });

  test('arrives whole when it is large and the client is slow [http.large-reply]', async () => {
    const rows = Array.from({ length: 60_000 }, (_, id) => ({
      id,
      contact: `person${id}@customers.example`,
    }));
    const text = JSON.stringify(rows);
    await withWorld(
      {
        answer: (_request, response) => void response.setHeader('content-type', 'application/json').end(text),
      },
      async (world) => {
        const response = await get(world, '/export');
        const body = (await response.json()) as { id: number; contact: string }[];
        assert.equal(body.length, rows.length);
        assert.ok(body.every(({ id, contact }, at) => id === at && !contact.includes('@customers')));
      },
    );
  });
});
