/** An audit entry as rooms write it. Every field is classified: only what is named here enters the log. */
export interface AuditEntry {
  readonly type: AuditEntryType;
  readonly sessionId?: string;
  readonly evaluationId?: string;
  readonly subject?: string;
  readonly actor?: string | null;
  readonly task?: string | null;
  /** Id of the task token it was done with. Absent for any other token. */
  readonly tokenId?: string | undefined;
  /** The actors that token was handed on by, the one that acts first. */
  readonly delegation?: readonly string[] | undefined;
  readonly target?: string;
  readonly protocol?: string;
  readonly effect?: 'permit' | 'deny';
  /** Salted digest of the exact operation: proves which, reveals nothing. */
  readonly digest?: string;
  /** The operation with literals taken out. */
  readonly form?: string;
  readonly actions?: readonly string[];
  /** The tables it touches, views and what it sets off included, as `tableText` writes them. */
  readonly tables?: readonly string[] | undefined;
  readonly policies?: readonly string[];
  readonly policyVersion?: string;
  readonly obligations?: readonly string[];
  readonly reason?: string;
  readonly requestId?: string;
  /** Further facts of this entry type; never operation text, parameters or reply values. */
  readonly facts?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

export type AuditEntryType =
  | 'gateway-started'
  | 'gateway-stopped'
  | 'configuration-loaded'
  | 'policy-loaded'
  | 'policy-rejected'
  | 'authenticated'
  | 'authentication-failed'
  | 'signed-in'
  | 'signed-out'
  | 'sign-in-refused'
  | 'session-started'
  | 'session-ended'
  | 'decision'
  | 'introspection'
  | 'access-requested'
  | 'access-decided'
  | 'grant-opened'
  | 'grant-ended'
  | 'break-glass'
  | 'review-closed'
  | 'review-overdue'
  | 'reveal'
  | 'violation'
  | 'recording-chunk'
  | 'recording-held'
  | 'recording-released'
  | 'recording-deleted'
  | 'recording-stored'
  | 'revoked'
  | 'quarantined'
  | 'revocation-lifted'
  | 'groups-lost'
  | 'token-issued'
  | 'token-refused'
  | 'row-refused'
  | 'admin';

/** The version of what entries mean, `v` in each. Entries of logs from before there was one have none, and mean the same. */
export const ENTRY_VERSION = 1;

/** The enforcement point's hold on the log. */
export interface AuditLog {
  /** The log's public key (C2SP vkey): all that verifying it takes. */
  readonly publicKey: string;
  /** Entries in the log. */
  readonly size: number;
  /** What a read waits for: `write` needs only `append`, `sync` needs `synced` too. A state change always waits for `synced`. */
  readonly durability: 'write' | 'sync';
  /**
   * Appends one entry. Returns once it is written to the file (survives a crash of this process); throws Fault
   * `audit-unavailable` when it cannot be, and then nothing was acknowledged.
   * Entries appended in one turn of the loop may share one write only if each caller still sees the above.
   */
  append(entry: AuditEntry): void;
  /** Resolves when everything appended so far is on disk (fsync, shared by all who wait). Rejects with Fault `audit-unavailable`. */
  synced(): Promise<void>;
  close(): Promise<void>;
}
