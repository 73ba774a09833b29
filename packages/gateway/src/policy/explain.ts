import type { Evaluation } from '../protocols/protocol.ts';
import type { ApprovalRequirement } from './decision.ts';
import type { PolicySet, SessionClass } from './policy-set.ts';

/** What the policies say to one evaluation, before any approval is counted. */
export interface Explanation {
  readonly evaluation: Evaluation;
  /** `approval` is a deny that people could change; `unavailable` is a deny because there was no answer. */
  readonly effect: 'permit' | 'deny' | 'approval' | 'unavailable';
  /** The policies that determined it, or that could not be evaluated; empty when none matched. */
  readonly policies: readonly string[];
  /** What each of `policies` wants, cheapest first; empty unless the effect is `approval`. */
  readonly approvals: readonly ApprovalRequirement[];
  /** Why, where the policies alone do not say it. */
  readonly note: string | null;
}

/** Asks each evaluation by itself. Never rejects. */
export function explainEvaluations(
  set: PolicySet,
  session: SessionClass,
  evaluations: readonly Evaluation[],
  risk: number | null,
): Promise<readonly Explanation[]> {
  return Promise.all(evaluations.map((evaluation) => explain(set, session, evaluation, risk)));
}

async function explain(
  set: PolicySet,
  session: SessionClass,
  evaluation: Evaluation,
  risk: number | null,
): Promise<Explanation> {
  const plain = { evaluation, policies: [], approvals: [] };
  const refusal = set.refusal(evaluation);
  if (refusal !== null) return { ...plain, effect: 'deny', note: refusal };
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
