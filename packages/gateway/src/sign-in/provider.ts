import type { Identity } from '../identity/index.ts';

/** What a session stands on, sealed in the store. */
export interface Standing {
  /** Of an OpenID Connect issuer: who it is, is read out of the access token each time. */
  readonly accessToken?: string;
  readonly refreshToken?: string | undefined;
  /** Shown to the issuer when signing out. */
  readonly idToken?: string;
  /** Of a SAML assertion, which cannot be asked again. */
  readonly identity?: Identity;
}

/** What a sign-in keeps while the browser is away. Sealed with the secret in the browser's cookie. */
export interface Attempt {
  readonly provider: string;
  /** Where the browser goes in the end: a path of ours. */
  readonly returnTo: string;
  /** A command line that waits for a code. */
  readonly loopback: Loopback | null;
  /** Whom the browser was signed in as when it began. */
  readonly before: { readonly idHash: string; readonly subject: string } | null;
  /** OpenID Connect: PKCE and replay of the ID token. */
  readonly verifier: string;
  readonly nonce: string;
  /** SAML: id of the authentication request. */
  readonly requestId: string;
}

export interface Loopback {
  readonly redirectUri: string;
  readonly challenge: string;
  readonly state: string;
}

/** What came back from the issuer, verified. */
export interface Arrived {
  readonly identity: Identity;
  readonly standing: Standing;
  /** When it ends by itself, whatever is done; Infinity when it can be renewed. */
  readonly until: number;
}

/** What the browser brought back. All of it is chosen by whoever sent the browser. */
export interface Answer {
  /** The whole address of an OpenID Connect callback. */
  readonly url?: URL;
  readonly samlResponse?: string;
}

/** One issuer or identity provider as a way in. */
export interface Provider {
  readonly name: string;
  readonly kind: 'oidc' | 'saml';
  /** Where to send the browser. */
  begin(attempt: Attempt, state: string): Promise<URL>;
  /** Verifies what it brings back. Rejects with Fault `credential-rejected` or `issuer-unavailable`. */
  finish(attempt: Attempt, answer: Answer, state: string): Promise<Arrived>;
  /** The same person's rights as they are now; null when the issuer no longer lets them. */
  renew(standing: Standing): Promise<Arrived | null>;
  /** Tells the issuer; gives where the browser signs out there too, or null. Never rejects. */
  leave(standing: Standing): Promise<string | null>;
  /** For the operator of a SAML identity provider. */
  metadata(): string | null;
}
