import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Fault } from '../lib/fault.ts';

/** Most connections of scrapers at once. */
const CONNECTIONS = 16;
/** Time for a request, in milliseconds. */
const REQUEST_MS = 5_000;

export interface MetricsListener {
  readonly address: string;
  close(): Promise<void>;
}

/** Gives metrics, and nothing else, to whoever can reach this address. Rejects with Fault `config-invalid`. */
export async function listenForScrapers(listen: string, render: () => string): Promise<MetricsListener> {
  const at = listen.lastIndexOf(':');
  const host = listen.slice(0, at).replace(/^\[|\]$/g, '');
  const server = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS },
    (request, response) => {
      request.resume();
      const isAsked = request.method === 'GET' && request.url?.split('?', 1)[0] === '/metrics';
      response.setHeader('x-content-type-options', 'nosniff').setHeader('cache-control', 'no-store');
      if (!isAsked) return void response.writeHead(404).end();
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(render());
    },
  );
  server.maxConnections = CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new Fault('config-invalid', `Could not listen on ${listen} (metrics.listen).`, { cause })),
    );
    server.listen(Number(listen.slice(at + 1)), host, resolve);
  });
  const { family, address, port } = server.address() as AddressInfo;
  return {
    address: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
