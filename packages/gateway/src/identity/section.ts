import { z } from 'zod';
import { isLoopbackHost } from '../lib/loopback.ts';

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

/** Where a claim is: one name, or the names from the outside in. `a.b` is split at dots; a name holding `://` is not. */
const claimPath = z.union([z.string().min(1).max(256), z.array(z.string().min(1).max(256)).min(1).max(8)]);

/** Plain http is for an issuer on this machine: anything else could be answered by whoever sits between. */
const issuerUrl = z
  .string()
  .max(512)
  .refine(
    isHttpsOrLoopback,
    'must be an https:// URL, or http:// on a loopback address, with no query or fragment',
  );

/** RFC 8693 tokens are meant to be short; nothing is gained from one that lives longer than an hour. */
const LONGEST_TASK_SECONDS = 3_600;

function budgetCount(most: number) {
  return z.number().int().min(0).max(1_000_000_000).default(most);
}

const issuerSection = z.strictObject({
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
      subject: claimPath.default('sub').describe('The claim that names the subject.'),
      groups: claimPath
        .default('groups')
        .describe('The claim that lists groups, such as `realm_access.roles`.'),
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
  groupPrefix: z
    .string()
    .max(64)
    .default('')
    .describe(
      "Put before every group of this issuer, so that one issuer's group is not taken for another's.",
    ),
});

/** Task tokens: what agents exchange their access token for (docs/identity.md). */
const taskTokensSection = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Whether tokens are exchanged at `POST /v1/token`.'),
    issuer: issuerUrl
      .optional()
      .describe('What the gateway calls itself in `iss`: the URL of the control plane, as clients reach it.'),
    lifetimeSeconds: z
      .number()
      .int()
      .min(10)
      .max(LONGEST_TASK_SECONDS)
      .default(900)
      .describe('How long a task token is good when nothing shorter is asked for.'),
    longestLifetimeSeconds: z
      .number()
      .int()
      .min(10)
      .max(LONGEST_TASK_SECONDS)
      .default(LONGEST_TASK_SECONDS)
      .describe('The longest that can be asked for. Never longer than the token that is exchanged.'),
    budget: z
      .strictObject({
        operations: budgetCount(1_000).describe('Operations that are judged.'),
        rows: budgetCount(100_000).describe('Rows that are delivered, where the protocol has rows.'),
        approvals: budgetCount(10).describe('Access requests that are opened.'),
      })
      .prefault({})
      .describe('The most that a task token can be given, and what it is given when it asks for nothing.'),
    depth: z
      .number()
      .int()
      .min(1)
      .max(7)
      .default(3)
      .describe('How often a token can be handed on: 1 means that a task token cannot be exchanged again.'),
    liveTokens: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(10_000)
      .describe('Most task tokens that are good at once; further exchanges are refused.'),
    liveTokensPerSubject: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(1_000)
      .describe('Most of them of one subject.'),
    authorities: z
      .array(z.string().regex(/^[A-Za-z0-9.[\]:-]{1,261}$/, 'must be host or host:port'))
      .max(64)
      .default([])
      .describe(
        'Names of the doors of this gateway, as `host:port`, that DPoP proofs may be made for beside the address a client ' +
          'connected to. A proof made for anywhere else is refused.',
      ),
    proofSeconds: z.number().int().min(1).max(300).default(60).describe('How old a DPoP proof may be.'),
  })
  .refine((one) => !one.enabled || one.issuer !== undefined, {
    path: ['issuer'],
    message: 'must be given when task tokens are enabled',
  })
  .refine((one) => one.lifetimeSeconds <= one.longestLifetimeSeconds, {
    path: ['lifetimeSeconds'],
    message: 'must not be more than longestLifetimeSeconds',
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
    clockToleranceSeconds: z
      .number()
      .int()
      .min(0)
      .max(120)
      .default(10)
      .describe('How far an issuer clock may be ahead (`nbf`, `iat`). Expiry has no tolerance.'),
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
  .refine((all) => !all.issuers.some((one) => sameIssuer(one.issuer, all.taskTokens.issuer)), {
    // Whose keys would count for such a token? An issuer that is not the gateway must never be taken for it.
    path: ['taskTokens', 'issuer'],
    message: 'is the URL of one of identity.issuers: the gateway must have a name of its own',
  });

export type IdentityConfig = z.output<typeof identitySection>;
export type IssuerConfig = IdentityConfig['issuers'][number];
export type ClaimPath = z.output<typeof claimPath>;

/** Compared as URLs: another case of the host, or a slash at the end, is the same issuer to whoever reads it. */
function sameIssuer(one: string, other: string | undefined): boolean {
  if (other === undefined || !URL.canParse(one) || !URL.canParse(other)) return false;
  const plain = (text: string) => new URL(text).href.replace(/\/+$/, '');
  return plain(one) === plain(other);
}

/** Whether this URL may be fetched for keys: https, or http to this machine. */
export function isHttpsOrLoopback(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.hash !== '' || url.search !== '') return false;
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && isLoopbackHost(url.hostname.replace(/^\[|\]$/g, ''));
}
