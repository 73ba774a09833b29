import { z } from 'zod';

/** The `approval` section of the configuration. */
export const approvalSection = z.strictObject({
  expirySeconds: z
    .number()
    .min(1)
    .max(86_400)
    .default(900)
    .describe('How long an access request waits for people, counted from its opening.'),
  redeemSeconds: z
    .number()
    .min(1)
    .max(3_600)
    .default(60)
    .describe('How long an approval can be used after it was given.'),
  pendingPerSession: z
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(16)
    .describe('Most access requests one session may have pending.'),
  pendingPerSubject: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(64)
    .describe('Most access requests one subject may have pending.'),
  pendingTotal: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(1_000)
    .describe('Most access requests pending at once.'),
  textBytes: z
    .number()
    .int()
    .min(1_024)
    .max(16_777_216)
    .default(65_536)
    .describe(
      'Largest operation, text and parameters together, that can be put before people; a larger one is denied.',
    ),
  reasonLength: z
    .number()
    .int()
    .min(16)
    .max(4_096)
    .default(500)
    .describe('Longest reason a person may give, in characters.'),
});

export type ApprovalConfig = z.output<typeof approvalSection>;
