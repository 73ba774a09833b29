import { z } from 'zod';
import { isLoopbackUrl, urlOf } from '../export/index.ts';

/** The `step_up` section of the configuration. */
export const stepUpSection = z
  .strictObject({
    rpId: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/, { error: 'a domain, such as sallyport.example.com' })
      .describe(
        'The domain passkeys are for (WebAuthn relying party id): that of the console, or one above it. Passkeys are lost when it changes.',
      ),
    rpName: z.string().min(1).max(64).default('Sallyport').describe('What people see when they are asked.'),
    origins: z
      .array(urlOf(/^https?$/, 'an origin, such as https://sallyport.example.com'))
      .min(1)
      .max(16)
      .describe('Origins of the pages that may use them, such as `https://sallyport.example.com`.'),
    freshSeconds: z
      .int()
      .min(30)
      .max(3_600)
      .default(300)
      .describe(
        'How long ago, at most, whoever registers their first passkey signed in (`auth_time` of the token).',
      ),
    passkeysPerPerson: z.int().min(1).max(50).default(10).describe('Most passkeys of one person.'),
  })
  .refine(({ origins }) => origins.every((one) => new URL(one).origin === one), {
    path: ['origins'],
    error: 'an origin has no path: https://sallyport.example.com',
  })
  .refine(({ origins }) => origins.every((one) => one.startsWith('https:') || isLoopbackUrl(one)), {
    path: ['origins'],
    error: 'http:// is only for this machine',
  })
  .refine(
    ({ rpId, origins }) =>
      origins.every((one) => new URL(one).hostname === rpId || new URL(one).hostname.endsWith(`.${rpId}`)),
    { path: ['origins'], error: 'each origin is at rp_id, or below it' },
  );

export type StepUpConfig = z.output<typeof stepUpSection>;
