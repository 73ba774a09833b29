export type { ApprovalRequirement, Decision, DecisionPoint, Obligation, SessionContext } from './decision.ts';
