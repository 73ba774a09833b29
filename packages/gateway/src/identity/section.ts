import { z } from 'zod';
import { issuerSignInSection, samlSection } from './sign-in-section.ts';
import { sameIssuer, taskTokensSection } from './task-tokens-section.ts';
import { readTemplate } from './templates.ts';
import { issuerUrl } from './urls.ts';

/** Signature algorithms a token may use: asymmetric only, so that a public key can never be taken for a shared secret. */
export const tokenAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/**
 * Where a claim is: one name, or the names from the outside in. `a.b` is split at dots; a name holding `://` is not, and one
 * that starts with a slash is a JSON Pointer (RFC 6901), for names with dots in them.
 */
const claimPath = z.union([z.string().min(1).max(256), z.array(z.string().min(1).max(256)).min(1).max(8)]);

/** Text with claims in braces, such as `ci:{repository}:{ref}`. */
const template = z
  .string()
  .min(1)
  .max(512)
  .refine(
    (text) => readTemplate(text) !== null,
    'must be text with claims in braces, such as repo:{repository}',
  );

export const issuerSection = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be 1 to 32 of a-z, 0-9 and -')
    .describe('Short name of the issuer; the first half of every subject it vouches for.'),
  issuer: issuerUrl.describe('The issuer identifier, exactly as tokens carry it in `iss`.'),
  audience: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(16)])
    .transform((value) => (typeof value === 'string' ? [value] : value))
    .describe('A token must be meant for one of these (`aud`).'),
  algorithms: z
    .array(z.enum(tokenAlgorithms))
    .min(1)
    .default(['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'])
    .describe('Signature algorithms accepted from this issuer.'),
  tokenTypes: z
    .array(z.enum(['at+jwt', 'jwt', 'absent']))
    .min(1)
    .default(['at+jwt', 'jwt'])
    .describe(
      'Values of the `typ` header accepted; `absent` for issuers that leave it out, such as Kubernetes.',
    ),
  claims: z
    .strictObject({
      subject: claimPath
        .default('sub')
        .refine(
          (path) => typeof path !== 'string' || !/[{}]/.test(path) || readTemplate(path) !== null,
          'must be a claim, or text with claims in braces, such as ci:{repository}:{ref}',
        )
        .describe(
          'The claim that names the subject, or text with claims in braces, such as `ci:{repository}:{ref}`. What is punctuation in that text is escaped in the claims (`%3A` for a colon).',
        ),
      groups: claimPath
        .default('groups')
        .describe(
          'The claim that lists groups, such as `realm_access.roles`. A list of objects on the way is gone through, as in `roles.name`.',
        ),
      groupSeparator: z
        .string()
        .length(1)
        .optional()
        .describe('Splits a groups claim that is one text, such as a space or a comma.'),
      groupTemplates: z
        .array(template)
        .max(16)
        .default([])
        .describe(
          'Further groups, made of claims as the subject may be; one is left out when a claim of it is absent.',
        ),
      actor: claimPath
        .default('act.sub')
        .describe('The claim that names the AI agent acting for the subject.'),
      task: claimPath.default('task').describe('The claim that names the task the token was given for.'),
      display: claimPath
        .default('name')
        .describe('The claim shown to people; e-mail, then the subject, when absent.'),
      email: claimPath.default('email').describe('The claim that holds the e-mail address.'),
    })
    .prefault({})
    .describe('Where the issuer puts what the gateway needs.'),
  person: z
    .strictObject({
      claim: claimPath.describe('The claim that tells people from machines.'),
      equals: z.union([z.string(), z.boolean(), z.number()]).describe('The value it has for a person.'),
    })
    .optional()
    .describe(
      'How people are known. Without it a person is a token without an actor, not issued to its own client, that shows ' +
        'an interactive sign-in (`auth_time`, `amr` or `email_verified: true`). Everything else is a machine and can never approve.',
    ),
  machinesOnly: z
    .boolean()
    .default(false)
    .describe('Nobody of this issuer is ever a person: for CI, clusters and workloads.'),
  groupPrefix: z
    .string()
    .max(64)
    .default('')
    .describe(
      "Put before every group of this issuer, so that one issuer's group is not taken for another's.",
    ),
  signIn: issuerSignInSection
    .optional()
    .describe(
      'How people sign in with this issuer (docs/sign-in.md). Without it its tokens are accepted, and that is all.',
    ),
});

