/**
 * What is odd about a valid policy set: policies that can never do anything, or nothing that others do not do already.
 * Pure, and sound: a finding is always so. It reads the shape of policies, not their meaning, so it misses what only
 * reasoning would find: that two differently written conditions are the same, that several policies together cover
 * another, that a group has no members.
 */
import { offersNoMore } from './ask-terms.ts';
import type { LoadedPolicy, PolicyDirectory } from './directory.ts';
import { covers, type Shape, shapeOf } from './policy-shape.ts';

export type LintKind =
  /** It never applies. */
  | 'never-matches'
  /** A permit, wherever it applies a forbid applies too. */
  | 'shadowed'
  /** It wants an approval for what another permits without one. */
  | 'unreachable-approval'
  /** It limits what another permits without limits. */
  | 'unreachable-limit'
  /** Another does all that it does. */
  | 'redundant'
  /** It wants an approval of a group that is not among those that are known. */
  | 'approval-by-nobody'
  /** It is in shadow mode and decides nothing. */
  | 'shadow-mode-left-on';

export interface LintFinding {
  readonly kind: LintKind;
  readonly policy: string;
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** Findings in the order of the policies. `groups` are all the groups there are, where somebody knows. */
export function lintPolicies(
  { policies, vocabulary }: Pick<PolicyDirectory, 'policies' | 'vocabulary'>,
  groups?: readonly string[],
): readonly LintFinding[] {
  const shaped = policies.map((policy) => ({ policy, shape: shapeOf(policy.json, vocabulary) }));
  const counted = shaped.filter(({ policy, shape }) => !policy.shadow && shape.never === null);
  const findings: LintFinding[] = [];
  for (const { policy, shape } of shaped) {
    const find = (kind: LintKind, message: string): void => {
      const { id, file, line } = policy;
      findings.push({ kind, policy: id, file, line, message });
    };
    if (policy.shadow) find('shadow-mode-left-on', 'is in shadow mode: it is recorded and decides nothing');
    if (shape.never !== null) {
      find('never-matches', `never applies: ${shape.never}`);
      continue;
    }
    const { requirement } = policy;
    if (requirement !== null && groups !== undefined && !groups.includes(requirement.group))
      find('approval-by-nobody', `wants an approval of group "${requirement.group}", which is not known`);
    if (policy.shadow) continue;
    const found = covered({ policy, shape }, counted);
    if (found !== null) find(...found);
  }
  return findings;
}

interface Shaped {
  readonly policy: LoadedPolicy;
  readonly shape: Shape;
}

/** The weightiest thing to say of a policy that others cover, or null. */
function covered(one: Shaped, all: readonly Shaped[]): [LintKind, string] | null {
  let found: [LintKind, string] | null = null;
  const at = all.findIndex(({ policy }) => policy === one.policy);
  for (const [index, other] of all.entries()) {
    if (other.policy === one.policy || !covers(other.shape, one.shape)) continue;
    const by = `"${other.policy.id}" (${other.policy.file}:${other.policy.line})`;
    if (one.policy.effect === 'permit' && other.policy.effect === 'forbid')
      return ['shadowed', `never permits anything: wherever it applies, ${by} forbids`];
    if (one.policy.effect !== other.policy.effect || found !== null) continue;
    // Of two that say the same the first is kept.
    const alike = covers(one.shape, other.shape) && sameTerms(one.policy, other.policy);
    if (alike && index > at) continue;
    found = outdone(one.policy, other.policy, by);
  }
  return found;
}

/** What to say of a policy beside one with the same effect that applies wherever it does. */
function outdone(one: LoadedPolicy, other: LoadedPolicy, by: string): [LintKind, string] | null {
  if (one.effect === 'forbid') return ['redundant', `forbids nothing that ${by} does not forbid already`];
  const plain = other.requirement === null;
  const unlimited = other.limit === null;
  if (one.requirement !== null && plain)
    return ['unreachable-approval', `never asks anybody: ${by} permits the same without an approval`];
  const sameAsking =
    one.requirement === null
      ? plain
      : other.requirement?.group === one.requirement.group &&
        other.requirement.seats <= one.requirement.seats &&
        (other.requirement.stepUp === undefined || other.requirement.stepUp === one.requirement.stepUp);
  if (!sameAsking || !offersNoMore(one.ask, other.ask)) return null;
  if (one.limit !== null && unlimited)
    return ['unreachable-limit', `never limits anything: ${by} permits the same without limits`];
  return unlimited || sameLimit(one, other)
    ? ['redundant', `permits nothing that ${by} does not permit already`]
    : null;
}

function sameTerms(a: LoadedPolicy, b: LoadedPolicy): boolean {
  const asking = (one: LoadedPolicy): string => JSON.stringify([one.requirement, one.ask]);
  return asking(a) === asking(b) && sameLimit(a, b);
}

function sameLimit(a: LoadedPolicy, b: LoadedPolicy): boolean {
  return JSON.stringify(a.limit) === JSON.stringify(b.limit);
}
