import type { AuthorizationAnswer } from '@cedar-policy/cedar-wasm/nodejs';
import type { RawAnswer } from './cedar-judge.ts';

/** Cedar's answer in our words; no answer is never a yes. */
export function readAnswer(answer: AuthorizationAnswer): RawAnswer {
  if (answer.type === 'failure') {
    return {
      allowed: false,
      policies: [],
      erred: [],
      failure: answer.errors[0]?.message ?? 'no reason given',
    };
  }
  const { decision, diagnostics } = answer.response;
  return {
    allowed: decision === 'allow',
    policies: diagnostics.reason,
    erred: diagnostics.errors.map(({ policyId }) => policyId),
    failure: null,
  };
}
