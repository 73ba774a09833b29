import { z } from 'zod';

/** The `storage` section of the configuration. */
export const storageSection = z.strictObject({
  directory: z
    .string()
    .min(1)
    .default('./data')
    .describe('Folder of the embedded store, readable by the gateway only. Created when missing.'),
  operationTextDays: z
    .number()
    .min(0)
    .max(3_650)
    .default(7)
    .describe(
      'Days after an access request ended at which its exact operation text and parameters are erased.',
    ),
  sessionDays: z
    .number()
    .min(1)
    .max(3_650)
    .default(365)
    .describe(
      'Days after a session or access request ended at which its row is removed. Recordings and the audit log stay.',
    ),
});

export type StorageConfig = z.output<typeof storageSection>;
