import { z } from 'zod';

/** Named limits of the policy room (L10). */
const policyLimits = z.strictObject({
  files: z.int().min(1).default(256).describe('Most .cedar files in the directory.'),
  fileBytes: z.int().min(1).default(262_144).describe('Largest .cedar file, in bytes.'),
  policies: z.int().min(1).default(2_000).describe('Most policies in the set.'),
  nesting: z.int().min(1).default(48).describe('Deepest nesting of brackets in one policy.'),
  operators: z
    .int()
    .min(1)
    .default(256)
    .describe(
      'Most operators, attribute accesses and ifs in one policy: each one costs stack when it is judged.',
    ),
  checkMs: z
    .int()
    .min(1)
    .default(20_000)
    .describe('Longest time checking a policy set may take, in milliseconds.'),
  evaluations: z.int().min(1).default(256).describe('Most distinct evaluations in one operation.'),
  pathBytes: z.int().min(1).default(32_768).describe('Longest path of a resource, in bytes.'),
  pathSegments: z
    .int()
    .min(1)
    .default(64)
    .describe('Most segments in a path of any length, such as a Route.'),
  factNames: z.int().min(1).default(2_000).describe('Most names of columns and views in one evaluation.'),
  factBytes: z
    .int()
    .min(1)
    .default(131_072)
    .describe('Longest names of columns and views in one evaluation, in bytes.'),
  cachedAnswers: z.int().min(1).default(50_000).describe('Answers remembered, over all sessions.'),
  queuedEvaluations: z
    .int()
    .min(1)
    .default(20_000)
    .describe('Most evaluations waiting for the decision point; above it operations are denied.'),
  answerMs: z
    .int()
    .min(1)
    .default(2_000)
    .describe(
      'Longest time one batch of evaluations may take, in milliseconds; above it the worker is replaced.',
    ),
  workerMemoryMb: z
    .int()
    .min(16)
    .default(256)
    .describe('JavaScript heap of the worker that judges, in megabytes.'),
});

export type PolicyLimits = z.infer<typeof policyLimits>;

/** The `policy` section of the configuration. */
export const policySection = z.strictObject({
  directory: z
    .string()
    .min(1)
    .describe('Directory with the .cedar policy files, relative to the configuration file.'),
  watch: z.boolean().default(true).describe('Whether a change in the directory is put in force at once.'),
  limits: policyLimits.prefault({}).describe('Limits of the decision point.'),
});

/** The section with every default filled in. */
export type PolicyConfig = z.infer<typeof policySection>;

/** Every limit at its documented default. */
export const defaultPolicyLimits: PolicyLimits = Object.freeze(policyLimits.parse({}));
