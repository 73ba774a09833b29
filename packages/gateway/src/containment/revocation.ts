import type { Identity } from '../identity/index.ts';

/** What can be revoked. */
export const REVOCATION_KINDS = [
  'subject',
  'actor',
  'task',
  'token',
  'target',
  'connector',
  'session',
] as const;
export type RevocationKind = (typeof REVOCATION_KINDS)[number];

/** Something that may not be used any more: no session has it, and nothing is let in with it. Frozen. */
export interface Revocation {
  readonly id: string;
  readonly kind: RevocationKind;
  /** As it was given. */
  readonly value: string;
  /** Every name it is about, folded where people could take two spellings for one name. */
  readonly names: readonly string[];
  /** A quarantine is meant to be lifted; it differs in its words and in its entry. */
  readonly quarantine: boolean;
  /** Told to those it ends. */
  readonly reason: string;
  readonly by: Pick<Identity, 'subject' | 'displayName'>;
  readonly at: number;
  /** When it may be forgotten, because what it is about has expired; null: when it is lifted. */
  readonly until: number | null;
}

/** One use of the gateway, as far as it can be revoked. */
export interface Use {
  readonly identity?: Identity;
  readonly target?: string;
  readonly connector?: string;
  readonly sessionId?: string;
}

/** Why a use is refused, in words for its client. */
export interface Objection {
  readonly reason: string;
}

/** What is told of it: nothing of a token, which would name it to whoever holds another. */
export function wordsOf({ kind, value, quarantine, reason }: Revocation): string {
  const what = kind === 'token' || kind === 'session' ? `the ${kind}` : `${kind} ${JSON.stringify(value)}`;
  return `${what} was ${quarantine ? 'quarantined' : 'revoked'}: ${reason}`;
}
