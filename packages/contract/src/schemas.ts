/**
 * The control-plane API as schemas: the gateway checks requests and builds answers with them, the command line and the
 * console read answers with them. Times are ISO 8601 in UTC.
 */
import { z } from 'zod';
import { cursor, limit, next } from './page-schemas.ts';

const time = z.iso.datetime();
const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of A-Z, a-z, 0-9, _ and -');
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')]);

export const accessRequestStateSchema = z.enum([
  'pending',
  'approved',
  'denied',
  'expired',
  'cancelled',
  'failed',
]);

export const idParamsSchema = z.object({ id });

export const accessRequestQuerySchema = z.strictObject({
  state: accessRequestStateSchema.optional().describe('Only access requests in this state.'),
  limit,
  cursor,
});

export const approveBodySchema = z.strictObject({
  reason: z.string().max(4_096).default('').describe('Why; kept with the decision.'),
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
});

export const accessRequestSchema = z.object({
  id,
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
  digest: z.string().describe('SHA-256 of the exact operation, in hex.'),
  text: z.string().nullable().describe('Exactly what would run; null once erased.'),
  form: z.string().describe('The operation with its literals taken out.'),
  parameters: z.array(z.string()).nullable(),
  requirements: z.array(z.object({ group: z.string(), seats: z.number().int() })),
  reason: z.string().describe('Why policy asks for approval.'),
  state: accessRequestStateSchema,
  createdAt: time,
  expiresAt: time,
  endedAt: time.nullable(),
  redeemedAt: time.nullable().describe('When the approval was used.'),
  decisions: z.array(accessDecisionSchema),
  decidable: z.boolean().describe('Whether the caller could decide it now.'),
});

export const accessRequestListSchema = z.object({ accessRequests: z.array(accessRequestSchema), next });

export const sessionQuerySchema = z.strictObject({
  open: flag.optional().describe('Only sessions that are still open, or only those that ended.'),
  limit,
  cursor,
});

export const sessionSchema = z.object({
  id,
  subject: z.string(),
  displayName: z.string().describe('As the issuer has it: escape it before it is shown.'),
  actor: z.string().nullable(),
  task: z.string().nullable(),
  tokenId: z.string().nullable().describe('The task token it was done with; null for any other token.'),
  delegation: z
    .array(z.string())
    .describe('The actors that token was handed on by, the one that acts first.'),
  target: z.string(),
  facet: z.string(),
  protocol: z.string(),
  client: z.string().describe('What the client said of itself.'),
  startedAt: time,
  endedAt: time.nullable(),
  endedReason: z.string().nullable(),
  operations: z.number().int(),
  recorded: z.boolean(),
  replica: z
    .string()
    .default('')
    .describe('Name of the gateway it goes through, which has its recording and its log.'),
});

export const endSessionBodySchema = z.strictObject({
  reason: z.string().trim().min(1).max(500).describe('Why; kept in the audit log and told to the client.'),
});

export const recordingQuerySchema = z.strictObject({
  follow: flag
    .optional()
    .describe(
      'Goes on with what is recorded meanwhile, until the session ends. An empty line says that nothing was.',
    ),
});

export const holdBodySchema = z.strictObject({
  reason: z.string().trim().min(1).max(500).describe('Why; kept in the audit log.'),
});

export const releaseBodySchema = z.strictObject({
  reason: z.string().trim().max(500).default('').describe('Why; kept in the audit log.'),
});

/** Whether a recording is kept whatever its age. */
export const recordingHoldSchema = z.object({ id, held: z.boolean() });

export const sessionListSchema = z.object({ sessions: z.array(sessionSchema), next });

export const exportStatusSchema = z.object({
  name: z.string(),
  type: z.string(),
  format: z.string(),
  onLag: z.enum(['alarm', 'deny']),
  state: z
    .enum(['ok', 'failing', 'behind'])
    .describe('`failing`: the last attempt failed; `behind`: further behind than its limits.'),
  acknowledged: z.number().int().nullable().describe('`seq` of the last entry the sink acknowledged.'),
  lag: z.object({
    entries: z
      .number()
      .int()
      .nullable()
      .describe('Entries not acknowledged; null while that cannot be known.'),
    seconds: z.number().int().describe('Age of the oldest of them.'),
  }),
  limits: z.object({ entries: z.number().int(), seconds: z.number().int() }),
  failures: z.number().int().describe('Attempts that failed since the last that did not.'),
  problem: z.string().nullable().describe('Why the last attempt failed.'),
});

export const exportListSchema = z.object({ exports: z.array(exportStatusSchema) });

/** One line of a recording. `type` says which; the rest depends on it. */
export const recordingEventSchema = z.record(z.string(), z.unknown());

export const healthSchema = z.object({ status: z.literal('ok') });

export const readinessSchema = z.object({ status: z.enum(['ready', 'not-ready']) });

export const roomHealthSchema = z.object({
  status: z.enum(['ready', 'not-ready']),
  checks: z.array(
    z.object({
      name: z.string().describe('What is looked at, such as `store`.'),
      ok: z.boolean(),
      detail: z.string().describe('What is wrong; empty when nothing is.'),
    }),
  ),
});

/** RFC 9457. `code` is the gateway's own, from its closed list. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string(),
});

export type AccessRequest = z.output<typeof accessRequestSchema>;
export type AccessRequestState = z.output<typeof accessRequestStateSchema>;
export type AccessRequestQuery = z.input<typeof accessRequestQuerySchema>;
export type Session = z.output<typeof sessionSchema>;
export type RecordingHold = z.output<typeof recordingHoldSchema>;
export type ExportStatus = z.output<typeof exportStatusSchema>;
export type RecordingEvent = z.output<typeof recordingEventSchema>;
export type RoomHealth = z.output<typeof roomHealthSchema>;
export type Problem = z.output<typeof problemSchema>;
