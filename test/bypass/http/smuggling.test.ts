import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { httpSection } from '../../../packages/gateway/src/protocols/http/index.ts';
import type { Evaluation } from '../../../packages/gateway/src/protocols/protocol.ts';
import type { Rule } from '../../conformance/gateway-under-test.ts';
import { type HttpWorld, startHttpWorld } from '../../conformance/http-world.ts';
import { corpus } from './corpus.ts';

describe('requests that could be read in two ways', () => {
  let world: HttpWorld;
  before(async () => {
    world = await startHttpWorld({ options: httpSection.parse({}), rule });
  });
  after(() => world.close());

  for (const { name, raw, status } of corpus) {
    test(`refuses ${name} and forwards nothing [http.one-reading]`, async () => {
      const arrived = world.requests.length;
      const recorded = world.gateway.audit.length;
      const received = await send(world.gateway.port, fill(raw, world.gateway.token));
      const code = Number(/^HTTP\/1\.1 (\d{3}) /.exec(received)?.[1]);
      assert.ok(status.includes(code), `${received.slice(0, 400)}`);
      assert.equal(world.requests.length, arrived);
      assert.ok(
        world.gateway.audit
          .slice(recorded)
          .some(({ type, effect }) => type === 'violation' || effect === 'deny'),
      );
    });

    test(`refuses ${name} also on an open session [http.one-reading]`, async () => {
      const arrived = world.requests.length;
      const good = fill('GET /target/first HTTP/1.1\r\n{host}{auth}\r\n', world.gateway.token);
      const received = await send(world.gateway.port, good, fill(raw, world.gateway.token));
      const codes = [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code));
      assert.equal(codes[0], 200, received.slice(0, 400));
      assert.ok(status.includes(codes[1] ?? 0), received.slice(0, 2_000));
      assert.deepEqual(
        world.requests.slice(arrived).map(({ url }) => url),
        ['/base/first'],
      );
    });
  }
});

function fill(raw: string, token: string): string {
  return raw.replace('{host}', 'Host: gateway\r\n').replace('{auth}', `Authorization: Bearer ${token}\r\n`);
}

/** Sends each message once the answer to the one before has begun, then reads until the gateway closes or half a second is quiet. */
async function send(port: number, ...messages: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  let received = '';
  let closed = false;
  let wake: () => void = () => undefined;
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    received += text;
    wake();
  });
  socket.on('close', () => {
    closed = true;
    wake();
  });
  for (const message of messages) {
    const seen = answers(received);
    socket.write(message, 'latin1');
    while (!closed && answers(received) === seen) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  socket.destroy();
  return received;
}

/** Whole answers: a head, and as much body as it says. */
function answers(received: string): number {
  let count = 0;
  for (let at = 0; ; count += 1) {
    const end = received.indexOf('\r\n\r\n', at);
    if (end < 0) return count;
    const length = Number(/content-length: (\d+)/i.exec(received.slice(at, end))?.[1] ?? 0);
    at = end + 4 + (received.startsWith('HTTP/1.1', at) ? length : 0);
    if (at > received.length) return count;
  }
}

/** Everything that has an action is permitted: what is refused is refused for being unclear. */
function rule({ action }: Evaluation): Rule {
  return action.startsWith('http_') ? 'permit' : 'no-policy';
}
