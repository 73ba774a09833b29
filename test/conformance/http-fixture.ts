import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect as dial, type Socket } from 'node:net';
import { createHttpProtocol, httpSection } from '../../packages/gateway/src/protocols/http/index.ts';
import type { Evaluation } from '../../packages/gateway/src/protocols/protocol.ts';
import type {
  ClientAnswer,
  ConformanceClient,
  ConformanceTarget,
  OperationName,
  ProtocolFixture,
} from './fixture.ts';
import type { Rule } from './gateway-under-test.ts';

const SECRET = 'jane.roe@customers.example';
const BODY_BYTES = 65_536;

const RULES: Readonly<Record<string, Rule>> = {
  http_get: 'permit',
  http_post: 'approval',
  http_delete: 'forbid',
};

/** How HTTP says each operation. */
const REQUESTS: Readonly<Record<OperationName, { method: string; path: string; body?: string }>> = {
  read: { method: 'GET', path: '/read' },
  write: { method: 'POST', path: '/write', body: '{"amount":1}' },
  forbidden: { method: 'DELETE', path: '/forbidden' },
  undetermined: { method: 'GET', path: '/undetermined?_method=DELETE' },
  masked: { method: 'GET', path: '/masked' },
  oversized: { method: 'POST', path: '/oversized', body: 'x'.repeat(BODY_BYTES + 1) },
  interrupted: { method: 'GET', path: '/interrupted' },
  hostile: { method: 'GET', path: '/hostile' },
};

export function httpFixture(): ProtocolFixture {
  return {
    protocol: createHttpProtocol(httpSection.parse({ bodyBytes: BODY_BYTES })),
    secret: SECRET,
    startTarget,
    rule: ({ action }: Evaluation) => RULES[action] ?? 'no-policy',
    connect: async (port, credential) => new HttpClient(port, credential),
    garbage: [
      { name: 'a TLS hello', bytes: Buffer.from('160301020001000100', 'hex') },
      { name: 'a PostgreSQL startup', bytes: Buffer.from('0000000804d2162f', 'hex') },
      { name: 'an HTTP/2 preface', bytes: Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n') },
      {
        name: 'an endless header',
        bytes: Buffer.from(`GET / HTTP/1.1\r\nhost: a\r\nx: ${'a'.repeat(300_000)}`),
      },
      { name: 'zeros', bytes: Buffer.alloc(4_096) },
    ],
    conversation: {
      sent: ({ token, target }) =>
        Buffer.from(
          `GET /${target}/read HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer ${token}\r\n\r\n`,
        ),
      complete: (received) => /^HTTP\/1\.1 200 .*harmless/s.test(received.toString('latin1')),
    },
    cannot: {},
  };
}

async function startTarget(arrived: (name: OperationName) => void): Promise<ConformanceTarget> {
  const server = createServer((incoming, response) => {
    const name = new URL(incoming.url ?? '', 'http://target').pathname.slice(1) as OperationName;
    arrived(name);
    incoming.resume();
    incoming.once('end', () => answer(name, incoming, response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    config: {
      name: 'target',
      protocol: 'http',
      url: `http://127.0.0.1:${port}`,
      credential: { kind: 'none' },
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer(name: OperationName, incoming: IncomingMessage, response: ServerResponse): void {
  if (name === 'hostile') {
    incoming.socket.end('SSH-2.0-not-what-you-think harmless\r\n');
    return;
  }
  response.setHeader('content-type', 'application/json');
  if (name === 'interrupted') {
    response.setHeader('content-length', '1000');
    response.write('{"word":"harmless"', () => incoming.socket.destroy());
    return;
  }
  response.end(JSON.stringify({ word: 'harmless', contact: name === 'masked' ? SECRET : null }));
}

/** Node's own client, held to one connection. */
class HttpClient implements ConformanceClient {
  readonly closed: Promise<void>;
  readonly #port: number;
  readonly #token: string;
  readonly #target: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #socket: Socket | null = null;

  constructor(port: number, { token, target }: { readonly token: string; readonly target: string }) {
    this.#port = port;
    this.#token = token;
    this.#target = target;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#agent.createConnection = () => {
      const socket = dial(port, '127.0.0.1');
      socket.once('close', () => resolve());
      this.#socket = socket;
      return socket;
    };
  }

  run(name: OperationName): Promise<ClientAnswer> {
    const { method, path, body } = REQUESTS[name];
    const { promise, resolve } = Promise.withResolvers<ClientAnswer>();
    const headers = {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...this.#credential(),
    };
    const sent = request(
      {
        port: this.#port,
        host: '127.0.0.1',
        agent: this.#agent,
        method,
        path: `/${this.#target}${path}`,
        headers,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', () => resolve({ kind: 'closed' }));
        response.on('end', () => resolve(understand(response, Buffer.concat(chunks).toString())));
      },
    );
    sent.on('error', () => resolve({ kind: 'closed' }));
    sent.end(body);
    return promise;
  }

  disconnect(): void {
    this.#socket?.destroy();
    this.#agent.destroy();
  }

  #credential(): Record<string, string> {
    return this.#token === '' ? {} : { authorization: `Bearer ${this.#token}` };
  }
}

function understand(response: IncomingMessage, text: string): ClientAnswer {
  if (response.headers['content-type'] !== 'application/problem+json') return { kind: 'reply', text };
  const problem = JSON.parse(text) as { evaluation_id?: string; hint: string };
  return { kind: 'refused', text, evaluationId: problem.evaluation_id ?? null, hint: problem.hint };
}
