/** What is looked for. Everything given has to be so; values are compared exactly, and are nothing but values. */
export interface SearchFilter {
  readonly subject?: string | undefined;
  readonly actor?: string | undefined;
  readonly task?: string | undefined;
  readonly target?: string | undefined;
  /** `table`, `schema.table` or `database.schema.table`, as `tableText` writes it. */
  readonly table?: string | undefined;
  readonly action?: string | undefined;
  readonly effect?: 'permit' | 'deny' | undefined;
  readonly policy?: string | undefined;
  /** Words that are all in the form, in any order and letter case. */
  readonly text?: string | undefined;
  /** Milliseconds since the epoch: from `since` on, and before `until`. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/** Which part of what was found. */
export interface PageRequest {
  /** Most things given. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly before?: number | undefined;
}

export interface Page<Found> {
  /** Newest first. */
  readonly found: readonly Found[];
  /** Where the next page begins; null when this was the last. */
  readonly next: number | null;
  /** Whether everything that was in the log has been looked through; what is missing is the newest. */
  readonly complete: boolean;
}

/** A decision about an operation, or somebody who logged in or could not, as the log has it. */
export interface FoundOperation {
  readonly seq: number;
  /** `decision`, `authenticated` or `authentication-failed`. */
  readonly type: string;
  readonly time: number;
  readonly sessionId: string | null;
  readonly evaluationId: string | null;
  readonly subject: string | null;
  readonly actor: string | null;
  readonly task: string | null;
  readonly target: string | null;
  readonly protocol: string | null;
  readonly effect: string | null;
  readonly digest: string | null;
  readonly form: string | null;
  readonly actions: readonly string[];
  readonly tables: readonly string[];
  readonly policies: readonly string[];
  readonly policyVersion: string | null;
  readonly reason: string | null;
  readonly requestId: string | null;
}

/** A session, as the log has it. */
export interface FoundSession {
  readonly id: string;
  readonly subject: string | null;
  readonly actor: string | null;
  readonly task: string | null;
  readonly target: string | null;
  readonly facet: string;
  readonly protocol: string | null;
  /** What the client said of itself. */
  readonly client: string;
  /** Time of its first entry. */
  readonly startedAt: number;
  /** Null when the log has no end of it: it is open, or a crash ended it. */
  readonly endedAt: number | null;
  readonly endedReason: string | null;
  /** Decisions in it. */
  readonly permitted: number;
  readonly denied: number;
}
