import { z } from 'zod';

/** The `audit_index` section of the configuration. */
export const auditIndexSection = z.strictObject({
  directory: z
    .string()
    .min(1)
    .default('./index')
    .describe('Folder of the index, readable by the gateway only. Created when missing.'),
});

export type AuditIndexConfig = z.output<typeof auditIndexSection>;
