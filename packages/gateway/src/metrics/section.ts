import { z } from 'zod';

/** The `metrics` section of the configuration. */
export const metricsSection = z.strictObject({
  listen: z
    .string()
    .regex(
      /^(?:[a-zA-Z0-9.-]{1,253}|\[[0-9a-fA-F:]{2,45}\]):\d{1,5}$/,
      'must be host:port, such as 127.0.0.1:9464',
    )
    .optional()
    .describe(
      'Where metrics are given to whoever asks, for a scraper that has no access token: an address only it can reach. Absent: only at /metrics of the control plane, for operators and auditors.',
    ),
});

export type MetricsConfig = z.output<typeof metricsSection>;
