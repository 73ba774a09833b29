import { createHash } from 'node:crypto';

/**
 * The id by which a token is revoked: SHA-256, base64url, of the part of the JWT that is signed. The signature is left out
 * because it can be written in other ways that verify as well: ECDSA's (r, n − s), and unused bits of its base64url. Whoever
 * holds a revoked token could give it another id that way.
 */
export function tokenIdOf(bearer: string): string {
  const end = bearer.lastIndexOf('.');
  return createHash('sha256')
    .update(end < 0 ? bearer : bearer.slice(0, end))
    .digest('base64url');
}
