/**
 * The algebra of decisions: from Cedar's answers to one decision over a whole operation. Pure.
 *
 * Every policy is judged at once. Cedar names each permit that is satisfied, so one without @approval among them
 * permits, only ones with @approval ask, and a forbid or no permit at all denies, whatever was approved.
 */
import type { PermitLimit } from './annotations.ts';
import type { RawAnswer } from './cedar-judge.ts';
import type { ApprovalRequirement } from './decision.ts';
import { type Limited, moreGenerous, mostGenerous } from './limits.ts';

/** What the annotations of the policies say, by id; a policy without one is not there. */
export interface Terms {
  readonly requirements: ReadonlyMap<string, ApprovalRequirement>;
  readonly limits: ReadonlyMap<string, PermitLimit>;
}

/** What the policies say to one evaluation, before any approval is counted. */
export type Answer =
  | { readonly effect: 'permit'; readonly policies: readonly string[]; readonly limited: Limited | null }
  /** Permitted by policies that each want an approval: any one will do. Cheapest first, never empty. */
  | { readonly effect: 'ask'; readonly options: readonly ApprovalOption[] }
  | {
      readonly effect: 'deny';
      readonly policies: readonly string[];
      readonly cause: 'forbidden' | 'unmatched' | 'erred';
    }
  /** No answer: never remembered. */
  | { readonly effect: 'fault'; readonly detail: string };

export interface ApprovalOption {
  readonly policy: string;
  readonly requirement: ApprovalRequirement;
  readonly limit: PermitLimit | null;
}

/** Reads Cedar's answer. */
export function answerOf(raw: RawAnswer | null, { requirements, limits }: Terms): Answer {
  if (raw === null) return { effect: 'fault', detail: 'the decision point is not available' };
  if (raw.failure !== null) return { effect: 'fault', detail: raw.failure };
  const policies = [...raw.policies].sort();
  // Cedar skips a policy that fails: a forbid among them would fail open.
  if (raw.erred.length > 0) return { effect: 'deny', policies: [...raw.erred].sort(), cause: 'erred' };
  if (!raw.allowed)
    return { effect: 'deny', policies, cause: policies.length > 0 ? 'forbidden' : 'unmatched' };
  const plain = policies.filter((policy) => !requirements.has(policy));
  if (plain.length > 0) return { effect: 'permit', policies: plain, limited: mostGenerous(plain, limits) };
  const options = policies.flatMap((policy) => {
    const requirement = requirements.get(policy);
    return requirement === undefined ? [] : [{ policy, requirement, limit: limits.get(policy) ?? null }];
  });
  const [first] = options.sort(cheapestFirst);
  return first === undefined
    ? { effect: 'deny', policies: [], cause: 'unmatched' }
    : { effect: 'ask', options };
}

/** Where one evaluation stands with the approvals there are. */
export type Standing =
  | { readonly effect: 'permit'; readonly policies: readonly string[]; readonly limited: Limited | null }
  | { readonly effect: 'ask'; readonly met: boolean; readonly option: ApprovalOption };

/**
 * Counts approvals for one evaluation that is not denied: of the options that are met the most generous, so that one
 * more approval never takes anything away; else the cheapest.
 */
export function stand(
  answer: Extract<Answer, { effect: 'permit' | 'ask' }>,
  approved: readonly ApprovalRequirement[],
): Standing | null {
  if (answer.effect === 'permit') return answer;
  let met: ApprovalOption | null = null;
  for (const option of answer.options) {
    if (!covers(approved, option.requirement)) continue;
    if (met === null || moreGenerous(option.limit, met.limit)) met = option;
  }
  const option = met ?? answer.options[0];
  return option === undefined ? null : { effect: 'ask', met: met !== null, option };
}

/** All requirements as one: for each group the most that any of them wants, by group name. */
export function mergeRequirements(requirements: Iterable<ApprovalRequirement>): ApprovalRequirement[] {
  const most = new Map<string, ApprovalRequirement>();
  for (const one of requirements) {
    const other = most.get(one.group) ?? one;
    most.set(one.group, { ...other, ...one, seats: Math.max(one.seats, other.seats) });
  }
  return [...most.values()].sort((a, b) => (a.group < b.group ? -1 : 1));
}

/** Two approvals by one group are not added up: they could be the same people. */
function covers(approved: readonly ApprovalRequirement[], wanted: ApprovalRequirement): boolean {
  return approved.some(
    ({ group, seats, stepUp }) =>
      group === wanted.group &&
      seats >= wanted.seats &&
      (wanted.stepUp === undefined || stepUp === wanted.stepUp),
  );
}

function cheapestFirst(a: ApprovalOption, b: ApprovalOption): number {
  const [left, right] = [a.requirement, b.requirement];
  if (left.seats !== right.seats) return left.seats - right.seats;
  if (left.stepUp !== right.stepUp) return left.stepUp === undefined ? -1 : 1;
  if (left.group !== right.group) return left.group < right.group ? -1 : 1;
  // Alike for who is asked: the one that leaves more is asked for.
  if (moreGenerous(a.limit, b.limit)) return -1;
  if (moreGenerous(b.limit, a.limit)) return 1;
  return a.policy < b.policy ? -1 : 1;
}
