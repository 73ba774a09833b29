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
  mode: z
    .enum(['hold', 'return'])
    .default('hold')
    .describe(
      'What becomes of an operation that needs people, unless the client or something more particular says otherwise: `hold` keeps it open, `return` refuses it with the id of its access request, to be sent again once approved.',
    ),
  targetModes: z
    .array(
      z.strictObject({
        target: z.string().min(1).describe('The name of a target.'),
        mode: z.enum(['hold', 'return']).describe('As `mode`, at this target.'),
      }),
    )
    .max(10_000)
    .default([])
    .describe('Another `mode` for particular targets.'),
  returnRedeemSeconds: z
    .number()
    .min(1)
    .max(604_800)
    .default(900)
    .describe('How long an approval can be used after it was given, where the client was refused meanwhile.'),
  reasonRequired: z
    .boolean()
    .default(false)
    .describe('Whether people must say why they approve. Why they deny they always must.'),
  standingGrants: z.int().min(1).max(100_000).default(10_000).describe('Most grants standing at once.'),
  reviewHours: z
    .number()
    .min(0.001)
    .max(8_760)
    .default(24)
    .describe(
      'How long a review of what was done without waiting (break glass) may stay open before it is overdue.',
    ),
  openReviewsPerPerson: z
    .int()
    .min(1)
    .max(1_000)
    .default(16)
    .describe('Most reviews one person may have open: with more they cannot break glass.'),
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
