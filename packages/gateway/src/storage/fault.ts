import { Fault } from '../lib/fault.ts';

/** Runs one piece of work on the store; what goes wrong becomes Fault `storage-unavailable`. */
export async function storing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw storageFault('Could not use the store', cause);
  }
}

/** What went wrong, with what to do. A fault that says so already is given back. */
export function storageFault(what: string, cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  const { why, remedy } = reading(cause);
  return new Fault('storage-unavailable', `${what} (${why}); ${remedy}.`, { cause: withoutRows(cause) });
}

interface Reading {
  readonly why: string;
  readonly remedy: string;
}

function reading(cause: unknown): Reading {
  const code = codeOf(cause);
  if (code === 'ERR_SQLITE_ERROR')
    return { why: 'SQLite', remedy: 'look at the free space of its disk, and whether its file is sound' };
  if (code === '42501' || code === '3F000')
    return { why: `SQLSTATE ${code}`, remedy: 'its role lacks rights: docs/storage.md lists them' };
  if (code?.startsWith('28'))
    return { why: `SQLSTATE ${code}`, remedy: 'its server refused the login: look at role and password' };
  if (isDatabaseError(cause))
    return { why: `SQLSTATE ${code}`, remedy: "look at the log of the store's server" };
  return {
    why: code ?? 'no answer',
    remedy: 'look at the server of the store and the way to it; it is tried again at the next need',
  };
}

function codeOf(cause: unknown): string | undefined {
  const code: unknown =
    typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : undefined;
}

function isDatabaseError(cause: unknown): cause is Error & Record<string, unknown> {
  return cause instanceof Error && 'severity' in cause;
}

/** What PostgreSQL says of an error may quote the whole row ("Failing row contains …"): operation text, that is. */
function withoutRows(cause: unknown): unknown {
  if (!isDatabaseError(cause)) return cause;
  const { code, table, constraint, column } = cause;
  return new Error(
    `PostgreSQL: ${[code, table, constraint, column].filter((one) => typeof one === 'string').join(' ')}`,
  );
}
