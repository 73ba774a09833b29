import type { FastifyReply } from 'fastify';
import type { RateLimit, Taken } from '../lib/rate-limit.ts';
import { Refused } from './problem.ts';

/** Says how much is left: draft-ietf-httpapi-ratelimit-headers, one item per limit that was counted. */
export function tellRate(
  reply: FastifyReply,
  name: 'address' | 'caller',
  rate: RateLimit,
  taken: Taken,
): void {
  add(reply, 'ratelimit-policy', `"${name}";q=${rate.perMinute};w=60`);
  add(reply, 'ratelimit', `"${name}";r=${taken.left};t=${taken.seconds}`);
}

/** The refusal of one more, with when to come back. */
export function tooMany(reply: FastifyReply, taken: Taken, detail: string): Refused {
  reply.header('retry-after', String(Math.max(1, taken.seconds)));
  return new Refused(429, 'too-many-requests', detail);
}

function add(reply: FastifyReply, header: string, item: string): void {
  const before = reply.getHeader(header);
  reply.header(header, before === undefined ? item : `${String(before)}, ${item}`);
}
