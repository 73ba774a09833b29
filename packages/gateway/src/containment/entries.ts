import type { AuditEntry, AuditEntryType } from '../audit/index.ts';
import type { Identity } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import { REVOCATION_KINDS, type Revocation, type RevocationKind } from './revocation.ts';

export const LIFTED = 'revocation-lifted';

/** What entries about revocations have in them, and hardly any other: quotes inside values are escaped. */
export const MARKS: readonly string[] = (
  ['revoked', 'quarantined', LIFTED] satisfies readonly AuditEntryType[]
).map((type) => `"type":"${type}"`);

/** Who revoked it, or lifted it. With a task token only its own holder, who ends it. */
export type Who = Pick<Identity, 'subject' | 'displayName' | 'actor' | 'task'> &
  Partial<Pick<Identity, 'scope' | 'tokenId' | 'delegation'>>;

/** The entry of a revocation: all it takes to know it again without the store. */
export function revokedEntry(revocation: Revocation, who: Who, ended: number | null): AuditEntry {
  const { id, kind, value, names, quarantine, reason, at, until } = revocation;
  return {
    ...aboutEntry(revocation, who),
    type: quarantine ? 'quarantined' : 'revoked',
    effect: 'deny',
    reason,
    facts: {
      revocation: id,
      kind,
      value,
      names,
      by: who.displayName,
      at,
      ...(until === null ? {} : { until }),
      ...(ended === null ? {} : { endedSessions: ended }),
    },
  };
}

export function liftedEntry(revocation: Revocation, who: Who, reason: string): AuditEntry {
  const { id, kind, value } = revocation;
  return {
    ...aboutEntry(revocation, who),
    type: LIFTED,
    effect: 'permit',
    reason,
    facts: { revocation: id, kind, value },
  };
}

function aboutEntry({ kind, value }: Revocation, who: Who): Omit<AuditEntry, 'type'> {
  const { subject, actor, task, scope = null, tokenId, delegation } = who;
  return {
    subject,
    actor,
    task,
    ...(scope === null || tokenId === undefined || delegation === undefined ? {} : { tokenId, delegation }),
    ...(kind === 'target' ? { target: value } : {}),
    ...(kind === 'session' ? { sessionId: value } : {}),
  };
}

/** The revocation in an entry as it stands in the log. Throws Fault `audit-unavailable`: what is revoked must be known. */
export function revocationIn(seq: number, fields: Readonly<Record<string, unknown>>): Revocation {
  const facts = factsOf(fields);
  const { revocation: id, kind, value, names, by, at, until } = facts;
  const { subject, reason, type } = fields;
  if (
    typeof id !== 'string' ||
    !isKind(kind) ||
    typeof value !== 'string' ||
    !Array.isArray(names) ||
    !names.every((name) => typeof name === 'string')
  ) {
    throw notUnderstood(seq);
  }
  return Object.freeze({
    id,
    kind,
    value,
    names,
    quarantine: type === 'quarantined',
    reason: textOf(reason),
    by: { subject: textOf(subject), displayName: textOf(by) },
    at: typeof at === 'number' ? at : 0,
    until: typeof until === 'number' ? until : null,
  });
}

/** The id of the revocation that an entry lifts. */
export function liftedIn(seq: number, fields: Readonly<Record<string, unknown>>): string {
  const { revocation } = factsOf(fields);
  if (typeof revocation !== 'string') throw notUnderstood(seq);
  return revocation;
}

export function isKind(value: unknown): value is RevocationKind {
  return REVOCATION_KINDS.some((kind) => kind === value);
}

function factsOf({ facts }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return typeof facts === 'object' && facts !== null ? (facts as Record<string, unknown>) : {};
}

function notUnderstood(seq: number): Fault {
  return new Fault(
    'audit-unavailable',
    `It cannot be known what is revoked: entry ${seq} of the audit log is about a revocation and cannot be understood. Run the gateway that wrote it, or a newer one.`,
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
