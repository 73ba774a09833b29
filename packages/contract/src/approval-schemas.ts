/** Access requests, grants and reviews as schemas. Times are ISO 8601 in UTC; spans are seconds. */
import { z } from 'zod';
import { assertionSchema } from './notification-schemas.ts';

/** Most rows one listing gives. */
export const LIST_LIMIT = 500;

const time = z.iso.datetime();
export const idSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of A-Z, a-z, 0-9, _ and -');
export const limitSchema = z.coerce
  .number<number | string>()
  .int()
  .min(1)
  .max(LIST_LIMIT)
  .default(100)
  .describe('Most rows to give.');
/** Longest cursor: a time and an id, in base64url. */
export const CURSOR_CHARACTERS = 200;
export const cursorSchema = z
  .string()
  .max(CURSOR_CHARACTERS)
  .regex(/^[A-Za-z0-9_-]+$/, 'must be the `next` of the page before')
  .optional()
  .describe('Where to go on: the `next` of the page before.');
export const nextSchema = z.string().nullable().describe('The cursor of the next page; null on the last.');
export const flagSchema = z.union([
  z.boolean(),
  z.enum(['true', 'false']).transform((value) => value === 'true'),
]);

/** The names of OpenID AuthZEN's Access Request and Approval Profile. */
export const accessRequestStateSchema = z.enum([
  'pending',
  'approved',
  'denied',
  'expired',
  'cancelled',
  'failed',
]);

export const accessRequestQuerySchema = z.strictObject({
  state: accessRequestStateSchema.optional().describe('Only access requests in this state.'),
  limit: limitSchema,
  cursor: cursorSchema,
});

export const approveBodySchema = z.strictObject({
  reason: z.string().max(4_096).default('').describe('Why; kept with the decision.'),
  grantSeconds: z
    .number()
    .int()
    .min(1)
    .max(31_536_000)
    .optional()
    .describe(
      'Approves that it may be done again for so long, up to what policy permits (`grantSeconds` of the access request).',
    ),
  assertion: assertionSchema
    .optional()
    .describe('A passkey used for approving exactly this (see `step-up`): where policy wants one.'),
});

export const denyBodySchema = z.strictObject({
  reason: z.string().min(1).max(4_096).describe('Why; told to whoever asked.'),
});

export const accessDecisionSchema = z.object({
  approver: z.string(),
  approverName: z.string(),
  verdict: z.enum(['approve', 'deny']),
  reason: z.string(),
  decidedAt: time,
  grantSeconds: z.number().nullable().describe('For how long it may be done again; null: once.'),
  withdrawnAt: time
    .nullable()
    .describe('When it stopped counting, because this person may not decide any more.'),
});

const requirements = z.array(
  z.object({
    group: z.string(),
    seats: z.number().int(),
    stepUp: z.literal('webauthn').exactOptional().describe('A passkey is needed to approve.'),
  }),
);

/** What people are shown beside the operation itself. */
export const shownSchema = z.object({
  touches: z
    .array(z.string())
    .describe("Everything policy was asked about: an action on a resource. Names are the target's."),
  touchesLeftOut: z.number().int().describe('How many of those are left out.'),
  rows: z
    .number()
    .nullable()
    .describe("Most rows it reads or changes, by the target's own statistics; null when nobody knows."),
  risk: z
    .object({ score: z.number(), reasons: z.array(z.string()) })
    .nullable()
    .describe('0 to 100; null where no policy asks for it.'),
  policies: z.array(z.string()).describe('The policies that ask.'),
  stated: z.string().describe('Why the requester says they want it: their own words.'),
  history: z
    .object({
      first: z.array(z.string()).describe('What of `touches` they were never permitted before.'),
      permitted: z.number().int(),
      denied: z.number().int(),
    })
    .describe('What this subject and actor did at this target since the gateway started.'),
  grantSeconds: z.number().nullable().describe('Longest time it may be granted for; null: only once.'),
});

