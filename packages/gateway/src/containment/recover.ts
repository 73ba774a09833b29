import { findEntries, LogError, segmentSizes } from '@sallyport/audit-log';
import { Fault } from '../lib/fault.ts';
import type { RevocationRow, RevocationTable } from '../storage/index.ts';
import { isKind, LIFTED, liftedIn, MARKS, revocationIn } from './entries.ts';
import type { Revocation } from './revocation.ts';

/** The log as its writer knows it; the entries are read from its files. */
export interface RevocationLog {
  readonly publicKey: string;
  readonly size: number;
}

/** What is known of one revocation. */
export interface Known {
  readonly revocation: Revocation;
  /** Whether its entry is in the log. */
  logged: boolean;
}

/**
 * What is revoked: what the store has, and what the log says since the store was last known to have all of it. A store that
 * is lost, or put back from an older copy, has the log read from where it was; a log that was put back from one leaves
 * what the store has. The store is brought up to date. Rejects when it cannot be known: the gateway must not start then.
 */
export async function recover(
  log: RevocationLog,
  directory: string,
  table: RevocationTable,
  now: number,
): Promise<ReadonlyMap<string, Known>> {
  const known = new Map<string, Known>();
  // An id is lifted once and for good, whoever says so.
  const lifted = new Set<string>();
  const stale: string[] = [];
  for (const row of await table.all()) {
    if (row.lifted_at === null)
      known.set(row.id, { revocation: revocationOf(row), logged: row.logged === 1 });
    else lifted.add(row.id);
    if (row.lifted_at !== null && Number(row.lifted_at) < now - LIFTED_KEPT_MS) stale.push(row.id);
  }
  const fresh = new Set<string>();
  for (const { seq, fields } of entriesSince(directory, await firstUnread(log, table))) {
    if (fields.type === LIFTED) lifted.add(liftedIn(seq, fields));
    else if (fields.type === 'revoked' || fields.type === 'quarantined') {
      const revocation = revocationIn(seq, fields);
      known.set(revocation.id, { revocation, logged: true });
      fresh.add(revocation.id);
    }
  }
  for (const [id, { revocation, logged }] of known) {
    const isOver = revocation.until !== null && revocation.until <= now && logged;
    if (lifted.has(id)) await table.put(rowOf(revocation, logged, now));
    else if (isOver) {
      // By this clock: that of another gateway over the store may still have the token good.
      if ((revocation.until ?? now) <= now - EXPIRED_KEPT_MS) stale.push(id);
    } else {
      if (fresh.has(id)) await table.put(rowOf(revocation, logged, null));
      continue;
    }
    known.delete(id);
  }
  await table.remove(stale);
  await table.setPlace(log.publicKey, log.size);
  return known;
}

/** How long the store keeps what was lifted, for other replicas to see it, in milliseconds. */
const LIFTED_KEPT_MS = 30 * 86_400_000;

/** How long the store keeps what is over by itself, for gateways whose clocks say otherwise, in milliseconds. */
export const EXPIRED_KEPT_MS = 86_400_000;

/** From which entry on the log has to be read. */
async function firstUnread(log: RevocationLog, table: RevocationTable): Promise<number> {
  const place = await table.place(log.publicKey);
  // Further than the log goes: entries were taken away, and what they said is not known to be in the rest.
  return place === null || place > log.size ? 0 : place;
}

function* entriesSince(directory: string, from: number): ReturnType<typeof findEntries> {
  try {
    const [oldest] = segmentSizes(directory);
    if (oldest === undefined) return;
    if (oldest[0] > from) {
      throw new Fault(
        'audit-unavailable',
        `It cannot be known what is revoked: the store knows of revocations up to entry ${from}, and the audit log in ${directory} begins with entry ${oldest[0]}. Put the store, or the segments before it, back from a copy.`,
      );
    }
    yield* findEntries(directory, MARKS, from);
  } catch (cause) {
    if (!(cause instanceof LogError)) throw cause;
    throw new Fault('audit-unavailable', `It cannot be known what is revoked: ${cause.message}.`, { cause });
  }
}

/** The store is a file that others may have written: what is read back is checked. */
export function revocationOf(row: RevocationRow): Revocation {
  const names = parsed(row.names);
  if (!isKind(row.kind) || !Array.isArray(names) || !names.every((name) => typeof name === 'string')) {
    throw new Fault(
      'storage-unavailable',
      `It cannot be known what is revoked: the revocation ${row.id} in the store cannot be understood. Move the store away: what is revoked is read from the audit log again.`,
    );
  }
  return Object.freeze({
    id: row.id,
    kind: row.kind,
    value: row.value,
    names,
    quarantine: row.quarantine === 1,
    reason: row.reason,
    by: { subject: row.revoked_by, displayName: row.revoked_by_name },
    at: Number(row.revoked_at),
    until: row.until === null ? null : Number(row.until),
  });
}

function parsed(column: string): unknown {
  try {
    return JSON.parse(column);
  } catch {
    return null;
  }
}

export function rowOf(revocation: Revocation, logged: boolean, liftedAt: number | null): RevocationRow {
  const { id, kind, value, names, quarantine, reason, by, at, until } = revocation;
  return {
    id,
    kind,
    value,
    names: JSON.stringify(names),
    quarantine: quarantine ? 1 : 0,
    reason,
    revoked_by: by.subject,
    revoked_by_name: by.displayName,
    revoked_at: at,
    until,
    lifted_at: liftedAt,
    logged: logged ? 1 : 0,
  };
}
