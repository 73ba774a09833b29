import { z } from 'zod';

/** A header field name, lower case (RFC 9110 section 5.1). */
const fieldName = z.string().regex(/^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/, 'must be a lower-case header name');

/** The `http` section of the configuration: limits of the HTTP door (L10) and what it lets through. */
export const httpSection = z.strictObject({
  bodyBytes: z
    .int()
    .min(0)
    .max(67_108_864)
    .default(1_048_576)
    .describe(
      'Largest request body; an approval is bound to the whole of it, so it is read before deciding.',
    ),
  replyBytes: z
    .int()
    .min(1_024)
    .max(268_435_456)
    .default(8_388_608)
    .describe('Largest reply body; it is masked as a whole, and a larger one is withheld.'),
  headBytes: z
    .int()
    .min(1_024)
    .max(262_144)
    .default(32_768)
    .describe('Largest request or reply head; `limits.statementBytes` when that is less.'),
  headerFields: z
    .int()
    .min(4)
    .max(1_000)
    .default(100)
    .describe('Most header fields in one request or reply.'),
  pathSegments: z.int().min(1).max(256).default(32).describe('Most segments in one path.'),
  idleMs: z
    .int()
    .min(100)
    .max(3_600_000)
    .default(60_000)
    .describe('Longest time from one reply to the complete head of the next request.'),
  bodyMs: z.int().min(100).max(3_600_000).default(30_000).describe('Longest time for one request body.'),
  replyMs: z
    .int()
    .min(100)
    .max(3_600_000)
    .default(60_000)
    .describe('Longest time from forwarding a request to its complete reply.'),
  forwardHeaders: z
    .array(fieldName)
    .max(64)
    .default([])
    .describe('Request headers passed to targets beside the built-in list; every other one is dropped.'),
  passContentTypes: z
    .array(z.string().regex(/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/, 'must be a media type such as image/png'))
    .max(64)
    .default([])
    .describe('Media types delivered although nothing in them can be masked; every other one is withheld.'),
});

export type HttpOptions = z.output<typeof httpSection>;