export const accessRequestSchema = z.object({
  id: idSchema,
  sessionId: z.string(),
  subject: z.string(),
  displayName: z.string().describe('As the issuer has it: escape it before it is shown.'),
  actor: z.string().nullable(),
  task: z.string().nullable(),
  tokenId: z.string().nullable().describe('The task token it was done with; null for any other token.'),
  delegation: z
    .array(z.string())
    .describe('The actors that token was handed on by, the one that acts first.'),
  target: z.string(),
  mode: z
    .enum(['hold', 'return'])
    .describe('Whether the operation is kept open meanwhile, or has to be sent again.'),
  digest: z.string().describe('Of the exact operation, in hex: what an approval is bound to.'),
  text: z.string().nullable().describe('Exactly what would run; null once erased.'),
  form: z.string().describe('The operation with its literals taken out.'),
  parameters: z.array(z.string()).nullable(),
  requirements,
  reason: z.string().describe('Why policy asks for approval.'),
  shown: shownSchema,
  state: accessRequestStateSchema,
  createdAt: time,
  expiresAt: time,
  endedAt: time.nullable(),
  redeemedAt: time.nullable().describe('When the approval was used.'),
  decisions: z.array(accessDecisionSchema),
  decidable: z.boolean().describe('Whether the caller could decide it now.'),
});

export const accessRequestListSchema = z.object({
  accessRequests: z.array(accessRequestSchema),
  next: nextSchema,
});

/** Where an access request stands, as AuthZEN's profile has its Task Status Endpoint answer. */
export const accessRequestTaskSchema = z.object({
  task: z.object({
    id: idSchema,
    status: accessRequestStateSchema,
    status_endpoint: z.string(),
    expires_at: time,
    links: z.object({ cancel: z.string() }).optional(),
  }),
  result: z
    .object({
      mode: z.literal('reevaluate'),
      approval: z.object({ id: idSchema, approved_at: time }),
    })
    .optional()
    .describe('Only of one that is approved: the operation has to be sent again, and is judged again.'),
});

export const standingQuerySchema = z.strictObject({
  past: flagSchema.optional().describe('Also those that are over.'),
  limit: limitSchema,
});

export const grantSchema = z.object({
  id: idSchema,
  requestId: idSchema,
  subject: z.string(),
  displayName: z.string().describe('As the issuer has it: escape it before it is shown.'),
  actor: z.string().nullable(),
  target: z.string(),
  scope: z.array(z.object({ action: z.string(), type: z.string(), path: z.array(z.string()) })),
  approvals: requirements,
  approvers: z.array(z.object({ subject: z.string(), name: z.string() })),
  reason: z.string().describe('Why its holder said they wanted it.'),
  grantedAt: time,
  expiresAt: time,
  endedAt: time.nullable().describe('When it ended before its time.'),
  endedWhy: z.string().nullable(),
  uses: z.number().int().describe('Operations that were permitted on it.'),
  standing: z.boolean(),
});

export const grantListSchema = z.object({ grants: z.array(grantSchema) });

export const revokeGrantBodySchema = z.strictObject({
  reason: z.string().trim().min(1).max(4_096).describe('Why; kept in the audit log.'),
});

export const reviewVerdictSchema = z.enum(['justified', 'not-justified']);

export const reviewSchema = z.object({
  id: idSchema,
  kind: z.literal('review'),
  sessionId: z.string(),
  subject: z.string(),
  displayName: z.string().describe('As the issuer has it: escape it before it is shown.'),
  target: z.string(),
  digest: z.string(),
  text: z.string().nullable().describe('Exactly what ran; null once erased.'),
  form: z.string(),
  parameters: z.array(z.string()).nullable(),
  requirements: requirements.describe('Who would have been asked: their members close it.'),
  reason: z.string().describe('Why they did not wait, in their own words.'),
  shown: shownSchema,
  state: z.enum(['open', 'overdue', 'closed']),
  openedAt: time,
  dueAt: time,
  closed: z
    .object({ at: time, by: z.string(), byName: z.string(), verdict: reviewVerdictSchema, words: z.string() })
    .nullable(),
  closable: z.boolean().describe('Whether the caller could close it now.'),
});

export const reviewListSchema = z.object({ reviews: z.array(reviewSchema) });

export const closeReviewBodySchema = z.strictObject({
  verdict: reviewVerdictSchema,
  words: z.string().trim().min(1).max(4_096).describe('What was found; kept with the review.'),
});

export type AccessRequest = z.output<typeof accessRequestSchema>;
export type AccessRequestState = z.output<typeof accessRequestStateSchema>;
export type AccessRequestQuery = z.input<typeof accessRequestQuerySchema>;
export type AccessRequestTask = z.output<typeof accessRequestTaskSchema>;
export type Grant = z.output<typeof grantSchema>;
export type Review = z.output<typeof reviewSchema>;
export type ReviewVerdict = z.output<typeof reviewVerdictSchema>;
