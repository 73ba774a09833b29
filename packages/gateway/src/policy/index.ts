export {
  defaultPolicyLimits,
  type PolicyConfig,
  type PolicyLimits,
  policySection,
  workingHoursOf,
} from './config.ts';
export {
  type ApprovalRequirement,
  type Approved,
  type Decision,
  type DecisionPoint,
  type Evidence,
  type LimitObligation,
  type Obligation,
  type Question,
  type Rate,
  type RequestTerms,
  type SessionContext,
  type Shadow,
  scopeKey,
} from './decision.ts';
export {
  createDecisionPoint,
  type DecisionPointDeps,
  type PolicyDecisionPoint,
  type Reload,
} from './decision-point.ts';
export { type LoadedPolicy, loadPolicyDirectory, type PolicyDirectory } from './directory.ts';
export { describe as describeQuestion, resourceEntity } from './entities.ts';
export {
  type EntityAnswer,
  type EntityFacts,
  type EntityPoint,
  type EntityQuestion,
  openEntityPoint,
} from './entity-point.ts';
export type { Explanation } from './explain.ts';
export { type LintFinding, type LintKind, lintPolicies } from './lint.ts';
export { showError } from './policy-record.ts';
export { outsideHours, type Risk, type RiskMaterial, scoreRisk, type WorkingHours } from './risk.ts';
export type { PolicyError } from './source.ts';
