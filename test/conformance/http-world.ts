import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpProtocol, type HttpOptions } from '../../packages/gateway/src/protocols/http/index.ts';
import type { Door, Evaluation, Limits } from '../../packages/gateway/src/protocols/protocol.ts';
import { type GatewaySetup, type GatewayUnderTest, type Rule, startGateway } from './gateway-under-test.ts';

/** A request as it arrived at the target. */
export interface ArrivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface HttpWorld {
  readonly gateway: GatewayUnderTest;
  readonly requests: readonly ArrivedRequest[];
  /** Where the target listens. */
  readonly targetPort: number;
  close(): Promise<void>;
}

export interface HttpWorldSetup {
  readonly options: HttpOptions;
  readonly rule: (evaluation: Evaluation) => Rule;
  /** What the target answers; by default `{"ok":true}`. */
  readonly answer?: (request: ArrivedRequest, response: ServerResponse) => void;
  readonly credential?: unknown;
  /** What the connector reads secrets from. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly limits?: Partial<Limits>;
  readonly tls?: Door['tls'];
  /** What every permit is limited to. */
  readonly limit?: GatewaySetup['limit'];
}

/** A gateway with an HTTP server behind it that is registered as `target`, with `/base` as the path of its url. */
export async function startHttpWorld(setup: HttpWorldSetup): Promise<HttpWorld> {
  const requests: ArrivedRequest[] = [];
  const answer =
    setup.answer ??
    ((_request, response) => void response.setHeader('content-type', 'application/json').end('{"ok":true}'));
  const receive = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const { method = '', url = '', headers } = incoming;
    const request = { method, url, headers, body: Buffer.concat(chunks) };
    requests.push(request);
    answer(request, response);
  };
  const server = createServer((incoming, response) => void receive(incoming, response));
  server.on('upgrade', (incoming, socket) => {
    requests.push({
      method: 'upgrade',
      url: incoming.url ?? '',
      headers: incoming.headers,
      body: Buffer.alloc(0),
    });
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: targetPort } = server.address() as AddressInfo;
  const { options, rule, credential = { kind: 'none' }, environment = {}, limits, tls, limit } = setup;
  const gateway = await startGateway({
    protocol: createHttpProtocol(options),
    rule,
    environment,
    targets: [{ name: 'target', protocol: 'http', url: `http://127.0.0.1:${targetPort}/base`, credential }],
    ...(limits === undefined ? {} : { limits }),
    ...(tls === undefined ? {} : { tls }),
    ...(limit === undefined ? {} : { limit }),
  });
  return {
    gateway,
    requests,
    targetPort,
    async close() {
      await gateway.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
