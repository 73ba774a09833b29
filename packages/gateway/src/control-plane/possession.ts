import type { FastifyRequest } from 'fastify';
import { authoritiesOf } from '../lib/authorities.ts';
import { Fault } from '../lib/fault.ts';
import { type ClientCertificates, shownCertificate } from '../lib/server-tls.ts';
import type { Possession } from '../protocols/protocol.ts';

/**
 * What came with a request to show that its token is its own. `names` are further ones the control plane goes by. Throws
 * Fault `credential-rejected` for a certificate of an unknown authority.
 */
export type PossessionOf = (
  request: FastifyRequest,
  proof: string | null,
  names?: readonly string[],
) => Possession;

/** `clients` is how clients are asked for a certificate; null when they are not. */
export function readPossession(clients: ClientCertificates | null): PossessionOf {
  return (request, proof, names = []) => {
    const { method, protocol, url, raw } = request;
    const { thumbprint, refused } = shownCertificate(raw.socket, clients);
    if (refused !== null) throw new Fault('credential-rejected', `The token was not looked at: ${refused}.`);
    return {
      proof,
      method,
      before: `${protocol}://`,
      after: url.replace(/[?#].*$/s, ''),
      authorities: [...authoritiesOf(raw.socket), ...names],
      certificate: thumbprint,
      tellsNonce: true,
    };
  };
}

/** The proof in the header; null when none is there. Two of them are one that cannot be read (RFC 9449 section 4.3). */
export function proofOf(request: FastifyRequest): string | null {
  const header = request.headers.dpop;
  if (header === undefined) return null;
  return typeof header === 'string' ? header : '';
}
