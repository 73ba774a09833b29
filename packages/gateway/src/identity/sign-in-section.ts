import { z } from 'zod';
import { isHttpsOrLoopback } from './urls.ts';

/** A client as it is registered at the issuer. */
const clientId = z.string().min(1).max(512);

/** How people sign in with one OpenID Connect issuer. Everything here but the secret is public. */
export const issuerSignInSection = z.strictObject({
  clientId: clientId
    .optional()
    .describe(
      'Public client of `sallyport login`: code with PKCE to a loopback address, and device authorization. Without it the command signs in through the gateway.',
    ),
  web: z
    .strictObject({
      clientId: clientId.describe(
        'Client of the gateway itself; its redirect URI is `<public_url>/v1/sign-in/<name>/callback`.',
      ),
      clientSecretFile: z
        .string()
        .min(1)
        .optional()
        .describe(
          'File with the client secret. Without it the client is public, and PKCE alone protects it.',
        ),
      clientAuthentication: z
        .enum(['client_secret_basic', 'client_secret_post'])
        .default('client_secret_basic')
        .describe('How the secret is sent.'),
    })
    .optional()
    .describe('Lets browsers sign in at the control plane.'),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/, 'must be one scope'))
    .max(32)
    .default(['openid', 'profile', 'email', 'offline_access'])
    .refine((all) => all.includes('openid'), 'must have `openid`')
    .describe('Scopes asked for. `offline_access` lets a sign-in be renewed without asking again.'),
  resource: z
    .string()
    .max(512)
    .refine(URL.canParse, 'must be a URI')
    .optional()
    .describe('What the access token is for (RFC 8707 `resource`), where the issuer wants to be told.'),
  audience: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .describe('The same as the non-standard parameter `audience`, for issuers that have that one.'),
});

export type IssuerSignInConfig = z.output<typeof issuerSignInSection>;

const attribute = z.string().min(1).max(256);

/** An identity provider that speaks SAML 2.0. People only: a machine never signs in with it. */
export const samlSection = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be 1 to 32 of a-z, 0-9 and -')
    .describe('Short name; the first half of every subject it vouches for.'),
  entryPoint: z
    .string()
    .max(512)
    .refine(
      (url) => isHttpsOrLoopback(url, { query: true }),
      'must be an https:// URL, or http:// on a loopback address',
    )
    .describe('Single sign-on service of the identity provider, HTTP-Redirect binding.'),
  idpIssuer: z.string().min(1).max(1_024).describe('Entity id of the identity provider.'),
  idpCertFiles: z
    .array(z.string().min(1))
    .min(1)
    .max(8)
    .describe('PEM certificates it signs with; more than one while it changes its key.'),
  issuer: z
    .string()
    .min(1)
    .max(1_024)
    .optional()
    .describe('Entity id of this service provider. Default: the address of its metadata.'),
  audience: z
    .string()
    .min(1)
    .max(1_024)
    .optional()
    .describe('Audience an assertion must have. Default: `issuer`.'),
  wantResponseSigned: z
    .boolean()
    .default(false)
    .describe('The response must be signed too. Assertions always must be.'),
  requestKeyFile: z
    .string()
    .min(1)
    .optional()
    .describe('PEM private key that signs authentication requests. Without it they are not signed.'),
  decryptionKeyFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'PEM private key (RSA, 2048 bits or more) that opens encrypted assertions. Without it they are refused.',
    ),
  decryptionCertFile: z
    .string()
    .min(1)
    .optional()
    .describe('PEM certificate of that key, in the metadata for the identity provider to encrypt with.'),
  requireEncryption: z.boolean().default(false).describe('Assertions in the clear are refused.'),
  signOutUrl: z
    .string()
    .max(512)
    .refine(
      (url) => isHttpsOrLoopback(url, { query: true }),
      'must be an https:// URL, or http:// on a loopback address',
    )
    .optional()
    .describe('Where people sign out at the identity provider; told to them when they sign out here.'),
  nameIdFormat: z
    .string()
    .min(1)
    .max(256)
    .default('urn:oasis:names:tc:SAML:2.0:nameid-format:persistent')
    .describe(
      'Format of NameID that is asked for. One that can be given to another person later is none to use.',
    ),
  claims: z
    .strictObject({
      subject: attribute.optional().describe('Attribute that names the subject. Default: the NameID.'),
      groups: attribute.default('groups').describe('Attribute that lists groups.'),
      email: attribute.default('email').describe('Attribute with the e-mail address.'),
      display: attribute.default('displayName').describe('Attribute shown to people.'),
    })
    .prefault({})
    .describe('Where the identity provider puts what the gateway needs.'),
  groupPrefix: z.string().max(64).default('').describe('Put before every group of this identity provider.'),
});

export type SamlConfig = z.output<typeof samlSection>;
