import { z } from 'zod';
import { otlpAddress } from '../export/index.ts';

const { url, ...shown } = otlpAddress(
  'tracing',
  'Where spans are posted, such as `https://collector:4318/v1/traces`. Absent: nothing is traced.',
);

/** The `tracing` section of the configuration. */
export const tracingSection = z.strictObject({
  url: url.optional(),
  ...shown,
  ratio: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe(
      'Part of the operations and connections that is traced, chosen by the gateway alone. What was denied or held is traced beside.',
    ),
  identities: z
    .boolean()
    .default(false)
    .describe('Whether spans say whose operation it is: the ids of subject and actor.'),
  queueSpans: z
    .int()
    .min(16)
    .max(1_000_000)
    .default(8_192)
    .describe(
      'Most spans that wait for the collector. Further ones are dropped and counted; those traced only because they were denied or held may fill half.',
    ),
  batchSpans: z.int().min(1).max(10_000).default(512).describe('Most spans sent at once.'),
  intervalMs: z
    .int()
    .min(10)
    .max(600_000)
    .default(5_000)
    .describe('Longest time before spans that do not fill a batch are sent, in milliseconds.'),
  timeoutMs: z
    .int()
    .min(100)
    .max(300_000)
    .default(10_000)
    .describe('Longest time for one batch to be acknowledged, in milliseconds.'),
});

export type TracingConfig = z.output<typeof tracingSection>;
