import { z } from 'zod';
import type { StoredAccessRequest } from '../storage/index.ts';
import type { AccessRequestView } from './approval.ts';

// The store is a file that others may have written: what is read back is checked.
const requirementsColumn = z.array(z.object({ group: z.string(), seats: z.number() }));
const parametersColumn = z.array(z.string());
const delegationColumn = z.array(z.string());
const stateColumn = z.enum(['pending', 'approved', 'denied', 'expired', 'cancelled', 'failed']);

/** A stored access request as people see it. Never decidable: only what someone holds is. */
export function viewOfStored({ request, decisions }: StoredAccessRequest): AccessRequestView {
  return {
    id: request.id,
    sessionId: request.session_id,
    subject: request.subject,
    displayName: request.display_name,
    actor: request.actor,
    task: request.task,
    tokenId: request.token_id,
    delegation: request.delegation === null ? [] : delegationColumn.parse(JSON.parse(request.delegation)),
    target: request.target,
    digest: request.digest,
    text: request.text,
    form: request.form,
    parameters: request.parameters === null ? null : parametersColumn.parse(JSON.parse(request.parameters)),
    requirements: requirementsColumn.parse(JSON.parse(request.requirements)),
    reason: request.reason,
    state: stateColumn.parse(request.state),
    createdAt: request.created_at,
    expiresAt: request.expires_at,
    endedAt: request.ended_at,
    redeemedAt: request.redeemed_at,
    decisions: decisions.map((one) => ({
      approver: one.approver,
      approverName: one.approver_name,
      verdict: one.verdict,
      reason: one.reason,
      decidedAt: one.decided_at,
    })),
    decidable: false,
  };
}
