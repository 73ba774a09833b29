import type { ApprovalRequirement, Question } from './decision.ts';
import { classUsed, hiddenUseSentence, isHiddenUse } from './hidden-use.ts';
import type { PolicySet, SessionClass } from './policy-set.ts';

/** What the policies say to one evaluation, before any approval is counted. */
export interface Explanation {
  readonly evaluation: Question;
  /** `approval` is a deny that people could change; `unavailable` is a deny because there was no answer. */
  readonly effect: 'permit' | 'deny' | 'approval' | 'unavailable';
  /** The policies that determined it, or that could not be evaluated; empty when none matched. */
  readonly policies: readonly string[];
  /** What each of `policies` wants, cheapest first; empty unless the effect is `approval`. */
  readonly approvals: readonly ApprovalRequirement[];
  /** Why, where the policies alone do not say it. */
  readonly note: string | null;
}

/** What is explained. */
export interface Explained {
  readonly evaluations: readonly Question[];
  readonly risk: number | null;
  /** Every class that `reveal` is asked for. */
  readonly classes: readonly string[];
}

/** Asks each evaluation by itself. Never rejects. */
export function explainEvaluations(
  set: PolicySet,
  session: SessionClass,
  explained: Explained,
): Promise<readonly Explanation[]> {
  return Promise.all(explained.evaluations.map((evaluation) => explain(set, session, evaluation, explained)));
}

async function explain(
  set: PolicySet,
  session: SessionClass,
  evaluation: Question,
  { risk, classes }: Explained,
): Promise<Explanation> {
  const refusal = set.refusal(evaluation);
  if (refusal !== null) return { evaluation, policies: [], approvals: [], effect: 'deny', note: refusal };
  if (!isHiddenUse(evaluation)) return answered(set, session, evaluation, risk);
  const seen = await set.revealed(session, classes);
  if (seen?.inForce.includes(classUsed(evaluation)) === true) return inClear(set, session, evaluation);
  const explanation = await answered(set, session, evaluation, risk);
  const note = [hiddenUseSentence(evaluation), explanation.note].filter((one) => one !== null).join('; ');
  return { ...explanation, note };
}

/** It may be seen, so that nothing is asked: the policies that show it are the ones that count. */
async function inClear(set: PolicySet, session: SessionClass, evaluation: Question): Promise<Explanation> {
  const reveal = { action: 'reveal', resource: evaluation.resource };
  const { effect, policies, approvals } = await answered(set, session, reveal, null);
  return { evaluation, effect, policies, approvals, note: 'it may be seen in clear' };
}

async function answered(
  set: PolicySet,
  session: SessionClass,
  evaluation: Question,
  risk: number | null,
): Promise<Explanation> {
  const plain = { evaluation, policies: [], approvals: [] };
  const { inForce: answer } = await set.ask(session, risk === null ? evaluation : { ...evaluation, risk });
  switch (answer.effect) {
    case 'permit':
      return { ...plain, effect: 'permit', policies: answer.policies, note: null };
    case 'ask':
      return {
        evaluation,
        effect: 'approval',
        policies: answer.options.map(({ policy }) => policy),
        approvals: answer.options.map(({ requirement }) => requirement),
        note: null,
      };
    case 'deny':
      return {
        ...plain,
        effect: 'deny',
        policies: answer.policies,
        note:
          answer.cause === 'erred'
            ? 'these policies could not be evaluated'
            : answer.cause === 'unmatched'
              ? 'no policy matched'
              : null,
      };
    case 'fault':
      return { ...plain, effect: 'unavailable', note: answer.detail };
  }
}
