import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exitCode, Failure } from '../failure.ts';

/** Time to sign in. */
const WAIT_MS = 600_000;

export interface Loopback {
  /** `http://127.0.0.1:PORT/callback`. */
  readonly redirectUri: string;
  /** The address the browser was sent back to, with this state. Whatever else comes is turned away and does not end the wait. */
  arrival(state: string): Promise<URL>;
  close(): void;
}

/** Listens on this machine for a browser to come back (RFC 8252 section 7.3), by number: a name may be somebody else's. */
export async function listenForBrowser(): Promise<Loopback> {
  let arrived: ((url: URL) => void) | null = null;
  let expected = '';
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = urlOf(request, redirectUri);
    const fits = arrived !== null && url?.pathname === '/callback' && only(url, 'state') === expected;
    response.writeHead(fits ? 200 : 404, HEADERS).end(fits ? PAGE : 'There is nothing here.\n');
    if (fits && url !== null) arrived?.(url);
  };
  const server = createServer({ requestTimeout: 10_000, maxHeaderSize: 16_384 }, answer);
  server.maxConnections = 16;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const redirectUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
  return {
    redirectUri,
    arrival: (state) =>
      new Promise((resolve, reject) => {
        expected = state;
        const late = () => reject(new Failure(exitCode.failed, 'Nobody signed in within ten minutes.'));
        const timer = setTimeout(late, WAIT_MS);
        arrived = (url) => {
          clearTimeout(timer);
          resolve(url);
        };
      }),
    close: () => {
      server.close();
      server.closeIdleConnections();
    },
  };
}

/** Null for a page on the internet that got a name to point here. */
function urlOf(request: IncomingMessage, redirectUri: string): URL | null {
  const { host } = new URL(redirectUri);
  if (request.method !== 'GET' || request.headers.host !== host) return null;
  return URL.canParse(request.url ?? '', redirectUri) ? new URL(request.url ?? '', redirectUri) : null;
}

function only(url: URL, name: string): string | null {
  const [value, ...others] = url.searchParams.getAll(name);
  return value === undefined || others.length > 0 ? null : value;
}

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  connection: 'close',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const PAGE = `<!doctype html><title>Sallyport</title><h1>Go back to your terminal</h1>
<p>The command goes on there. You can close this window.</p>
`;
