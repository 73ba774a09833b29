import {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  type RequestOptions,
  request as requestPlain,
  type ServerResponse,
} from 'node:http';
import { request as requestSecure } from 'node:https';
import { type Duplex, pipeline } from 'node:stream';
import { checkServerIdentity } from 'node:tls';
import type { TlsMaterial } from '../tls-material.ts';
import { EchoGuard, holdsNeedle } from './echo-guard.ts';
import type { FarEnd } from './pair-connection.ts';

export interface Upstream {
  /** Where requests go; its path is put before theirs. */
  readonly url: URL;
  readonly tls: TlsMaterial | null;
  /** Added to each request, in place of anything of the same name. */
  readonly credential: Readonly<Record<string, string>>;
  /** What of it must not come back. */
  readonly needles: readonly Buffer[];
  /** Time to connect, TLS included. */
  readonly connectMs: number;
}

/** Largest head of a request or a reply, in bytes. */
const HEAD_BYTES = 262_144;

/** Never passed on from a client: credentials, who the message is for, and hop-by-hop fields. */
const NOT_FORWARDED = new Set(
  (
    'authorization connection cookie expect forwarded host keep-alive proxy-authenticate proxy-authorization ' +
    'proxy-connection te trailer transfer-encoding upgrade via x-forwarded-for x-forwarded-host x-forwarded-proto x-real-ip'
  ).split(' '),
);
const NOT_RETURNED = new Set(
  'connection keep-alive location proxy-authenticate proxy-connection set-cookie te trailer transfer-encoding upgrade'.split(
    ' ',
  ),
);

/** Serves requests that come through `far` by asking the target. */
export function startRelay(far: Duplex, upstream: Upstream): FarEnd {
  const underWay = new Set<ClientRequest>();
  const server = createServer(
    {
      insecureHTTPParser: false,
      maxHeaderSize: HEAD_BYTES,
      // The gateway has its own limits of time, and closes the connection when one is passed.
      keepAliveTimeout: 0,
      requestTimeout: 0,
      headersTimeout: 0,
    },
    (request, response) => forward(request, response, upstream, underWay),
  );
  server.maxHeadersCount = 0;
  server.on('clientError', () => far.destroy());
  server.emit('connection', far);
  return {
    abort() {
      for (const request of underWay) request.destroy();
    },
  };
}

function forward(
  request: IncomingMessage,
  response: ServerResponse,
  upstream: Upstream,
  underWay: Set<ClientRequest>,
): void {
  const path = pathAt(upstream.url, request.url ?? '');
  if (path === null) return unreached(response, 'request-invalid');
  const asked = ask(upstream, request, path);
  underWay.add(asked);
  const slow = setTimeout(() => asked.destroy(new Error('timeout')), upstream.connectMs);
  asked.once('socket', (socket) => {
    socket.once(upstream.url.protocol === 'https:' ? 'secureConnect' : 'connect', () => clearTimeout(slow));
  });
  asked.once('close', () => {
    clearTimeout(slow);
    underWay.delete(asked);
  });
  let replied = false;
  asked.on('response', (reply) => {
    replied = true;
    if (reply.rawHeaders.some((text) => holdsNeedle(text, upstream.needles))) {
      reply.destroy();
      unreached(response, 'credential-echoed');
      return;
    }
    try {
      response.sendDate = false;
      response.writeHead(reply.statusCode ?? 502, returned(reply.rawHeaders, upstream.url, path));
    } catch {
      // A field that cannot be written is one that should not have been readable.
      reply.destroy();
      response.destroy();
      return;
    }
    pipeline(reply, new EchoGuard(upstream.needles), response, () => {
      // A reply cut short must not look whole: an open end only shows by the connection closing.
      if (!reply.complete) response.destroy();
    });
  });
  asked.on('upgrade', (_reply, socket) => socket.destroy());
  asked.on('error', () => undefined);
  asked.on('close', () => {
    if (!replied) unreached(response, 'unreachable');
  });
  pipeline(request, asked, () => undefined);
}

function ask({ url, tls, credential }: Upstream, request: IncomingMessage, path: string): ClientRequest {
  const options: RequestOptions = {
    host: hostOf(url),
    port: url.port,
    method: request.method,
    path,
    agent: false,
    headers: { ...forwarded(request.rawHeaders), ...credential, host: url.host, connection: 'close' },
    insecureHTTPParser: false,
    maxHeaderSize: HEAD_BYTES,
  };
  const asked =
    url.protocol === 'https:' && tls !== null
      ? requestSecure({ ...options, ...verification(tls) })
      : requestPlain(options);
  asked.maxHeadersCount = 0;
  return asked;
}

function verification({ context, verifyAuthority, verifyName, sni }: TlsMaterial) {
  return {
    secureContext: context,
    rejectUnauthorized: verifyAuthority,
    servername: sni ?? '',
    checkServerIdentity: (_host: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      verifyName === null ? undefined : checkServerIdentity(unbracketed(verifyName), certificate),
  };
}

/** The path at the target, or null for one that could lead out of the configured place. The gateway refuses these too. */
function pathAt(url: URL, path: string): string | null {
  if (!/^\/[!-~]*$/.test(path)) return null;
  const [plain = ''] = path.split('?', 1);
  if (/\/\/|\\|%2e|%2f|%5c|%00|(?:^|\/)\.{1,2}(?:\/|$)/i.test(plain)) return null;
  return `${url.pathname.replace(/\/$/, '')}${path}`;
}

function forwarded(rawHeaders: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = Object.create(null);
  for (const [name, value] of pairs(rawHeaders)) {
    if (!NOT_FORWARDED.has(name) && !name.startsWith('sallyport-')) fields[name] = value;
  }
  return fields;
}

function returned(rawHeaders: readonly string[], url: URL, path: string): string[] {
  const fields: string[] = [];
  for (const [name, value] of pairs(rawHeaders)) {
    const location = name === 'location' ? withinTarget(value, url, path) : null;
    if (location !== null) fields.push(name, location);
    else if (!NOT_RETURNED.has(name) && !name.startsWith('sallyport-')) fields.push(name, value);
  }
  return fields;
}

/** A place of the target's own as a path below its url; null for any other: a redirect must not lead around the gateway. */
function withinTarget(location: string, url: URL, path: string): string | null {
  const asked = new URL(path, url).href;
  if (!URL.canParse(location, asked)) return null;
  const place = new URL(location, asked);
  const base = url.pathname.replace(/\/$/, '');
  if (place.origin !== url.origin || !`${place.pathname}/`.startsWith(`${base}/`)) return null;
  return `${place.pathname.slice(base.length) || '/'}${place.search}`;
}

function* pairs(rawHeaders: readonly string[]): Generator<[name: string, value: string]> {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    yield [(rawHeaders[at] ?? '').toLowerCase(), rawHeaders[at + 1] ?? ''];
  }
}

/** Says that no reply came. */
function unreached(response: ServerResponse, code: string): void {
  if (response.destroyed) return;
  response.writeHead(502, { 'sallyport-fault': code, 'content-length': '0' });
  response.end();
}

function hostOf(url: URL): string {
  return unbracketed(url.hostname);
}

function unbracketed(name: string): string {
  return name.replace(/^\[|\]$/g, '');
}
