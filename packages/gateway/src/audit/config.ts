import { z } from 'zod';

/** The `audit` section of the configuration. */
export const auditSection = z
  .strictObject({
    directory: z
      .string()
      .min(1)
      .default('./audit')
      .describe('Folder of the audit log. One log per gateway replica.'),
    origin: z
      .string()
      .regex(/^[^+\s]{1,256}$/, 'no space and no plus')
      .default('sallyport/audit')
      .describe(
        'Name of the log in its checkpoints and public key; used when the key is made at the first start.',
      ),
    durability: z
      .enum(['write', 'sync'])
      .default('write')
      .describe(
        'What a read waits for before it is forwarded: `write` (the entry survives a crash of the gateway) or `sync` ' +
          '(it is on disk and survives a power cut). An operation that changes state always waits for sync.',
      ),
    checkpointMs: z
      .int()
      .min(10)
      .max(3_600_000)
      .default(1000)
      .describe('Most milliseconds between an entry and the signed checkpoint over it.'),
    segmentBytes: z
      .int()
      .min(64 * 1024)
      .max(16 * 1024 ** 3)
      .default(64 * 1024 * 1024)
      .describe('Size, in bytes, at which a log file is sealed and the next one begun.'),
    formBytes: z
      .int()
      .min(256)
      .max(256 * 1024)
      .default(8192)
      .describe(
        'Longest form of an operation kept in an entry, in UTF-16 units; the rest is left out and said to be.',
      ),
  })
  .describe('The tamper-evident log that every decision is in before it takes effect.');

export type AuditConfig = z.infer<typeof auditSection>;