/** The `identity` section of the configuration. */
export const identitySection = z
  .strictObject({
    issuers: z
      .array(issuerSection)
      .min(1)
      .max(16)
      .refine(
        (all) => new Set(all.map((one) => one.name)).size === all.length,
        'two issuers have the same name',
      )
      .refine(
        (all) => new Set(all.map((one) => one.issuer)).size === all.length,
        'two issuers have the same issuer URL',
      )
      .describe('The OpenID Connect issuers whose access tokens are accepted.'),
    saml: z
      .array(samlSection)
      .max(16)
      .default([])
      .refine(
        (all) => new Set(all.map((one) => one.name)).size === all.length,
        'two identity providers have the same name',
      )
      .refine(
        (all) =>
          all.every(
            (one) => (one.decryptionKeyFile === undefined) === (one.decryptionCertFile === undefined),
          ),
        '`decryption_key_file` and `decryption_cert_file` go together',
      )
      .refine(
        (all) => all.every((one) => !one.requireEncryption || one.decryptionKeyFile !== undefined),
        '`require_encryption` needs `decryption_key_file`',
      )
      .describe('SAML 2.0 identity providers that people sign in with (docs/sign-in.md).'),
    clockToleranceSeconds: z
      .number()
      .int()
      .min(0)
      .max(120)
      .default(10)
      .describe(
        'How far an issuer clock may be ahead (`nbf`, `iat`), and that of a SAML identity provider either way. Expiry of a token has no tolerance.',
      ),
    keyRefreshSeconds: z
      .number()
      .int()
      .min(10)
      .max(86_400)
      .default(600)
      .describe('Age at which keys are fetched anew.'),
    keyLifetimeSeconds: z
      .number()
      .int()
      .min(10)
      .max(604_800)
      .default(3_600)
      .describe(
        'How long keys are used while the issuer cannot be reached; after that its tokens are refused.',
      ),
    keyCooldownSeconds: z
      .number()
      .int()
      .min(1)
      .max(3_600)
      .default(30)
      .describe('Least time between two fetches provoked by tokens that name an unknown key.'),
    fetchTimeoutMs: z
      .number()
      .int()
      .min(100)
      .max(60_000)
      .default(5_000)
      .describe('Time for one fetch from an issuer.'),
    fetchBytes: z
      .number()
      .int()
      .min(1_024)
      .max(4_194_304)
      .default(262_144)
      .describe('Largest discovery document or key set read from an issuer.'),
    keysPerIssuer: z.number().int().min(1).max(1_000).default(100).describe('Most keys in one key set.'),
    tokenBytes: z.number().int().min(256).max(65_536).default(16_384).describe('Largest token looked at.'),
    groupsPerToken: z.number().int().min(1).max(10_000).default(512).describe('Most groups in one token.'),
    verifiedTokens: z
      .number()
      .int()
      .min(0)
      .max(1_000_000)
      .default(10_000)
      .describe('Verified tokens remembered, by SHA-256, so that reconnecting is cheap.'),
    verifiedTokenSeconds: z
      .number()
      .int()
      .min(0)
      .max(3_600)
      .default(300)
      .describe('Longest time a verified token is remembered; never past its expiry.'),
    taskTokens: taskTokensSection
      .prefault({})
      .describe('Task tokens, which agents exchange their access token for (docs/identity.md).'),
  })
  .refine(({ issuers, saml }) => !saml.some(({ name }) => issuers.some((issuer) => issuer.name === name)), {
    path: ['saml'],
    message: 'an identity provider has the name of an issuer; a subject starts with that name',
  })
  .refine((all) => !all.issuers.some((one) => sameIssuer(one.issuer, all.taskTokens.issuer)), {
    // Whose keys would count for such a token? An issuer that is not the gateway must never be taken for it.
    path: ['taskTokens', 'issuer'],
    message: 'is the URL of one of identity.issuers: the gateway must have a name of its own',
  });

export type IdentityConfig = z.output<typeof identitySection>;
export type IssuerConfig = IdentityConfig['issuers'][number];
export type ClaimPath = z.output<typeof claimPath>;
