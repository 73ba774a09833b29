import type { FoundOperation, FoundSession } from './filter.ts';
import { type Fields, textOf, textsOf } from './terms.ts';

/** A decision or a login, field by field: what is not named here is not shown. */
export function presentOperation(fields: Fields): FoundOperation {
  return {
    seq: Number(fields.seq),
    type: textOf(fields.type) ?? '',
    time: Number(fields.time),
    sessionId: textOf(fields.sessionId),
    evaluationId: textOf(fields.evaluationId),
    subject: textOf(fields.subject),
    actor: textOf(fields.actor),
    task: textOf(fields.task),
    target: textOf(fields.target),
    protocol: textOf(fields.protocol),
    effect: textOf(fields.effect),
    digest: textOf(fields.digest),
    form: textOf(fields.form),
    actions: textsOf(fields.actions),
    tables: textsOf(fields.tables),
    policies: textsOf(fields.policies),
    policyVersion: textOf(fields.policyVersion),
    reason: textOf(fields.reason),
    requestId: textOf(fields.requestId),
  };
}

/** A session from the entry that it started with, or else its first, and the one it ended with. */
export function presentSession(
  first: Fields,
  end: Fields | null,
  known: Pick<FoundSession, 'startedAt' | 'permitted' | 'denied'>,
): FoundSession | null {
  const id = textOf(first.sessionId);
  if (id === null) return null;
  return {
    id,
    subject: textOf(first.subject),
    actor: textOf(first.actor),
    task: textOf(first.task),
    target: textOf(first.target),
    facet: factOf(first, 'facet'),
    protocol: textOf(first.protocol),
    client: factOf(first, 'client'),
    endedAt: end === null ? null : Number(end.time),
    endedReason: end === null ? null : textOf(end.reason),
    ...known,
  };
}

function factOf({ facts }: Fields, name: string): string {
  const value =
    typeof facts === 'object' && facts !== null && !Array.isArray(facts) ? facts[name as never] : '';
  return typeof value === 'string' ? value : '';
}
