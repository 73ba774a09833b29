import { z } from 'zod';
import { parseColumnPath } from './columns.ts';
import { detectedClasses } from './detectors/all.ts';
import { GLOB_CHARACTERS } from './glob.ts';

/** Most entries of each list of the section (L10). */
const MAX_ENTRIES = 10_000;

const dataClass = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'a data class is lower-case letters, digits and dashes, such as "email"')
  .describe('The data class: a built-in one such as "email", or a name of your own such as "salary".');

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
    detectors: z
      .strictObject({
        enabled: z
          .array(z.enum(detectedClasses))
          .default([...detectedClasses])
          .describe('The data classes looked for in every text of a reply.'),
      })
      .default({ enabled: [...detectedClasses] })
      .describe('Detectors: values masked wherever they are found.'),
  })
  .default({ classified: [], column_names: [], detectors: { enabled: [...detectedClasses] } })
  .describe('What is masked in replies, unless policy permits reveal of its class.');

export type MaskingConfig = z.infer<typeof maskingSection>;
