/** What an identity has of the token that proved it: how it is revoked, and which of two is newer. */
export interface TokenFacts {
  /** Those of the aliases that are the subject's own, whoever acts for it. */
  readonly subjectAliases: readonly string[];
  /**
   * Names the token, so that it can be revoked: the `jti` of a task token, else what `tokenIdOf` makes of it. The issuer
   * chose a `jti` of its own, which is `issuerTokenId`.
   */
  readonly tokenId: string;
  /** `<issuer name>|<jti>`, or null when the issuer gave it none. */
  readonly issuerTokenId: string | null;
  /** Ids of the tokens that this one was exchanged for: revoking one of them revokes it too. */
  readonly lineage: readonly string[];
  /** When the token was issued, in milliseconds since the epoch; 0 when it does not say. */
  readonly issuedAt: number;
}

/** For an identity that no token proved. */
export const NO_TOKEN: TokenFacts = Object.freeze({
  subjectAliases: [],
  tokenId: '',
  issuerTokenId: null,
  lineage: [],
  issuedAt: 0,
});

/** Who an operation runs for, as proven by a verified token. Frozen. */
export interface Identity extends TokenFacts {
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
  /** Every name this subject is known by, for "nobody approves their own": subject, actor, e-mail, client id. */
  readonly aliases: readonly string[];
}

export interface IdentityProvider {
  /** Verifies a bearer token. Rejects with Fault `credential-rejected` or `issuer-unavailable`, whose messages are safe to show. */
  authenticate(bearer: string): Promise<Identity>;
}
