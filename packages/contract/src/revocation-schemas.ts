/** What may not be used any more, and ending sessions by what they have in common: for operators. */
import { z } from 'zod';
import { cursorSchema, limitSchema, nextSchema } from './approval-schemas.ts';

/** Longest name of anything that is revoked. */
export const REVOKED_CHARACTERS = 512;

const time = z.iso.datetime();
const reason = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .describe('Why; kept in the audit log and told to those it ends.');
const name = z
  .string()
  .trim()
  .min(1)
  .max(REVOKED_CHARACTERS)
  .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+$/u, 'must be printable characters');

export const revocationKindSchema = z.enum([
  'subject',
  'actor',
  'task',
  'token',
  'target',
  'connector',
  'session',
]);

export const revokeBodySchema = z
  .strictObject({
    kind: revocationKindSchema
      .optional()
      .describe('What `value` is the name of. May be left out of a quarantine where that can be told.'),
    value: name.describe(
      'The name: `<issuer>|<sub>` or an e-mail address, an agent, a task, a target. Of a token its id: never the token.',
    ),
    quarantine: z.boolean().default(false).describe('Meant to be lifted again.'),
    reason,
  })
  .refine(({ kind, quarantine }) => kind !== undefined || quarantine, {
    path: ['kind'],
    message: 'must be given',
  });

export const liftBodySchema = z.strictObject({ reason });

export const revocationSchema = z.object({
  id: z.string(),
  kind: revocationKindSchema,
  value: z.string(),
  names: z.array(z.string()).describe('Every name it is about, as they are compared.'),
  quarantine: z.boolean(),
  reason: z.string(),
  by: z.object({ subject: z.string(), displayName: z.string() }),
  at: time,
  until: time.nullable().describe('When it is forgotten because what it is about has expired.'),
});

export const revocationQuerySchema = z.strictObject({ limit: limitSchema, cursor: cursorSchema });

export const revocationListSchema = z.object({ revocations: z.array(revocationSchema), next: nextSchema });

export const revokedSchema = z.object({
  revocation: revocationSchema,
  ended: z.number().int().describe('Sessions it ended.'),
  problems: z
    .array(z.string())
    .describe('Where it could not be written down. It is in force; a restart may forget it.'),
});

export const endSessionsBodySchema = z
  .strictObject({
    subject: name.optional(),
    actor: name.optional(),
    task: name.optional(),
    target: name.optional(),
    all: z.literal(true).optional().describe('Every session; goes with no filter.'),
    reason,
  })
  .refine(
    ({ subject, actor, task, target, all }) =>
      [subject, actor, task, target].some((one) => one !== undefined) !== (all === true),
    'needs a filter, or `all`, and not both',
  );

export const endedSessionsSchema = z.object({
  ended: z.number().int().describe('How many.'),
  problems: z.array(z.string()).describe('Why sessions of other gateways may still be open.'),
});

export type RevocationKind = z.output<typeof revocationKindSchema>;
export type RevokeBody = z.input<typeof revokeBodySchema>;
export type Revocation = z.output<typeof revocationSchema>;
export type Revoked = z.output<typeof revokedSchema>;
export type EndSessionsBody = z.input<typeof endSessionsBodySchema>;
