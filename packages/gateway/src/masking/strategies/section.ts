import { z } from 'zod';

/** How the values of one class are hidden where they are a column's own, unchanged. */
export const strategySection = z
  .discriminatedUnion('strategy', [
    z.strictObject({ strategy: z.literal('full').describe('A text becomes ***, anything else NULL.') }),
    // YAML reads null without quotes as no value; nothing else can be meant by it here.
    z.strictObject({ strategy: z.literal(['null', null]).describe('Every value becomes NULL.') }),
    z.strictObject({
      strategy: z.literal('drop').describe('Every value becomes NULL; the name of the column stays.'),
    }),
    z.strictObject({
      strategy: z.literal('partial').describe('A part of a text stays.'),
      keep: z
        .enum(['last-4', 'domain'])
        .describe('For partial: what stays, the last four characters or the domain of an e-mail address.'),
    }),
    z.strictObject({ strategy: z.literal('hash').describe('The same value becomes the same token.') }),
    z.strictObject({
      strategy: z.literal('format').describe('Digits become digits, letters letters of the same case.'),
    }),
    z
      .strictObject({
        strategy: z.literal('noise').describe('Numbers and times are moved a little.'),
        ratio: z
          .number()
          .min(0.001)
          .max(0.9)
          .optional()
          .describe('For noise: how far a number may move, as a part of it. Without it numbers become NULL.'),
        days: z
          .int()
          .min(1)
          .max(3_650)
          .optional()
          .describe('For noise: how many days a date or timestamp may move. Without it they become NULL.'),
      })
      .refine(({ ratio, days }) => ratio !== undefined || days !== undefined, {
        error: 'noise needs `ratio` for numbers, or `days` for dates, or both',
      }),
  ])
  .describe('How the values of one class are hidden.');

export type StrategyConfig = z.infer<typeof strategySection>;
