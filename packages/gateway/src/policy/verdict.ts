/**
 * The algebra of decisions: from Cedar's answers to one decision over a whole operation. Pure.
 *
 * Every policy is judged at once. Cedar names each permit that is satisfied, so one without @approval among them
 * permits, only ones with @approval ask, and a forbid or no permit at all denies, whatever was approved.
 */
import type { PermitLimit } from './annotations.ts';
import type { AskTerms } from './ask-terms.ts';
import type { RawAnswer } from './cedar-judge.ts';
import type { ApprovalRequirement, Approved } from './decision.ts';
import { type Limited, moreGenerous, mostGenerous } from './limits.ts';

/** What the annotations of the policies say, by id; a policy without one is not there. */
export interface Terms {
  readonly requirements: ReadonlyMap<string, ApprovalRequirement>;
  readonly limits: ReadonlyMap<string, PermitLimit>;
  readonly asks?: ReadonlyMap<string, AskTerms>;
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
  readonly ask?: AskTerms | undefined;
}

/** Reads Cedar's answer. */
export function answerOf(raw: RawAnswer | null, { requirements, limits, asks }: Terms): Answer {
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
    if (requirement === undefined) return [];
    return [{ policy, requirement, limit: limits.get(policy) ?? null, ask: asks?.get(policy) }];
  });
  const [first] = options.sort(cheapestFirst);
  return first === undefined
    ? { effect: 'deny', policies: [], cause: 'unmatched' }
    : { effect: 'ask', options };
}

/** Where one evaluation stands with the approvals there are. */
export type Standing =
  | { readonly effect: 'permit'; readonly policies: readonly string[]; readonly limited: Limited | null }
  | {
      readonly effect: 'ask';
      readonly option: ApprovalOption;
      /** What meets it, or null. */
      readonly met: Approved | null;
    };

/**
 * Counts approvals for one evaluation that is not denied: of the options that are met the most generous, so that one
 * more approval never takes anything away; else the cheapest.
 */
export function stand(
  answer: Extract<Answer, { effect: 'permit' | 'ask' }>,
  approved: readonly Approved[],
): Standing | null {
  if (answer.effect === 'permit') return answer;
  let best: { readonly option: ApprovalOption; readonly met: Approved } | null = null;
  for (const option of answer.options) {
    const met = covering(approved, option);
    if (met === null) continue;
    if (best === null || moreGenerous(option.limit, best.option.limit)) best = { option, met };
  }
  if (best !== null) return { effect: 'ask', ...best };
  const [option] = answer.options;
  return option === undefined ? null : { effect: 'ask', option, met: null };
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

/** What people agreed to that is enough for this policy: for the operation itself, before anything that stands longer. */
function covering(approved: readonly Approved[], option: ApprovalOption): Approved | null {
  const enough = approved.filter((one) => covers(one, option));
  return enough.find(({ standing }) => standing === undefined) ?? enough[0] ?? null;
}

/** Two approvals by one group are not added up: they could be the same people. */
function covers({ group, seats, stepUp, standing }: Approved, { requirement, ask }: ApprovalOption): boolean {
  if (standing?.kind === 'break-glass') return ask?.breakGlass === group;
  // The policy says now for how long it may be granted: a shorter time shortens grants that stand.
  if (standing?.kind === 'grant' && (ask?.grantMs == null || standing.ageMs >= ask.grantMs)) return false;
  const proven = requirement.stepUp === undefined || stepUp === requirement.stepUp;
  return group === requirement.group && seats >= requirement.seats && proven;
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
