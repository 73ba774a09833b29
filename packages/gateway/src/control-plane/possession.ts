import type { FastifyRequest } from 'fastify';
import { authoritiesOf } from '../lib/authorities.ts';
import type { Possession } from '../protocols/protocol.ts';

/** What came with a request to show that its token is its own. `names` are further ones the control plane goes by. */
export function possessionOf(
  request: FastifyRequest,
  proof: string | null,
  names: readonly string[] = [],
): Possession {
  const { method, protocol, url, raw } = request;
  return {
    proof,
    method,
    before: `${protocol}://`,
    after: url.replace(/[?#].*$/s, ''),
    authorities: [...authoritiesOf(raw.socket), ...names],
    certificate: null,
  };
}

/** The proof in the header; null when none is there. Two of them are one that cannot be read (RFC 9449 section 4.3). */
export function proofOf(request: FastifyRequest): string | null {
  const header = request.headers.dpop;
  if (header === undefined) return null;
  return typeof header === 'string' ? header : '';
}
