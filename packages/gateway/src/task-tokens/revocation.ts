/** Ending a task token by whoever holds it, when the task is over (RFC 7009). */
import type { AuditEntry, AuditLog } from '../audit/index.ts';
import { type ExchangeVerifier, type Identity, ProofFault, UnshownFault } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import type { Possession } from '../protocols/protocol.ts';
import { ExchangeRefused } from './refused.ts';
import { readParameters } from './request.ts';

export interface RevocationDependencies {
  readonly verifier: Pick<ExchangeVerifier, 'authenticateHolder'>;
  readonly audit: Pick<AuditLog, 'append'>;
  /**
   * Revokes a token, in force and its sessions ended at once. Gives what did not work: then it is not known everywhere.
   * Rejects with Fault `limit-exceeded` when it cannot be kept.
   */
  revoke(tokenId: string, reason: string, by: Identity): Promise<readonly string[]>;
  /** Whether this is a session of a person at the gateway, which is ended by signing out. */
  isSessionToken(token: string): boolean;
}

/** What tells its refusals from those of an exchange, on record. */
export const REVOKING = { attempt: 'revoke' } as const;

/** Told to those it ends, and on record. */
const REASON = 'its holder ended it';

/**
 * Ends the token in this form, and every token made from it. A token that is good for nothing is the same to its sender as one
 * that was ended just now (RFC 7009 section 2.2): nobody learns here whether a token they found is good, short of ending it.
 * Rejects with ExchangeRefused, and with ProofFault or UnshownFault of what the token says that it is bound to.
 */
export async function revokeHeld(
  deps: RevocationDependencies,
  body: string,
  possession: Possession,
  address: string,
): Promise<void> {
  const held = await holderOf(deps, tokenIn(body), possession, address);
  if (held === null) return;
  const problems = await deps.revoke(held.tokenId, REASON, held).catch((fault: unknown) => {
    if (fault instanceof Fault && fault.code === 'limit-exceeded') return ['too much is revoked'];
    throw fault;
  });
  if (problems.length === 0) return;
  // RFC 7009 section 2.2.1: the client takes it that the token exists, and comes again.
  throw new ExchangeRefused(
    'temporarily_unavailable',
    `the token is not known as ended everywhere: ${problems.join(', ')}; try again`,
  );
}

/** RFC 7009 section 2.1; a hint is only a hint, and says nothing here: there is one kind of token. */
function tokenIn(body: string): string {
  const [token] = readParameters(body).get('token') ?? [];
  if (token === undefined) throw new ExchangeRefused('invalid_request', 'token is missing');
  return token;
}

/** Whose token it is, verified; null for one that is good for nothing, which is on record. */
async function holderOf(
  { verifier, audit, isSessionToken }: RevocationDependencies,
  token: string,
  possession: Possession,
  address: string,
): Promise<Identity | null> {
  if (isSessionToken(token)) {
    throw new ExchangeRefused('unsupported_token_type', 'a session ends by signing out (sallyport logout)');
  }
  let identity: Identity | null;
  try {
    identity = await verifier.authenticateHolder(token, possession);
  } catch (fault) {
    const isOver = fault instanceof Fault && fault.code === 'credential-rejected';
    if (!isOver || fault instanceof ProofFault || fault instanceof UnshownFault) throw fault;
    audit.append(overEntry(fault.message, address));
    return null;
  }
  if (identity !== null) return identity;
  throw new ExchangeRefused(
    'unsupported_token_type',
    'only task tokens end here; others end at their issuer',
  );
}

function overEntry(reason: string, address: string): AuditEntry {
  const facts = { error: 'invalid_token', ...REVOKING, address };
  return { type: 'token-refused', effect: 'deny', reason, facts };
}
