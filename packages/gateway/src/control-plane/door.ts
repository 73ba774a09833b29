import { isIP } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../lib/clock.ts';
import { Refused } from './problem.ts';
import { RateLimit } from './rate-limit.ts';
import { type ControlPlaneConfig, parseListen } from './section.ts';

/**
 * What every request passes before anyone is authenticated: the rate of its address, the host it asked for (a page on
 * the internet can make its name point here: DNS rebinding), and the origin it comes from.
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

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    if (config.tls !== undefined) reply.header('strict-transport-security', 'max-age=31536000');
    if (!rate.take(request.ip)) {
      reply.header('retry-after', '60');
      throw new Refused(
        429,
        'limit-exceeded',
        `More than ${config.requestsPerMinute} requests a minute (controlPlane.requestsPerMinute).`,
      );
    }
    const host = hostName(request.headers.host);
    // An address cannot be rebound, only a name can.
    const known = host !== null && (host === hostName(new URL(own.origin()).host) || hosts.has(host));
    if (host === null || !(isIP(host) !== 0 || host === 'localhost' || known)) {
      throw new Refused(
        421,
        'not-permitted',
        'This host name is not served here; see controlPlane.allowedHosts.',
      );
    }
    const { origin } = request.headers;
    // A page of an identity provider posts a response, which proves itself; what it may not do is use a cookie.
    if (request.routeOptions.config.postedByOthers === true) return;
    if (origin !== undefined && origin !== own.origin() && !origins.has(origin)) {
      throw new Refused(
        403,
        'not-permitted',
        'Pages of this origin may not call; see controlPlane.allowedOrigins.',
      );
    }
  });
}

/** JSON for programs: nothing here may be framed, sniffed, cached or run. */
const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

function hostName(header: string | undefined): string | null {
  const match = /^(?:\[([0-9a-f:]{2,45})\]|([a-z0-9.-]{1,253}))(?::\d{1,5})?$/.exec(
    (header ?? '').toLowerCase(),
  );
  return match?.[1] ?? match?.[2] ?? null;
}
