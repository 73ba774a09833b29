import { z } from 'zod';
import { parseColumnPath, parseMemberPath } from './columns.ts';
import { dataClass } from './data-class.ts';
import { detectorsSection } from './detectors/section.ts';
import { GLOB_CHARACTERS } from './glob.ts';
import { strategySection } from './strategies/section.ts';

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
          member: z
            .string()
            .refine((text) => parseMemberPath(text) !== null, {
              error: 'must be names with dots between, from the outside in; * is any name',
            })
            .optional()
            .describe(
              'Only this member of the JSON in the column, such as contact.email; arrays are walked through, * is any name.',
            ),
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
    classes: z
      .record(dataClass, strategySection)
      .refine((classes) => Object.keys(classes).length <= MAX_ENTRIES, `at most ${MAX_ENTRIES} classes`)
      .default({})
      .describe(
        'How the values of a class are hidden (docs/masking.md). A class that is not named here is hidden whole, and so is whatever is computed from a value of any class.',
      ),
    tenant: z
      .string()
      .min(1)
      .max(128)
      .default('default')
      .describe('Whose tokens and noise these are: another tenant gets others for the same values.'),
    key_file: z
      .string()
      .min(1)
      .optional()
      .describe(
        'File of the key for hash, format and noise: 64 hexadecimal digits. Default: `masking.key` in data_directory, which is made when missing. Replicas that are to agree need the same.',
      ),
    detectors: detectorsSection,
  })
  .prefault({})
  .describe('What is masked in replies, unless policy permits reveal of its class.');

export type MaskingConfig = z.infer<typeof maskingSection>;
