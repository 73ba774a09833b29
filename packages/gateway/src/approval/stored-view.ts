import { z } from 'zod';
import type { StoredAccessRequest } from '../storage/index.ts';
import type { AccessRequestView, Shown } from './approval.ts';

// The store is a file that others may have written: what is read back is checked.
const requirementsColumn = z.array(
  z.object({ group: z.string(), seats: z.number(), stepUp: z.literal('webauthn').exactOptional() }),
);
const parametersColumn = z.array(z.string());
const delegationColumn = z.array(z.string());
const stateColumn = z.enum(['pending', 'approved', 'denied', 'expired', 'cancelled', 'failed']);
const modeColumn = z.enum(['hold', 'return']);
const shownColumn = z.object({
  touches: z.array(z.string()),
  touchesLeftOut: z.number(),
  rows: z.number().nullable(),
  risk: z.object({ score: z.number(), reasons: z.array(z.string()) }).nullable(),
  policies: z.array(z.string()),
  stated: z.string(),
  history: z.object({ first: z.array(z.string()), permitted: z.number(), denied: z.number() }),
  grantMs: z.number().nullable(),
});

/** Of a request from before it was kept what people are shown, and of one that is none. */
export const NOTHING_SHOWN: Shown = {
  touches: [],
  touchesLeftOut: 0,
  rows: null,
  risk: null,
  policies: [],
  stated: '',
  history: { first: [], permitted: 0, denied: 0 },
  grantMs: null,
};

export function shownOf(column: string | null): Shown {
  return column === null ? NOTHING_SHOWN : shownColumn.parse(JSON.parse(column));
}

/** A stored access request as people see it. Never decidable: only what is pending here is. */
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
    mode: modeColumn.parse(request.mode),
    digest: request.digest,
    text: request.text,
    form: request.form,
    parameters: request.parameters === null ? null : parametersColumn.parse(JSON.parse(request.parameters)),
    requirements: requirementsColumn.parse(JSON.parse(request.requirements)),
    reason: request.reason,
    shown: shownOf(request.shown),
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
      grantMs: one.grant_ms,
      withdrawnAt: one.withdrawn_at,
    })),
    decidable: false,
  };
}
