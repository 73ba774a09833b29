import type { Possession } from '../protocols/protocol.ts';

/** Who an operation runs for, as proven by a verified token. Frozen. */
export interface Identity {
  /** On whose authority: `<issuer name>|<sub>`, unique over issuers. */
  readonly subject: string;
  /** Shown to people: e-mail or name claim, else the subject. Attacker-chosen text in some issuers; escape it. */
  readonly displayName: string;
  readonly groups: readonly string[];
  /** The AI agent instance acting for the subject (RFC 8693 `act`), or null. */
  readonly actor: string | null;
  /** The task the token was given for, or null. */
  readonly task: string | null;
  /** A machine never approves (L3). Anything not known to be a person is a machine. */
  readonly kind: 'person' | 'machine';
  /** When the token stops being good, in milliseconds since the epoch. */
  readonly expiresAt: number;
  /** When they signed in (`auth_time`), in milliseconds since the epoch; absent when the issuer does not say. */
  readonly authenticatedAt?: number;
  /** Every name this subject is known by, for "nobody approves their own": subject, actor, e-mail, client id. */
  readonly aliases: readonly string[];
  /** Those of the aliases that are the subject's own, whoever acts for it. */
  readonly subjectAliases: readonly string[];
  /** Which token this is, and how it is revoked: the `jti` of a task token, of any other what `tokenIdOf` makes of it. */
  readonly tokenId: string;
  /** `<issuer name>|<jti>` as the issuer chose it, or null when it gave the token none. */
  readonly issuerTokenId: string | null;
  /** When the token was issued, in milliseconds since the epoch; 0 when it does not say. */
  readonly issuedAt: number;
  /** Of a task token, the issuer's token that its groups are from; null for a token that says them itself. */
  readonly groupsFrom: GroupsFrom | null;
  /** The actors it was handed on by, the one that acts now first (RFC 8693 section 4.1). Empty: nobody but the subject. */
  readonly delegation: readonly string[];
  /** What a task token names; null for a token of an issuer, which only policy limits. */
  readonly scope: TaskScope | null;
  /** What whoever presents the token has to show that they hold; null for a token that is good in any hand. */
  readonly confirmation: Confirmation | null;
  /** The only actor the token may be handed to (RFC 8693 section 4.4), or null when its issuer names none. */
  readonly mayAct: string | null;
}

/** All that a task token is good for. What is not named here is denied, whatever policy permits. */
export interface TaskScope {
  readonly targets: readonly string[];
  /** Actions of the policy schema, and groups of them such as `read`. */
  readonly actions: readonly string[];
  /** What it was given; what is left of it is in the ledger. */
  readonly budget: TaskBudget;
  /** The task tokens it was made from, nearest first: what it spends, they spend. */
  readonly ancestors: readonly string[];
  /** `Identity.tokenId` of the issuer's token that the first of them was made from. */
  readonly origin: string;
}

/** Whose token said what groups somebody has, and when. */
export interface GroupsFrom {
  /** SHA-256 of who it is, as base64url. */
  readonly caller: string;
  /** When that token was issued, in milliseconds since the epoch. */
  readonly issuedAt: number;
}

/** How much may be done with a task token, and everything made from it. */
export interface TaskBudget {
  readonly operations: number;
  readonly rows: number;
  readonly approvals: number;
}

/** RFC 7800, the two methods that can be checked here. */
export interface Confirmation {
  /** RFC 9449 section 6.1: thumbprint of the key of DPoP proofs. */
  readonly jkt: string | null;
  /** RFC 8705 section 3.1: SHA-256 of the client certificate. */
  readonly x5tS256: string | null;
}

/** What is true of a token that nobody narrowed and that is bound to nothing, for tools that know of no token. */
export const PLAIN_TOKEN: Pick<
  Identity,
  | 'subjectAliases'
  | 'groupsFrom'
  | 'tokenId'
  | 'issuerTokenId'
  | 'issuedAt'
  | 'delegation'
  | 'scope'
  | 'confirmation'
  | 'mayAct'
> = Object.freeze({
  ...{ subjectAliases: Object.freeze([]), tokenId: '', issuerTokenId: null, issuedAt: 0, groupsFrom: null },
  ...{ delegation: Object.freeze([]), scope: null, confirmation: null, mayAct: null },
});

export interface IdentityProvider {
  /**
   * Verifies a token. Rejects with Fault `credential-rejected` or `issuer-unavailable`, whose messages are safe to show.
   * Without `possession`, a token that is bound to a key is refused.
   */
  authenticate(bearer: string, possession?: Possession): Promise<Identity>;
  /** The same for a further request with a token that was authenticated: whoever sends it must hold the key, too. */
  confirm(identity: Identity, bearer: string, possession: Possession): Promise<void>;
}

/** What a token is exchanged by, verified. */
export interface Exchanging {
  readonly subject: Identity;
  /** Who is to act, or null when no actor token came. */
  readonly actor: Identity | null;
  /** Thumbprint of the key of the proof, or null when none came. */
  readonly jkt: string | null;
}

export interface ExchangeVerifier extends IdentityProvider {
  /** Verifies the tokens of an exchange. The proof beside them may be of a key that only the new token is bound to. */
  authenticateExchange(
    tokens: { readonly subject: string; readonly actor: string | null },
    possession: Possession,
  ): Promise<Exchanging>;
  /**
   * Verifies a task token that whoever holds it wants to end, revoked or not. Null for a token of an issuer: that is the
   * issuer's to end. Rejects with Fault `credential-rejected`; with ProofFault or UnshownFault when what it says that it is
   * bound to was not shown, which is told before anything is verified, so that it tells nothing of the token.
   */
  authenticateHolder(bearer: string, possession: Possession): Promise<Identity | null>;
}
