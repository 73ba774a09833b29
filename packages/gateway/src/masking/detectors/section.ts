import { z } from 'zod';
import { detectedClasses } from './all.ts';

/** The `masking.detectors` section of the configuration. */
export const detectorsSection = z
  .strictObject({
    enabled: z
      .array(z.enum(detectedClasses))
      .default([...detectedClasses])
      .describe('The data classes looked for in every text of a reply.'),
  })
  .default({ enabled: [...detectedClasses] })
  .describe('Detectors: values masked wherever they are found.');
