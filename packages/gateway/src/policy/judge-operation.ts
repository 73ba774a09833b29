import type { Evaluation } from '../protocols/protocol.ts';
import type { PolicyLimits } from './config.ts';
import type { ApprovalRequirement, Decision } from './decision.ts';
import { describe, quote } from './entities.ts';
import { type PolicySet, questionKey, type SessionClass } from './policy-set.ts';
import { type Answer, mergeRequirements, type Standing, stand } from './verdict.ts';

/** The `policyVersion` of a deny that no policy made. It is no version, so nobody keeps such a decision. */
const NO_VERSION = 'unavailable';

/** Judges one operation: permitted only if every evaluation is. Never rejects. */
export async function judgeOperation(
  set: PolicySet,
  session: SessionClass,
  evaluations: readonly Evaluation[],
  approved: readonly ApprovalRequirement[],
  classes: readonly string[],
  limits: PolicyLimits,
): Promise<Decision> {
  const { target } = session.facts;
  const distinct = distinctEvaluations(set, target, evaluations, limits);
  if (typeof distinct === 'string') return deny(set, distinct);
  if (session.facts.access === 'read-only') {
    const change = evaluations.find(({ action }) => set.changing(action) !== null);
    if (change !== undefined) return deny(set, readOnlySentence(target, change));
  }

  // Both are asked for before either is awaited, so that they share a batch.
  const revealing = set.revealed(session, classes);
  const answers = await Promise.all(
    [...distinct].map(async ([key, evaluation]) => set.ask(session, evaluation, key)),
  );
  const revealed = await revealing;

  const permitting: string[] = [];
  const asking: Asking[] = [];
  for (const [index, evaluation] of [...distinct.values()].entries()) {
    const answer = answers[index];
    if (answer === undefined) return unavailable('an answer is missing');
    if (answer.effect === 'fault') return unavailable(answer.detail);
    if (answer.effect === 'deny')
      return deny(set, denialSentence(target, evaluation, answer), answer.policies);
    const standing = stand(answer, approved);
    if (standing === null) return unavailable('an approval names no group');
    if (standing.effect === 'ask') asking.push({ evaluation, standing });
    permitting.push(...(standing.effect === 'ask' ? [standing.option.policy] : standing.policies));
  }
  const missing = asking.find(({ standing }) => !standing.met);
  if (missing !== undefined) return requestable(set, target, missing, asking);
  if (revealed === null) return unavailable('the decision point is not available');
  return {
    effect: 'permit',
    policies: unique(permitting),
    policyVersion: set.version,
    obligations: [{ kind: 'mask', revealed }],
  };
}

/** An evaluation permitted by policies that want an approval. */
interface Asking {
  readonly evaluation: Evaluation;
  readonly standing: Extract<Standing, { effect: 'ask' }>;
}

/** Every evaluation once, by key; or why the operation cannot be judged. */
function distinctEvaluations(
  set: PolicySet,
  target: string,
  evaluations: readonly Evaluation[],
  limits: PolicyLimits,
): Map<string, Evaluation> | string {
  const distinct = new Map<string, Evaluation>();
  for (const evaluation of evaluations) {
    const refusal = set.refusal(evaluation);
    if (refusal !== null) {
      return `${quote(evaluation.action.slice(0, 100))} on ${describe(target, evaluation)}: ${refusal}`;
    }
    distinct.set(questionKey(evaluation), evaluation);
    if (distinct.size > limits.evaluations) {
      return `the operation touches more than ${limits.evaluations} things (limit evaluations): split it`;
    }
  }
  return distinct.size === 0 ? 'the operation names nothing that could be judged' : distinct;
}

function deny(set: PolicySet, reason: string, policies: readonly string[] = []): Decision {
  return { effect: 'deny', policies, policyVersion: set.version, reason, approvals: null };
}

function requestable(set: PolicySet, target: string, missing: Asking, asking: readonly Asking[]): Decision {
  return {
    effect: 'deny',
    policies: unique(asking.map(({ standing }) => standing.option.policy)),
    policyVersion: set.version,
    reason: approvalSentence(target, missing.evaluation, missing.standing.option),
    // Those already met are asked for again: an approval is used up with the operation it was for.
    approvals: mergeRequirements(asking.map(({ standing }) => standing.option.requirement)),
  };
}

/** A deny because there is no answer. Asking again later may help. */
export function unavailable(detail: string): Decision {
  return {
    effect: 'deny',
    policies: [],
    policyVersion: NO_VERSION,
    reason: `${detail}: nothing is permitted until it answers, try again`,
    approvals: null,
  };
}

function denialSentence(
  target: string,
  evaluation: Evaluation,
  answer: Extract<Answer, { effect: 'deny' }>,
): string {
  const what = `${evaluation.action} on ${describe(target, evaluation)}`;
  const policies = answer.policies.map((id) => `policy "${id}"`).join(' and ');
  switch (answer.cause) {
    case 'forbidden':
      return `${policies} ${answer.policies.length === 1 ? 'forbids' : 'forbid'} ${what}`;
    case 'erred':
      return `${policies} could not be evaluated for ${what}, and a policy that fails is never skipped`;
    case 'unmatched':
      return `no policy permits ${what}`;
  }
}

function readOnlySentence(target: string, evaluation: Evaluation): string {
  const what = `${evaluation.action} on ${describe(target, evaluation)}`;
  return `${what} changes something, and the session is read-only: no policy permits connect_writable`;
}

function approvalSentence(
  target: string,
  evaluation: Evaluation,
  { policy, requirement }: { policy: string; requirement: ApprovalRequirement },
): string {
  const who = requirement.seats === 1 ? 'a member' : `${requirement.seats} members`;
  return `policy "${policy}" permits ${evaluation.action} on ${describe(target, evaluation)} only when ${who} of group ${quote(requirement.group)} approved it`;
}

function unique(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
