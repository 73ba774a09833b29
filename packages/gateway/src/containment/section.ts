import { z } from 'zod';

/** The `containment` section of the configuration. */
export const containmentSection = z.strictObject({
  revocations: z
    .int()
    .min(100)
    .max(1_000_000)
    .default(100_000)
    .describe(
      'Most revocations in force at once. One more ends sessions, and says that it is not kept. Holders who end their own task tokens fill half of them at most.',
    ),
  rememberedCallers: z
    .int()
    .min(100)
    .max(1_000_000)
    .default(10_000)
    .describe(
      'Callers whose other names and newest groups are remembered, so that a revocation by one name finds them by the others.',
    ),
  tokenMarginSeconds: z
    .int()
    .min(0)
    .max(86_400)
    .default(300)
    .describe('How long after a revoked token expired its revocation is kept.'),
  groupLoss: z
    .enum(['end', 'ignore'])
    .default('end')
    .describe(
      '`end`: when a newer token of the same caller lacks a group, sessions on older tokens end, and older tokens are refused. `ignore` is for issuers that leave groups out of tokens on purpose.',
    ),
});

export type ContainmentConfig = z.output<typeof containmentSection>;
