/**
 * The control-plane API as schemas: the gateway checks requests and builds answers with them, the command line and the
 * console read answers with them. Times are ISO 8601 in UTC.
 */
import { z } from 'zod';
import { cursorSchema, flagSchema, idSchema, limitSchema, nextSchema } from './approval-schemas.ts';

const time = z.iso.datetime();
const id = idSchema;
const limit = limitSchema;
const cursor = cursorSchema;
const next = nextSchema;
const flag = flagSchema;

export const idParamsSchema = z.object({ id });

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

export type Session = z.output<typeof sessionSchema>;
export type RecordingHold = z.output<typeof recordingHoldSchema>;
export type ExportStatus = z.output<typeof exportStatusSchema>;
export type RecordingEvent = z.output<typeof recordingEventSchema>;
export type RoomHealth = z.output<typeof roomHealthSchema>;
export type Problem = z.output<typeof problemSchema>;
