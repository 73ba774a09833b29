/**
 * The tables as Kysely sees them. Nothing secret is kept, with one exception: the exact text and parameters of an
 * access request, which approvers must see. They are erased `storage.operationTextDays` after it ended.
 * Answers kept for a request that is
 * sent again may hold it too, for a day. The audit log is the truth; these rows are an index of it. Times are milliseconds since the epoch.
 */
export interface Tables {
  access_request: AccessRequestRow;
  access_decision: AccessDecisionRow;
  session: SessionRow;
  access_grant: GrantRow;
  review: ReviewRow;
  idempotency: IdempotencyRow;
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
  readonly mode: string;
  /** JSON: what approvers are shown beside the operation; null of older rows. */
  readonly shown: string | null;
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
  /** For how long it may be done again, in milliseconds; null: once. */
  readonly grant_ms: number | null;
  /** When it stopped counting: this person may not decide any more. */
  readonly withdrawn_at: number | null;
}

/** What stands for a time. A row whose `mac` does not fit is worth nothing. */
export interface GrantRow {
  readonly id: string;
  readonly request_id: string;
  readonly subject: string;
  readonly display_name: string;
  readonly actor: string | null;
  readonly target: string;
  /** JSON list of `{action, type, path}`. */
  readonly scope: string;
  /** JSON list of `{group, seats}`. */
  readonly approvals: string;
  /** JSON list of `{subject, name, aliases}`: who approved. */
  readonly approvers: string;
  /** JSON list: the names its holder goes by. */
  readonly aliases: string;
  readonly reason: string;
  readonly granted_at: number;
  readonly expires_at: number;
  readonly ended_at: number | null;
  readonly ended_why: string | null;
  readonly uses: number;
  readonly mac: string;
}

/** What somebody did without waiting, to be looked at by another. */
export interface ReviewRow {
  readonly id: string;
  readonly session_id: string;
  readonly subject: string;
  readonly display_name: string;
  /** JSON list: the names they go by. */
  readonly aliases: string;
  readonly target: string;
  readonly digest: string;
  /** Null once erased. */
  readonly text: string | null;
  readonly form: string;
  /** JSON list of strings; null once erased. */
  readonly parameters: string | null;
  /** JSON list of `{group, seats}`: who would have been asked. */
  readonly requirements: string;
  readonly reason: string;
  /** JSON: what approvers would have been shown beside the operation. */
  readonly shown: string;
  readonly opened_at: number;
  readonly due_at: number;
  readonly overdue_at: number | null;
  readonly closed_at: number | null;
  readonly closed_by: string | null;
  readonly closed_by_name: string | null;
  readonly verdict: string | null;
  readonly words: string | null;
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

/** One request that changes something, under the key its caller gave it. */
export interface IdempotencyRow {
  /** SHA-256 over caller and key, hex. */
  readonly key: string;
  /** SHA-256 over who asked, hex. */
  readonly caller: string;
  /** SHA-256 over route, parameters and body, hex. */
  readonly request: string;
  /** Null while it is under way, and for ever when the gateway stopped before it was answered. */
  readonly status: number | null;
  /** The answer as it was sent; null when none is kept. */
  readonly answer: string | null;
  readonly created_at: number;
}
