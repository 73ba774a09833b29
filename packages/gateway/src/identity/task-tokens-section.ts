import { z } from 'zod';
import { issuerUrl } from './urls.ts';

/** RFC 8693 tokens are meant to be short; nothing is gained from one that lives longer than an hour. */
const LONGEST_TASK_SECONDS = 3_600;

function budgetCount(most: number) {
  return z.number().int().min(0).max(1_000_000_000).default(most);
}

/** Task tokens: what agents exchange their access token for (docs/identity.md). */
export const taskTokensSection = z
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
    bindCertificates: z
      .boolean()
      .default(false)
      .describe(
        'Whether a token that is exchanged over a connection with a client certificate is always bound to that, also when ' +
          'nobody asks for it (`certificate_bound`).',
      ),
    nonces: z
      .boolean()
      .default(false)
      .describe(
        'Whether DPoP proofs over HTTP must carry a nonce of this gateway (RFC 9449 section 8). PostgreSQL has no way to tell one.',
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

/** Compared as URLs: another case of the host, or a slash at the end, is the same issuer to whoever reads it. */
export function sameIssuer(one: string, other: string | undefined): boolean {
  if (other === undefined || !URL.canParse(one) || !URL.canParse(other)) return false;
  const plain = (text: string) => new URL(text).href.replace(/\/+$/, '');
  return plain(one) === plain(other);
}
