import { z } from 'zod';

/** The `sign_in` section of the configuration. */
export const signInSection = z.strictObject({
  publicUrl: z
    .string()
    .max(512)
    .refine(isOrigin, 'must be an origin, such as https://sallyport.example.com, without a path')
    .optional()
    .describe(
      'Where browsers reach the control plane. Issuers and identity providers send them back there. Default: its listen address.',
    ),
  sessionSeconds: z
    .number()
    .int()
    .min(60)
    .max(2_592_000)
    .default(43_200)
    .describe('Longest life of a session, whatever is done with it; one that stands on less ends with that.'),
  idleSeconds: z
    .number()
    .int()
    .min(60)
    .max(2_592_000)
    .default(3_600)
    .describe('Time after its last use at which a session ends.'),
  sessionsPerSubject: z
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(20)
    .describe('Most sessions of one subject; signing in once more ends the oldest.'),
  pendingSeconds: z
    .number()
    .int()
    .min(30)
    .max(3_600)
    .default(600)
    .describe('Time to come back from the issuer.'),
  pending: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe('Most sign-ins that wait for somebody to come back.'),
  startsPerMinute: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(60)
    .describe('Sign-ins begun per minute from one address.'),
  responseBytes: z
    .number()
    .int()
    .min(4_096)
    .max(4_194_304)
    .default(262_144)
    .describe('Largest SAML response, in bytes of base64.'),
});

export type SignInSection = z.output<typeof signInSection>;

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text && /^https?:/.test(text);
}
