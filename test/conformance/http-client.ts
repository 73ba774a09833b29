import { connect, type Socket } from 'node:net';
import { type HttpOptions, httpSection } from '../../packages/gateway/src/protocols/http/index.ts';
import type { Evaluation } from '../../packages/gateway/src/protocols/protocol.ts';
import type { Rule } from './gateway-under-test.ts';
import { type HttpWorld, type HttpWorldSetup, startHttpWorld } from './http-world.ts';

const rule = ({ action }: Evaluation): Rule =>
  action === 'http_post' ? 'approval' : action.startsWith('http_') ? 'permit' : 'no-policy';

export async function withWorld(
  setup: Partial<Omit<HttpWorldSetup, 'options'>> & { readonly options?: Partial<HttpOptions> },
  check: (world: HttpWorld) => Promise<void>,
): Promise<void> {
  const world = await startHttpWorld({ rule, ...setup, options: httpSection.parse(setup.options ?? {}) });
  try {
    await check(world);
  } finally {
    await world.close();
  }
}

/** A client that writes raw bytes and reads until a condition holds or the gateway closes. */
export class RawClient {
  readonly socket: Socket;
  received = '';
  closed = false;
  #wake: () => void = () => undefined;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.setEncoding('latin1');
    this.socket.on('error', () => undefined);
    this.socket.on('data', (text: string) => {
      this.received += text;
      this.#wake();
    });
    this.socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  async until(holds: (received: string) => boolean): Promise<string> {
    while (!this.closed && !holds(this.received)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.received;
  }
}

export const head = (world: HttpWorld, start: string, ...fields: string[]): string =>
  [
    `${start} HTTP/1.1`,
    'Host: gateway',
    `Authorization: Bearer ${world.gateway.token}`,
    ...fields,
    '\r\n',
  ].join('\r\n');

export const get = (world: HttpWorld, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${world.gateway.port}/target${path}`, {
    redirect: 'manual',
    ...init,
    headers: { authorization: `Bearer ${world.gateway.token}`, ...(init.headers as Record<string, string>) },
  });
