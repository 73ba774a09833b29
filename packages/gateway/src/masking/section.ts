import { z } from 'zod';
import { parseColumnPath } from './columns.ts';
import { dataClass } from './data-class.ts';
import { usualDetectors } from './detectors/all.ts';
import { detectorsSection } from './detectors/section.ts';
import { GLOB_CHARACTERS } from './glob.ts';

/** Most entries of each list of the section (L10). */
const MAX_ENTRIES = 10_000;

const columnPath = z.string().refine((text) => parseColumnPath(text) !== null, {
  error:
    'must be schema.table.column, or target:schema.table.column; * and ? are wildcards, and a name that holds a dot goes in double quotes',
});

/** The `masking` section of the configuration: what is classified, and what is looked for in every text. */
export const maskingSection = z
  .strictObject({
    classified: z
      .array(
        z.strictObject({
          column: columnPath.describe(
            'schema.table.column at every target, or target:schema.table.column; * and ? are wildcards.',
          ),
          class: dataClass,
        }),
      )
      .max(MAX_ENTRIES)
      .default([])
      .describe('Columns whose every value is masked unless policy permits reveal of their class.'),
    column_names: z
      .array(
        z.strictObject({
          pattern: z
            .string()
            .min(1)
            .max(GLOB_CHARACTERS)
            .describe('A column name of any table, ignoring case; * and ? are wildcards, as in "*ssn*".'),
          class: dataClass,
        }),
      )
      .max(MAX_ENTRIES)
      .default([])
      .describe('Column names that are classified wherever they occur.'),
    comments: z
      .enum(['on', 'off'])
      .default('on')
      .describe(
        "Whether a column is also classified by its comment in the database, as in COMMENT ON COLUMN people.mail IS 'sallyport:class=email'.",
      ),
    detectors: detectorsSection,
  })
  .default({
    classified: [],
    column_names: [],
    comments: 'on',
    detectors: { enabled: [...usualDetectors], custom: [] },
  })
  .describe('What is masked in replies, unless policy permits reveal of its class.');

export type MaskingConfig = z.infer<typeof maskingSection>;
