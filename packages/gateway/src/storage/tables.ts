/**
 * The tables as Kysely sees them. Nothing secret is kept, with one exception: the exact text and parameters of an
 * access request, which approvers must see. They are erased `storage.operationTextDays` after it ended.
 * The audit log is the truth; these rows are an index of it. Times are milliseconds since the epoch.
 */
export interface Tables {
  access_request: AccessRequestRow;
  access_decision: AccessDecisionRow;
  session: SessionRow;
  revocation: RevocationRow;
  revocation_place: RevocationPlaceRow;
}

export interface RevocationRow {
  readonly id: string;
  readonly kind: string;
  readonly value: string;
  /** JSON list of every name it is about. */
  readonly names: string;
  /** 1 for a quarantine. */
  readonly quarantine: number;
  readonly reason: string;
  /** Subject of whoever did it, and the name it is shown by. */
  readonly revoked_by: string;
  readonly revoked_by_name: string;
  readonly revoked_at: number;
  /** When it may be forgotten, or null. */
  readonly until: number | null;
  readonly lifted_at: number | null;
  /** 1 once it is in the audit log. */
  readonly logged: number;
}

/** Up to where revocations were taken from a log. */
export interface RevocationPlaceRow {
  /** The log's public key. */
  readonly log: string;
  /** `seq` of the first entry that was not looked at. */
  readonly next: number;
}

export interface AccessRequestRow {
  readonly id: string;
  readonly session_id: string;
  readonly subject: string;
  readonly display_name: string;
  readonly actor: string | null;
  readonly task: string | null;
  readonly target: string;
  /** SHA-256 of the exact operation, hex. */
  readonly digest: string;
  /** Null once erased. */
  readonly text: string | null;
  readonly form: string;
  /** JSON list of strings; null once erased. */
  readonly parameters: string | null;
  /** JSON list of `{group, seats}`. */
  readonly requirements: string;
  readonly reason: string;
  readonly state: string;
  readonly created_at: number;
  readonly expires_at: number;
  readonly ended_at: number | null;
  readonly redeemed_at: number | null;
}

export interface AccessDecisionRow {
  readonly request_id: string;
  /** Order within the request, from 0. */
  readonly seat: number;
  readonly approver: string;
  readonly approver_name: string;
  readonly verdict: 'approve' | 'deny';
  readonly reason: string;
  readonly decided_at: number;
}

export interface SessionRow {
  readonly id: string;
  readonly subject: string;
  readonly display_name: string;
  readonly actor: string | null;
  readonly task: string | null;
  readonly target: string;
  readonly facet: string;
  readonly protocol: string;
  /** What the client said of itself. */
  readonly client: string;
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly ended_reason: string | null;
  /** Path of the recording below the recordings folder, or null when there is none. */
  readonly recording: string | null;
  readonly operations: number;
}
