import { z } from 'zod';
import type { WorkingHours } from './risk.ts';

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
  evaluations: z.int().min(1).default(4_096).describe('Most distinct evaluations in one operation.'),
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

const TIME_OF_DAY = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
const DAY_NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const timeOfDay = z.string().regex(TIME_OF_DAY, 'a time of day is written as "08:30"');

/** When people are at work: outside it, `context.risk` is higher. */
const workingHours = z.strictObject({
  from: timeOfDay.describe('When they begin, such as "08:00".'),
  to: timeOfDay.describe('When they end; before `from` is on the next day.'),
  days: z
    .array(z.enum(DAY_NAMES))
    .min(1)
    .default(['mon', 'tue', 'wed', 'thu', 'fri'])
    .describe('The days on which they begin.'),
  time_zone: z
    .string()
    .refine(isTimeZone, { error: 'must be a time zone such as "Europe/Berlin"' })
    .default('UTC')
    .describe('The time zone they are in, by its IANA name.'),
});

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The working hours of a configuration, as they are compared with; null when it has none. */
export function workingHoursOf({ working_hours: hours }: PolicyConfig): WorkingHours | null {
  if (hours === undefined) return null;
  const minutes = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
  return {
    from: minutes(hours.from),
    to: minutes(hours.to),
    days: hours.days.map((day) => DAY_NAMES.indexOf(day)),
    timeZone: hours.time_zone,
  };
}

/** The `policy` section of the configuration. */
export const policySection = z.strictObject({
  directory: z
    .string()
    .min(1)
    .describe('Directory with the .cedar policy files, relative to the configuration file.'),
  watch: z.boolean().default(true).describe('Whether a change in the directory is put in force at once.'),
  working_hours: workingHours
    .optional()
    .describe('Working hours: an operation outside them has a higher risk. Absent: no hour is special.'),
  limits: policyLimits.prefault({}).describe('Limits of the decision point.'),
});

/** The section with every default filled in. */
export type PolicyConfig = z.infer<typeof policySection>;

/** Every limit at its documented default. */
export const defaultPolicyLimits: PolicyLimits = Object.freeze(policyLimits.parse({}));
