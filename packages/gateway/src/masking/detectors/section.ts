import { z } from 'zod';
import { detectorNames, usualDetectors } from './all.ts';

/** The `masking.detectors` section of the configuration. */
export const detectorsSection = z
  .strictObject({
    enabled: z
      .array(z.enum(detectorNames))
      .default([...usualDetectors])
      .describe('What is looked for in every text of a reply.'),
  })
  .default({ enabled: [...usualDetectors] })
  .describe('Detectors: values masked wherever they are found.');
