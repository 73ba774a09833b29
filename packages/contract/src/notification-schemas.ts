/** Telling people, and what they prove with a passkey. What browsers give and take is WebAuthn's own JSON (Level 3, 5.1.8 to 5.1.10). */
import { z } from 'zod';

const time = z.iso.datetime();
const base64url = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[A-Za-z0-9_-]+$/, 'must be base64url');
/** A SHA-256 in hex. */
const passkeyId = z.string().regex(/^[0-9a-f]{64}$/, 'must be the id of a passkey, as it is listed');

const credential = {
  id: base64url(2_048),
  rawId: base64url(2_048),
  type: z.literal('public-key'),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).exactOptional(),
  clientExtensionResults: z.object({}).default({}),
};

export const assertionSchema = z
  .object({
    ...credential,
    response: z.object({
      clientDataJSON: base64url(4_096),
      authenticatorData: base64url(4_096),
      signature: base64url(4_096),
      userHandle: base64url(128).exactOptional(),
    }),
  })
  .describe('What the browser gave for a passkey, as JSON (`AuthenticationResponseJSON`).');

const attestationSchema = z
  .object({
    ...credential,
    response: z.object({
      clientDataJSON: base64url(4_096),
      attestationObject: base64url(32_768),
      transports: z.array(z.string().max(32)).max(8).exactOptional(),
    }),
  })
  .describe('What the browser gave for a new passkey, as JSON (`RegistrationResponseJSON`).');

/** What to give to the browser. */
export const browserOptionsSchema = z
  .record(z.string(), z.unknown())
  .describe('For `navigator.credentials`, as JSON; good once, for two minutes.');

export const passkeyIdParamsSchema = z.object({ id: passkeyId });

export const passkeySchema = z.object({
  id: passkeyId.describe('SHA-256 of the credential id: what audit entries name.'),
  name: z.string().describe('What its owner calls it.'),
  createdAt: time,
  usedAt: time.nullable(),
});

export const passkeyListSchema = z.object({ passkeys: z.array(passkeySchema) });

export const passkeyChallengeBodySchema = z.strictObject({
  purpose: z.enum(['add-passkey', 'remove-passkey']).describe('What it is used for.'),
  passkey: passkeyId.optional().describe('Which one is removed.'),
});

export const beginRegistrationBodySchema = z.strictObject({
  assertion: assertionSchema.optional().describe('With a passkey that is there; for the first one, none.'),
});

export const registrationBodySchema = z.strictObject({
  name: z.string().trim().min(1).max(64).describe('What to call it.'),
  attestation: attestationSchema,
});

export const removePasskeyBodySchema = z.strictObject({ assertion: assertionSchema });

export const resetPasskeysBodySchema = z.strictObject({
  subject: z.string().min(1).max(1_024).describe('Whose, as access requests name them.'),
  reason: z.string().trim().min(1).max(500).describe('Why; kept in the audit log.'),
});

export const removedSchema = z.object({ removed: z.number().int().describe('How many there were.') });

export const stepUpBodySchema = z.strictObject({
  verdict: z
    .enum(['approve', 'deny'])
    .describe('What the passkey will be used for; it is good for no other.'),
});

export const slackLinkBodySchema = z.strictObject({
  code: z
    .string()
    .regex(/^[0-9a-f]{8,64}$/, 'must be the code that Slack showed')
    .describe('The code that Slack showed to nobody else.'),
});

export const slackLinkSchema = z.object({
  slackUser: z.string(),
  slackName: z.string().describe('As Slack has it: escape it before it is shown.'),
  expiresAt: time,
});

export const unlinkBodySchema = z.strictObject({});

export const channelNameBodySchema = z.strictObject({
  channel: z.string().min(1).max(64).describe('Name of the channel in the configuration.'),
});

export const channelStatusSchema = z.object({
  name: z.string(),
  type: z.string(),
  state: z.enum(['ok', 'failing']),
  waiting: z.number().int(),
  delivered: z.number().int(),
  undelivered: z.number().int().describe('Messages given up: too late, or too many.'),
  failures: z.number().int().describe('Attempts that failed since the last that did not.'),
  problem: z.string().nullable().describe('Why the last attempt failed.'),
});

export const channelListSchema = z.object({ channels: z.array(channelStatusSchema) });

export const deliveredSchema = z.object({ delivered: z.literal(true) });

export type Passkey = z.output<typeof passkeySchema>;
