import { z } from 'zod';
import type { Grant } from './grant.ts';
import type { GrantRow, Seal } from './seal.ts';

// The store is a file that others may have written: what is read back is checked.
const scopeColumn = z.array(
  z.strictObject({ action: z.string(), type: z.string(), path: z.array(z.string()) }),
);
const approvalsColumn = z
  .array(
    z.strictObject({
      group: z.string(),
      seats: z.int().min(1),
      stepUp: z.literal('webauthn').exactOptional(),
    }),
  )
  .min(1);
const approversColumn = z.array(
  z.strictObject({ subject: z.string(), name: z.string(), aliases: z.array(z.string()) }),
);
const kindColumn = z.enum(['person', 'machine']);
const namesColumn = z.array(z.string());

/** Throws when a column is not what this gateway writes. */
export function grantOf(row: GrantRow): Grant {
  return {
    id: row.id,
    requestId: row.request_id,
    subject: row.subject,
    displayName: row.display_name,
    actor: row.actor,
    kind: kindColumn.parse(row.kind),
    target: row.target,
    scope: scopeColumn.parse(JSON.parse(row.scope)),
    approvals: approvalsColumn.parse(JSON.parse(row.approvals)),
    approvers: approversColumn.parse(JSON.parse(row.approvers)),
    aliases: namesColumn.parse(JSON.parse(row.aliases)),
    reason: row.reason,
    grantedAt: Number(row.granted_at),
    expiresAt: Number(row.expires_at),
    endedAt: row.ended_at === null ? null : Number(row.ended_at),
    endedWhy: row.ended_why,
    uses: row.uses,
  };
}

export function rowOfGrant(grant: Grant, seal: Seal): GrantRow {
  const row = {
    id: grant.id,
    request_id: grant.requestId,
    subject: grant.subject,
    display_name: grant.displayName,
    actor: grant.actor,
    kind: grant.kind,
    target: grant.target,
    scope: JSON.stringify(grant.scope),
    approvals: JSON.stringify(
      grant.approvals.map(({ group, seats, stepUp }) => ({ group, seats, ...(stepUp && { stepUp }) })),
    ),
    approvers: JSON.stringify(grant.approvers),
    aliases: JSON.stringify(grant.aliases),
    reason: grant.reason,
    granted_at: grant.grantedAt,
    expires_at: grant.expiresAt,
    ended_at: grant.endedAt,
    ended_why: grant.endedWhy,
    uses: grant.uses,
  };
  return { ...row, mac: seal.of(row) };
}
