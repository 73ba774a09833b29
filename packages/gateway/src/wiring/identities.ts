import { join } from 'node:path';
import type { AuditLog } from '../audit/index.ts';
import type { GatewayConfig } from '../config/index.ts';
import type { Containment } from '../containment/index.ts';
import {
  createIdentityProvider,
  type Identity,
  type IdentityProvider,
  type IdentityRoom,
  TaskTokenIssuer,
} from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { PolicyDecisionPoint } from '../policy/index.ts';
import { createSignIn, isSessionToken, type SignIn, withSessions } from '../sign-in/index.ts';
import type { Storage } from '../storage/index.ts';
import { createExchange, createLedger, type Ledger, type TokenExchange } from '../task-tokens/index.ts';
import type { Owned } from './closing.ts';

interface IdentityDependencies {
  readonly clock: Clock;
  readonly storage: Storage;
  readonly storeKey: Uint8Array;
  readonly audit: AuditLog;
  readonly decisionPoint: PolicyDecisionPoint;
  readonly containment: Pick<Containment, 'guard' | 'objection' | 'revoke'>;
  report(fault: unknown): void;
  /** Ends the open sessions of whoever this matches. */
  end(matches: (session: { readonly identity: Identity }) => boolean, reason: string): unknown;
}

export interface OpenedIdentities {
  /** Whoever is accepted: by a token of an issuer, a task token, or a session of ours. */
  readonly identity: IdentityProvider;
  /** Tokens alone. */
  readonly tokens: IdentityRoom;
  readonly signIn: SignIn;
  readonly ledger: Ledger;
  /** Null when tokens are not exchanged. */
  readonly exchange: TokenExchange | null;
}

/** Everything that says who somebody is. What was opened with a browser's session ends with it. */
export async function openIdentities(
  config: GatewayConfig,
  deps: IdentityDependencies,
  owned: Owned,
): Promise<OpenedIdentities> {
  const { clock, storage, storeKey, audit, containment } = deps;
  const { enabled, issuer: name } = config.identity.taskTokens;
  const keyFile = join(config.dataDirectory, 'task-token-keys.json');
  const issuer =
    enabled && name !== undefined ? new TaskTokenIssuer(config.identity, name, keyFile, clock) : null;
  // Under everything else, so that nothing is renewed, exchanged or signed in with for somebody who is revoked.
  const tokens = containment.guard(
    createIdentityProvider(config.identity, { clock, taskTokens: issuer, othersIssue: storage.shared }),
  );
  const signIn: SignIn = await createSignIn(config.signIn, config.identity, {
    ...{ clock, audit, store: storage.signIns, storeKey, identity: tokens },
    report: deps.report,
    objectionTo: (who) => containment.objection({ identity: who })?.reason ?? null,
    ended: (hash, why) => void deps.end(({ identity }) => signIn.isOf(identity, hash), why),
  });
  const ledger = owned(createLedger({ store: storage.taskTokens, clock, report: deps.report }));
  const exchange = issuer === null ? null : openExchange(config, deps, { issuer, tokens, ledger });
  return { identity: withSessions(tokens, signIn), tokens, signIn, ledger, exchange };
}

function openExchange(
  config: GatewayConfig,
  { clock, storage, audit, decisionPoint, containment }: IdentityDependencies,
  {
    issuer,
    tokens,
    ledger,
  }: { readonly issuer: TaskTokenIssuer; readonly tokens: IdentityRoom; readonly ledger: Ledger },
): TokenExchange {
  const targets = new Set(config.connector.targets.map((one) => one.name));
  return createExchange({
    ...{ config: config.identity.taskTokens, issuer, verifier: tokens, ledger },
    ...{ store: storage.taskTokens, audit, clock },
    revoke: async (value, reason, by) => {
      const revoking = { kind: 'token', value, reason, quarantine: false } as const;
      return (await containment.revoke(revoking, by)).problems;
    },
    isSessionToken,
    isTarget: (one) => targets.has(one),
    isAction: (one) => decisionPoint.isAction(one),
    groupOf: (one) => decisionPoint.groupOf(one),
  });
}
