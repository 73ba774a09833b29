export {
  defaultPolicyLimits,
  type PolicyConfig,
  type PolicyLimits,
  policySection,
  workingHoursOf,
} from './config.ts';
export type {
  ApprovalRequirement,
  Decision,
  DecisionPoint,
  LimitObligation,
  Obligation,
  Question,
  Rate,
  SessionContext,
  Shadow,
} from './decision.ts';
export {
  createDecisionPoint,
  type DecisionPointDeps,
  type PolicyDecisionPoint,
  type Reload,
} from './decision-point.ts';
export { type LoadedPolicy, loadPolicyDirectory, type PolicyDirectory } from './directory.ts';
export { resourceEntity } from './entities.ts';
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
