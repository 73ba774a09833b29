import { isIP } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../lib/clock.ts';
import { addressKey, RateLimit } from '../lib/rate-limit.ts';
import { methodsOf, Refused, SECURITY_HEADERS } from './problem.ts';
import { tellRate, tooMany } from './rate-headers.ts';
import { type ControlPlaneConfig, parseListen } from './section.ts';

/**
 * What every request passes before anyone is authenticated: the rate of its address, the form of its target, the host it
 * asked for (a page on the internet can make its name point here: DNS rebinding), and the origin it comes from.
 */
export function guardDoor(
  app: FastifyInstance,
  config: ControlPlaneConfig,
  clock: Clock,
  own: { origin(): string },
): void {
  const rate = new RateLimit(config.requestsPerMinute, clock);
  const hosts = new Set(
    [parseListen(config.listen).host, ...config.allowedHosts].map((host) => host.toLowerCase()),
  );
  const origins = new Set(config.allowedOrigins.map((origin) => new URL(origin).origin));
  const scheme = config.tls === undefined ? 'http' : 'https';

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    if (config.tls !== undefined) reply.header('strict-transport-security', 'max-age=31536000');
    const taken = rate.take(addressKey(request.ip));
    tellRate(reply, 'address', rate, taken);
    if (!taken.allowed) {
      throw tooMany(
        reply,
        taken,
        `More than ${config.requestsPerMinute} requests a minute from one address (control_plane.requests_per_minute).`,
      );
    }
    checkTarget(request);
    checkHost(request, hosts, hostName(new URL(own.origin()).host));
    // Issuers send browsers here from their own pages; nothing that comes this way is believed for where it came from.
    if (request.routeOptions.config.open === true) return;
    const from = checkOrigin(request, origins, [`${scheme}://${request.headers.host}`, own.origin()]);
    if (from !== 'elsewhere') return;
    reply.header('vary', 'Origin').header('access-control-allow-origin', request.headers.origin);
    reply.header('access-control-expose-headers', 'dpop-nonce, idempotency-replayed, ratelimit, retry-after');
    if (request.method === 'OPTIONS') return preflight(request, reply);
  });
}

/**
 * A path and a query in the characters of RFC 3986, and nothing else: not the form meant for proxies, nor what could be
 * taken for a host, nor a fragment, which the router would cut off and others would not.
 */
function checkTarget(request: FastifyRequest): void {
  const { url = '' } = request.raw;
  if (/^\/(?!\/)[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*$/.test(url)) return;
  throw new Refused(
    400,
    'bad-request',
    'Ask for a path: "/v1/…", without a scheme, a host or a second slash.',
  );
}

function checkHost(request: FastifyRequest, hosts: ReadonlySet<string>, own: string | null): void {
  const { rawHeaders } = request.raw;
  const given = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length;
  if (given > 1) throw new Refused(400, 'bad-request', 'Send one Host header.');
  const host = hostName(request.headers.host);
  // An address cannot be rebound, only a name can.
  if (host !== null && (isIP(host) !== 0 || host === 'localhost' || host === own || hosts.has(host))) return;
  throw new Refused(
    421,
    'misdirected',
    'This host name is not served here; see control_plane.allowed_hosts.',
  );
}

/** Whether a browser sends this, and for whom. A program sends neither header; a page cannot leave them out. */
function checkOrigin(
  request: FastifyRequest,
  origins: ReadonlySet<string>,
  own: readonly string[],
): 'here' | 'elsewhere' {
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (origin === undefined) {
    if (site === undefined || site === 'same-origin' || site === 'none') return 'here';
  } else {
    if (origins.has(origin)) return 'elsewhere';
    if (own.includes(origin) && (site === undefined || site === 'same-origin')) return 'here';
  }
  throw new Refused(
    403,
    'not-permitted',
    'Pages of this origin may not call; see control_plane.allowed_origins.',
  );
}

/** How long a browser may remember the answer, in seconds. */
const PREFLIGHT_SECONDS = 600;

/** Answers the question a browser asks before a page of an allowed origin may call (Fetch, CORS-preflight). */
function preflight(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const methods = methodsOf(request.url);
  const asked = request.headers['access-control-request-method'];
  if (asked === undefined || !methods.includes(asked)) {
    throw new Refused(405, 'method-not-allowed', 'No route at this path takes that method.');
  }
  return reply
    .header('access-control-allow-methods', methods.join(', '))
    .header('access-control-allow-headers', 'authorization, content-type, idempotency-key')
    .header('access-control-max-age', String(PREFLIGHT_SECONDS))
    .code(204)
    .send();
}

function hostName(header: string | undefined): string | null {
  const match = /^(?:\[([0-9a-f:]{2,45})\]|([a-z0-9.-]{1,253}))(?::\d{1,5})?$/.exec(
    (header ?? '').toLowerCase(),
  );
  return match?.[1] ?? match?.[2] ?? null;
}
