/**
 * The tables as Kysely sees them. Nothing secret is kept, with one exception: the exact text and parameters of an
 * access request, which approvers must see. They are erased `storage.operation_text_days` after it ended.
 * Answers kept for a request that is
 * sent again may hold it too, for a day. The audit log is the truth; these rows are an index of it. Times are milliseconds since the epoch.
 */
export interface Tables {
  access_request: AccessRequestRow;
  access_decision: AccessDecisionRow;
  session: SessionRow;
  revocation: RevocationRow;
  revocation_place: RevocationPlaceRow;
  task_token: TaskTokenRow;
  access_grant: GrantRow;
  review: ReviewRow;
  idempotency: IdempotencyRow;
  slack_link: SlackLinkRow;
  passkey: PasskeyRow;
  sign_in_ticket: SignInTicketRow;
  sign_in_session: SignInSessionRow;
  saml_assertion: SamlAssertionRow;
  session_end: SessionEndRow;
  access_word: AccessWordRow;
  newest_groups: NewestGroupsRow;
}

/** What groups a caller's newest token has. */
export interface NewestGroupsRow {
  /** SHA-256 of who it is: subject, actor, task and clients. */
  readonly caller: string;
  readonly issued_at: number;
  /** JSON list. */
  readonly groups: string;
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

/** A sign-in that waits for the browser to come back, or a code that a command line trades for its session. */
export interface SignInTicketRow {
  /** SHA-256 of the state or the code, hex. */
  readonly id_hash: string;
  readonly kind: 'attempt' | 'code';
  /** Sealed with what only the browser, or only whoever has the code, holds. */
  readonly sealed: string;
  readonly expires_at: number;
}

/** Somebody who is signed in at the control plane. */
export interface SignInSessionRow {
  /** SHA-256 of the session id, hex. The id itself is with the client only. */
  readonly id_hash: string;
  readonly kind: 'browser' | 'bearer';
  /** Name of the issuer or identity provider. */
  readonly provider: string;
  readonly subject: string;
  readonly created_at: number;
  readonly used_at: number;
  readonly expires_at: number;
  /** The tokens it stands on, sealed with the session id. */
  readonly sealed: string;
}

/** An assertion that was used, kept until it would be refused as expired anyway. */
export interface SamlAssertionRow {
  readonly id_hash: string;
  readonly expires_at: number;
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
  /** Name of the gateway that holds the operation. */
  readonly replica: string;
  /** JSON of what "nobody decides their own" needs to know of who asks; null in rows of an older gateway. */
  readonly requester: string | null;
  /** Id of the task token it was asked with, or null. */
  readonly token_id: string | null;
  /** JSON list of the actors it was handed on by; null for a token that is no task token. */
  readonly delegation: string | null;
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
  /** Whether its holder is a person or a machine. */
  readonly kind: string;
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
  /** Name of the gateway it was made at, which alone goes by it. */
  readonly replica: string;
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
  /** Name of the gateway it was made at, which alone goes by it. */
  readonly replica: string;
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
  /** Name of the gateway it goes through. */
  readonly replica: string;
  /** As in AccessRequestRow. */
  readonly token_id: string | null;
  readonly delegation: string | null;
}

/** What one gateway asks of the one that has the session: to end it. */
export interface SessionEndRow {
  readonly session_id: string;
  readonly reason: string;
  readonly asked_at: number;
}

/** One person's word on an access request that another gateway holds, until that one takes it. */
export interface AccessWordRow {
  readonly id: string;
  readonly request_id: string;
  /** JSON: the person as the gateway that authenticated them knows them. */
  readonly approver: string;
  readonly verdict: 'approve' | 'deny';
  readonly reason: string;
  /** Digest of what the person was shown, which must be what waits. */
  readonly shown: string;
  /** JSON: what the word came through, and what was proven with it. */
  readonly through: string | null;
  readonly asked_at: number;
  /** `asked`, then `withdrawn`, or `taken` and at last `counted` or a fault code. */
  readonly state: string;
  /** What to tell the person when it does not count. */
  readonly answer: string;
}

/** A task token that was given out, never the token itself. */
export interface TaskTokenRow {
  readonly id: string;
  readonly subject: string;
  readonly actor: string | null;
  readonly task: string;
  /** The task token it was made from, or null. */
  readonly parent: string | null;
  readonly issued_at: number;
  readonly expires_at: number;
  readonly operations_limit: number;
  readonly rows_limit: number;
  readonly approvals_limit: number;
  /** Never less than what was spent: gateways claim ahead of what they spend. */
  readonly operations_spent: number;
  readonly rows_spent: number;
  readonly approvals_spent: number;
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

/** That a Slack user is somebody, as they signed in. A row whose `mac` does not fit is worth nothing. */
export interface SlackLinkRow {
  readonly team_id: string;
  readonly user_id: string;
  readonly subject: string;
  readonly display_name: string;
  /** JSON list of names. */
  readonly groups: string;
  /** JSON list of names. */
  readonly aliases: string;
  readonly linked_at: number;
  readonly expires_at: number;
  readonly mac: string;
}

/** The public half of a passkey. A row whose `mac` does not fit is worth nothing. */
export interface PasskeyRow {
  /** The credential id, base64url. */
  readonly id: string;
  readonly subject: string;
  /** What its owner calls it. */
  readonly name: string;
  /** COSE key, base64url. */
  readonly public_key: string;
  readonly counter: number;
  /** JSON list, as the browser told. */
  readonly transports: string;
  readonly created_at: number;
  readonly used_at: number | null;
  readonly mac: string;
}
