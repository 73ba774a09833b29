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
}

export interface IdentityProvider {
  /** Verifies a bearer token. Rejects with Fault `credential-rejected` or `issuer-unavailable`, whose messages are safe to show. */
  authenticate(bearer: string): Promise<Identity>;
}
