import type { Possession } from '../protocol.ts';

/**
 * PostgreSQL has a field for a password and none for a proof, so both travel in it: `dpop~PROOF~TOKEN`. No character of
 * it needs an escape in a password file or a connection URI, and no JWT has a `~`.
 */
const BOUND = /^dpop~([^~]*)~([^~]*)$/;

export interface Credential {
  readonly token: string;
  readonly possession: Possession;
}

/**
 * Takes a password apart. A proof is for one connection to one target: `htm` is CONNECT, and `htu` the URI a client
 * connects to, without what comes after the authority.
 */
export function readCredential(
  password: string,
  door: {
    readonly target: string;
    readonly authorities: readonly string[];
    readonly certificate: string | null;
  },
): Credential {
  const [, proof = null, token = password] = BOUND.exec(password) ?? [];
  const { target, authorities, certificate } = door;
  const before = `postgres://${encodeURIComponent(target)}@`;
  const shown = { proof, authorities, certificate };
  // There is no way to tell a client a nonce before it sends its password: a proof is used once, and that is all.
  return { token, possession: { ...shown, method: 'CONNECT', before, after: '', tellsNonce: false } };
}
