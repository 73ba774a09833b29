import { z } from 'zod';
import { type Identity, PLAIN_TOKEN } from '../identity/index.ts';

/**
 * What another gateway must know of a person or agent to judge by the same rules (rules.ts): of who asks, and of who
 * decides. Others may have written the store:
 * what is read back is checked, and the gateway that holds the request judges with what it knows itself.
 */
const identityFacts = z.object({
  subject: z.string(),
  displayName: z.string(),
  groups: z.array(z.string()),
  actor: z.string().nullable(),
  task: z.string().nullable(),
  kind: z.enum(['person', 'machine']),
  expiresAt: z.number(),
  aliases: z.array(z.string()),
});

/** As a column; which token it was is nobody else's concern. */
export function identityColumn({
  subject,
  displayName,
  groups,
  actor,
  task,
  kind,
  expiresAt,
  aliases,
}: Identity): string {
  return JSON.stringify({ subject, displayName, groups, actor, task, kind, expiresAt, aliases });
}

/** Null when it is not there, or not what this gateway would have written. Which token it was is not known. */
export function readIdentity(column: string | null): Identity | null {
  try {
    return { ...PLAIN_TOKEN, ...identityFacts.parse(JSON.parse(column ?? 'null')) };
  } catch {
    return null;
  }
}
