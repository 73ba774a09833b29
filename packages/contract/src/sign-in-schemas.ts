/** Signing in: what there is, who somebody is, and the way out. */
import { z } from 'zod';

export const wayToSignInSchema = z.object({
  name: z.string(),
  kind: z.enum(['oidc', 'saml']),
  issuer: z.string().describe('The issuer identifier, or the entity id of the identity provider.'),
  browser: z.boolean().describe('Whether a browser can sign in at the control plane with it.'),
  client: z
    .object({
      id: z.string(),
      scopes: z.array(z.string()),
      resource: z.string().nullable(),
      audience: z.string().nullable(),
    })
    .nullable()
    .describe('The public client with which a command line asks the issuer itself.'),
});

export const signInListSchema = z.object({ ways: z.array(wayToSignInSchema) });

export const whoamiSchema = z.object({
  subject: z.string(),
  displayName: z.string().describe('As the issuer has it: escape it before it is shown.'),
  groups: z.array(z.string()),
  actor: z.string().nullable(),
  task: z.string().nullable(),
  kind: z.enum(['person', 'machine']),
  expiresAt: z.iso.datetime().describe('When what was presented stops being good.'),
  csrfToken: z
    .string()
    .nullable()
    .describe('For a session cookie: what `x-sallyport-csrf` must be for anything that changes something.'),
});

export const redeemBodySchema = z.strictObject({
  code: z.string().max(128),
  codeVerifier: z.string().max(128).describe('RFC 7636.'),
  redirectUri: z.string().max(2_048),
});

export const sessionTokenSchema = z.object({ token: z.string(), expiresAt: z.iso.datetime() });

export const signedOutSchema = z.object({
  endSessionUrl: z.string().nullable().describe('Where a browser signs out at the issuer too.'),
});

export type WayToSignIn = z.output<typeof wayToSignInSchema>;
export type Whoami = z.output<typeof whoamiSchema>;
export type SessionToken = z.output<typeof sessionTokenSchema>;
export type SignedOut = z.output<typeof signedOutSchema>;
