/** Searching the audit log: for auditors only. */
import { z } from 'zod';
import { LIST_LIMIT } from './approval-schemas.ts';

/** Longest value of a filter: what is longer is in no entry anyone would look for, and a URL has to hold it. */
export const FILTER_CHARACTERS = 1_024;

const value = (what: string) => z.string().min(1).max(FILTER_CHARACTERS).optional().describe(what);
const time = z.iso.datetime();

const filters = {
  subject: value('Only of this subject.'),
  actor: value('Only of this agent.'),
  task: value('Only for this task.'),
  target: value('Only at this target.'),
  table: value(
    'Only what touches this table: `table`, `schema.table` or `database.schema.table`; a name with a dot in double quotes.',
  ),
  action: value('Only with this action, such as `select`.'),
  effect: z.enum(['permit', 'deny']).optional().describe('Only permits, or only denies.'),
  policy: value('Only what this policy decided.'),
  text: value('Only where the form holds each of these words, in any order and letter case.').refine(
    (text) => text === undefined || /[\p{L}\p{N}\p{M}_]/u.test(text),
    'must hold a word',
  ),
  since: time.optional().describe('Only from this time on.'),
  until: time.optional().describe('Only before this time.'),
};

const page = {
  limit: z.coerce
    .number<number | string>()
    .int()
    .min(1)
    .max(LIST_LIMIT)
    .default(50)
    .describe('Most rows to give.'),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, 'must be the `next` of the page before')
    .optional()
    .describe('Where to go on: the `next` of the page before.'),
};

export const auditSearchQuerySchema = z.strictObject({ ...filters, ...page });

const found = {
  next: z.string().nullable().describe('The cursor of the next page; null on the last.'),
  complete: z
    .boolean()
    .describe('Whether all of the log was looked through; what is missing is the newest, for a moment.'),
};

export const auditOperationSchema = z.object({
  seq: z.number().int().describe('Index of the entry in the audit log.'),
  type: z
    .string()
    .describe('`decision`; or `authenticated` or `authentication-failed`: somebody came in, or could not.'),
  time,
  sessionId: z.string().nullable(),
  evaluationId: z.string().nullable(),
  subject: z.string().nullable(),
  actor: z.string().nullable(),
  task: z.string().nullable(),
  target: z.string().nullable(),
  protocol: z.string().nullable(),
  effect: z.string().nullable(),
  digest: z.string().nullable(),
  form: z
    .string()
    .nullable()
    .describe('The operation with its literals taken out: escape it before it is shown.'),
  actions: z.array(z.string()),
  tables: z.array(z.string()).describe('What it touches; `*` stands for any, or for more than fit.'),
  policies: z.array(z.string()),
  policyVersion: z.string().nullable(),
  reason: z.string().nullable(),
  requestId: z.string().nullable(),
});

export const auditOperationPageSchema = z.object({ operations: z.array(auditOperationSchema), ...found });

export const auditSessionSchema = z.object({
  id: z.string(),
  subject: z.string().nullable(),
  actor: z.string().nullable(),
  task: z.string().nullable(),
  target: z.string().nullable(),
  facet: z.string(),
  protocol: z.string().nullable(),
  client: z.string().describe('What the client said of itself.'),
  startedAt: time,
  endedAt: time.nullable().describe('Null while it is open, and when a crash ended it.'),
  endedReason: z.string().nullable(),
  permitted: z.number().int(),
  denied: z.number().int(),
});

export const auditSessionPageSchema = z.object({ sessions: z.array(auditSessionSchema), ...found });

export type AuditSearchQuery = z.input<typeof auditSearchQuerySchema>;
export type AuditOperation = z.output<typeof auditOperationSchema>;
export type AuditOperationPage = z.output<typeof auditOperationPageSchema>;
export type AuditSession = z.output<typeof auditSessionSchema>;
export type AuditSessionPage = z.output<typeof auditSessionPageSchema>;
