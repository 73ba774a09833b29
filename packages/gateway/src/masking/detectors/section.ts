import { z } from 'zod';
import { dataClass } from '../data-class.ts';
import { detectorNames, usualDetectors } from './all.ts';
import { LEAST_WORD_BYTES, MOST_WORD_BYTES } from './custom.ts';
import { PATTERN_CHARS, patternProblem } from './pattern.ts';

/** Most detectors of one's own, and most words of all of them together (L10). */
const MAX_CUSTOM = 50;
const MAX_WORDS = 2_000;

const pattern = z
  .string()
  .min(1)
  .max(PATTERN_CHARS)
  .superRefine((text, context) => {
    const problem = text.length > PATTERN_CHARS ? null : patternProblem(text);
    if (problem !== null)
      context.addIssue({ code: 'custom', message: `is no pattern RE2 can use: ${problem}` });
  })
  .describe('An RE2 pattern, unless there are words: what it matches in a line is hidden.');

const word = z
  .string()
  .refine(
    (text) => Buffer.byteLength(text) >= LEAST_WORD_BYTES && Buffer.byteLength(text) <= MOST_WORD_BYTES,
    `a word has from ${LEAST_WORD_BYTES} to ${MOST_WORD_BYTES} bytes`,
  );

const custom = z
  .array(
    z.union(
      [
        z.strictObject({ class: dataClass, pattern }),
        z.strictObject({
          class: dataClass,
          words: z
            .array(word)
            .min(1)
            .max(MAX_WORDS)
            .describe(
              'Words or phrases, unless there is a pattern: found whole, ignoring the case of ASCII letters.',
            ),
        }),
      ],
      { error: 'needs a class and either a pattern or words, and nothing else' },
    ),
  )
  .max(MAX_CUSTOM)
  .refine(
    (entries) =>
      entries.reduce((sum, entry) => sum + ('words' in entry ? entry.words.length : 0), 0) <= MAX_WORDS,
    `there are more than ${MAX_WORDS} words in all`,
  )
  .default([])
  .describe('Detectors of your own.');

/** The `masking.detectors` section of the configuration. */
export const detectorsSection = z
  .strictObject({
    enabled: z
      .array(z.enum(detectorNames))
      .default([...usualDetectors])
      .describe('What is looked for in every text of a reply.'),
    custom,
  })
  .default({ enabled: [...usualDetectors], custom: [] })
  .describe('Detectors: values masked wherever they are found.');
