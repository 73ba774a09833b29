import { BackendType } from '@sallyport/postgres-wire';

/**
 * What the target may say, given the oldest message it has not fully answered: a total table.
 * Source: PostgreSQL 18 documentation, 54.2 "Message Flow". Anything marked `violation` ends the session: a target
 * that speaks out of turn is broken or hostile (L8), and its bytes are not forwarded.
 *
 * Notices, notifications and parameter changes may come at any time and never reach this table.
 */
export type Awaited =
  | 'nothing'
  | 'query'
  | 'parse'
  | 'bind'
  | 'close'
  | 'describe-statement'
  | 'describe-portal'
  | 'execute'
  | 'sync'
  | 'refused-query'
  | 'refused-parse';

export type Reply =
  | 'parse-complete'
  | 'bind-complete'
  | 'close-complete'
  | 'parameter-description'
  | 'row-description'
  | 'no-data'
  | 'data-row'
  | 'command-complete'
  | 'empty-query'
  | 'portal-suspended'
  | 'copy-in'
  | 'copy-out'
  | 'copy-data'
  | 'copy-done'
  | 'error'
  | 'ready';

export type Step =
  /** Impossible here. */
  | 'violation'
  /** Deliver, and go on waiting for the same. */
  | 'deliver'
  /** An error that no message of the client's caused directly. */
  | 'late-error'
  /** Deliver; the message is answered. */
  | 'answered'
  /** As `answered`, and a name is confirmed. */
  | 'confirmed'
  /** The columns of rows to come. */
  | 'columns'
  /** As `columns`, and the Describe is answered. */
  | 'described'
  | 'rows'
  /** One statement of a query is done; more may follow. */
  | 'statement-done'
  /** The Execute is done. */
  | 'execute-done'
  | 'copy-in'
  | 'copy-out'
  | 'copy-rows'
  | 'copy-done'
  /** The query failed; ReadyForQuery follows. */
  | 'query-failed'
  /** The target skips everything until the next Sync. */
  | 'pipeline-failed'
  /** The failure the gateway caused in place of a refused operation: the client is told the denial instead. */
  | 'refused'
  | 'refused-pipeline'
  | 'ready';

const NEVER: Readonly<Record<Reply, Step>> = {
  'parse-complete': 'violation',
  'bind-complete': 'violation',
  'close-complete': 'violation',
  'parameter-description': 'violation',
  'row-description': 'violation',
  'no-data': 'violation',
  'data-row': 'violation',
  'command-complete': 'violation',
  'empty-query': 'violation',
  'portal-suspended': 'violation',
  'copy-in': 'violation',
  'copy-out': 'violation',
  'copy-data': 'violation',
  'copy-done': 'violation',
  error: 'violation',
  ready: 'violation',
};

export const EXCHANGE: Readonly<Record<Awaited, Readonly<Record<Reply, Step>>>> = {
  // A server may report that it is going away at any time.
  nothing: { ...NEVER, error: 'late-error' },
  query: {
    ...NEVER,
    'row-description': 'columns',
    'data-row': 'rows',
    'command-complete': 'statement-done',
    'empty-query': 'statement-done',
    'copy-in': 'copy-in',
    'copy-out': 'copy-out',
    'copy-data': 'copy-rows',
    'copy-done': 'copy-done',
    error: 'query-failed',
    ready: 'ready',
  },
  parse: { ...NEVER, 'parse-complete': 'confirmed', error: 'pipeline-failed' },
  bind: { ...NEVER, 'bind-complete': 'confirmed', error: 'pipeline-failed' },
  close: { ...NEVER, 'close-complete': 'confirmed', error: 'pipeline-failed' },
  'describe-statement': {
    ...NEVER,
    'parameter-description': 'deliver',
    'row-description': 'answered',
    'no-data': 'answered',
    error: 'pipeline-failed',
  },
  'describe-portal': {
    ...NEVER,
    'row-description': 'described',
    'no-data': 'described',
    error: 'pipeline-failed',
  },
  execute: {
    ...NEVER,
    'data-row': 'rows',
    'command-complete': 'execute-done',
    'empty-query': 'execute-done',
    'portal-suspended': 'execute-done',
    'copy-in': 'copy-in',
    'copy-out': 'copy-out',
    'copy-data': 'copy-rows',
    'copy-done': 'copy-done',
    error: 'pipeline-failed',
  },
  // A deferred constraint can still fail when Sync commits.
  sync: { ...NEVER, error: 'late-error', ready: 'ready' },
  'refused-query': { ...NEVER, error: 'refused', ready: 'ready' },
  'refused-parse': { ...NEVER, error: 'refused-pipeline' },
};

/** The word for each type byte; types missing here are either asynchronous or never valid after login. */
export const REPLY_OF: Readonly<Partial<Record<number, Reply>>> = {
  [BackendType.ParseComplete]: 'parse-complete',
  [BackendType.BindComplete]: 'bind-complete',
  [BackendType.CloseComplete]: 'close-complete',
  [BackendType.ParameterDescription]: 'parameter-description',
  [BackendType.RowDescription]: 'row-description',
  [BackendType.NoData]: 'no-data',
  [BackendType.DataRow]: 'data-row',
  [BackendType.CommandComplete]: 'command-complete',
  [BackendType.EmptyQueryResponse]: 'empty-query',
  [BackendType.PortalSuspended]: 'portal-suspended',
  [BackendType.CopyInResponse]: 'copy-in',
  [BackendType.CopyOutResponse]: 'copy-out',
  [BackendType.CopyData]: 'copy-data',
  [BackendType.CopyDone]: 'copy-done',
  [BackendType.ErrorResponse]: 'error',
  [BackendType.ReadyForQuery]: 'ready',
};
