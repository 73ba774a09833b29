import { PLAIN_TOKEN } from '../identity/index.ts';
import type { ApprovalRequirement, SessionContext } from '../policy/index.ts';

/** Who an operation is asked about. Taken as given: nobody proved it. */
export interface Person {
  readonly subject: string;
  readonly groups: readonly string[];
  readonly actor: string | null;
  readonly task: string | null;
  /** Whether a person, known to be one, is at the client. */
  readonly person: boolean;
  readonly secure: boolean;
}

/** Someone with what was left out filled in: a machine without actor or task, over an encrypted connection. */
export function personOf(given: { readonly subject: string } & Partial<Person>): Person {
  const { subject, groups = [], actor = null, task = null, person = false, secure = true } = given;
  return { subject, groups, actor, task, person, secure };
}

/** An approval by as many of the group as any policy could want. */
export function fullyApproved(group: string): ApprovalRequirement {
  return { group, seats: Number.MAX_SAFE_INTEGER };
}

export function contextOf(person: Person, target: string, protocol: string): SessionContext {
  const { subject, groups, actor, task, secure } = person;
  const identity = {
    subject,
    displayName: subject,
    groups,
    actor,
    task,
    kind: person.person ? ('person' as const) : ('machine' as const),
    expiresAt: Number.MAX_SAFE_INTEGER,
    aliases: [],
    ...PLAIN_TOKEN,
  };
  // Until policy says that it may not: see Workbench.asking.
  return { identity, target, protocol, secure, access: 'read-write' };
}
