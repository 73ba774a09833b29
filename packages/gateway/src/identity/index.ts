export { foldAlias } from './claims.ts';
export { ProofFault, proofAlgorithms } from './dpop.ts';
export type {
  Confirmation,
  ExchangeVerifier,
  Exchanging,
  Identity,
  IdentityProvider,
  TaskBudget,
  TaskScope,
} from './identity.ts';
export { PLAIN_TOKEN } from './identity.ts';
export { createIdentityProvider, type IdentityDependencies, type IdentityRoom } from './provider.ts';
export { type IdentityConfig, identitySection } from './section.ts';
export { TASK_TYPE, type TaskGrant, TaskTokenIssuer } from './task-token.ts';
export { rejected as rejectedTaskToken } from './token-shape.ts';
