import type { AuditLog } from '../audit/index.ts';
import type { TaskTokenIssuer } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import { adminEntry } from './admin-entry.ts';
import type { Handlers } from './serve-routes.ts';

/** The keys that this gateway signs task tokens with. */
export type TokenKeys = Pick<TaskTokenIssuer['keys'], 'rotate' | 'signing'>;

interface TokenKeyDependencies {
  /** Null when no task tokens are given out. */
  readonly tokenKeys: TokenKeys | null;
  readonly audit: Pick<AuditLog, 'append'>;
}

/** The running gateway changes its key itself: a file that is written beside it would be overwritten, or not seen. */
export function tokenKeyHandlers({
  tokenKeys,
  audit,
}: TokenKeyDependencies): Pick<Handlers, 'rotateTokenKey'> {
  return {
    rotateTokenKey({ caller, body: { reason } }) {
      if (tokenKeys === null) {
        throw new Fault(
          'not-found',
          'This gateway gives out no task tokens (identity.task_tokens.enabled), so it has no key of them.',
        );
      }
      // A new key permits what is signed with it, so its entry comes first (L1).
      const facts = { attempt: 'rotate-token-key', about: tokenKeys.signing.kid };
      audit.append(adminEntry(caller, facts, { reason }));
      const { kid, retired, verifiesUntil } = tokenKeys.rotate();
      return { kid, retired, verifiesUntil: new Date(verifiesUntil).toISOString() };
    },
  };
}
