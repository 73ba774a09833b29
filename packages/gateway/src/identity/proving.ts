/** Whether whoever presents a token holds what it is bound to. */
import type { Clock } from '../lib/clock.ts';
import type { Possession } from '../protocols/protocol.ts';
import { ProofFault, UnshownFault, verifyProof } from './dpop.ts';
import type { Confirmation, Identity, IdentityProvider } from './identity.ts';
import { Nonces } from './nonces.ts';
import { ProofMemory } from './proof-memory.ts';
import { sameText } from './same-text.ts';
import type { IdentityConfig } from './section.ts';
import { rejected } from './token-shape.ts';

/** What came along where nothing did. */
export const NOTHING_SHOWN: Possession = {
  ...{
    proof: null,
    method: '',
    before: '',
    after: '',
    authorities: [],
    certificate: null,
    tellsNonce: false,
  },
};

export interface Proving extends Pick<IdentityProvider, 'confirm'> {
  /** Of the tokens of an exchange; gives the thumbprint of the key of the proof, null when none came. */
  exchanged(
    bearer: string,
    identities: readonly (Identity | null)[],
    possession: Possession,
  ): Promise<string | null>;
  /** Of a token that is to be ended, by what it says of itself: nothing of it was verified. */
  held(bearer: string, said: Confirmation | null, possession: Possession): Promise<void>;
}

export function createProving(config: IdentityConfig, clock: Clock): Proving {
  const { authorities, proofSeconds } = config.taskTokens;
  const rules = {
    windowSeconds: proofSeconds,
    toleranceSeconds: config.clockToleranceSeconds,
    authorities,
    seen: new ProofMemory(clock),
    nonces: config.taskTokens.nonces ? new Nonces(clock) : null,
    clock,
  };
  return {
    async confirm({ confirmation }, bearer, possession) {
      if (confirmation?.x5tS256 != null) checkCertificate(confirmation.x5tS256, possession.certificate);
      const jkt = confirmation?.jkt ?? null;
      if (jkt === null) {
        // RFC 9449 section 7.1: who sends a proof believes that the token is of no use to anyone else.
        if (possession.proof !== null) throw rejected('it is not bound to a key; present it without a proof');
        return;
      }
      if (possession.proof === null) throw rejected('it is bound to a key, and no DPoP proof came with it');
      checkKey(jkt, await verifyProof(bearer, possession, rules));
    },
    async exchanged(bearer, identities, possession) {
      const bindings = identities.flatMap((one) => one?.confirmation ?? []);
      const bound = bindings.flatMap(({ jkt }) => jkt ?? []);
      for (const { x5tS256 } of bindings)
        if (x5tS256 !== null) checkCertificate(x5tS256, possession.certificate);
      if (possession.proof === null) {
        if (bound.length > 0) throw rejected('it is bound to a key, and no DPoP proof came with it');
        return null;
      }
      const jkt = await verifyProof(bearer, possession, rules, { exchanging: true });
      for (const one of bound) checkKey(one, jkt);
      return jkt;
    },
    async held(bearer, said, possession) {
      const { jkt = null, x5tS256 = null } = said ?? {};
      if (x5tS256 !== null && !isSame(x5tS256, possession.certificate))
        throw new UnshownFault('credential-rejected', `The token was not looked at: ${NO_CERTIFICATE}.`);
      if (jkt === null) return;
      // As where tokens are exchanged, the token is not the credential of this request.
      const shown =
        possession.proof === null ? null : await verifyProof(bearer, possession, rules, { exchanging: true });
      if (!isSame(jkt, shown))
        throw new ProofFault(
          'credential-rejected',
          'The token was not looked at: it is bound to a key, and no DPoP proof of that key came with it.',
        );
    },
  };
}

function checkKey(bound: string, shown: string): void {
  if (!sameText(bound, shown)) throw rejected('it is bound to another key than that of the DPoP proof');
}

function checkCertificate(bound: string, shown: string | null): void {
  if (!isSame(bound, shown)) throw rejected(NO_CERTIFICATE);
}

const NO_CERTIFICATE = 'it is bound to a client certificate that was not shown';

function isSame(bound: string, shown: string | null): boolean {
  return shown !== null && sameText(bound, shown);
}
