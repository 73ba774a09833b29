export { CLIENT_ALIAS, groupsFrom } from './caller.ts';
export { type AssertedPerson, foldAlias, identityOfPerson } from './claims.ts';
export { NonceFault, ProofFault, proofAlgorithms, UnshownFault } from './dpop.ts';
export type {
  Confirmation,
  ExchangeVerifier,
  Exchanging,
  GroupsFrom,
  Identity,
  IdentityProvider,
  TaskBudget,
  TaskScope,
} from './identity.ts';
export { PLAIN_TOKEN } from './identity.ts';
export { createIdentityProvider, type IdentityDependencies, type IdentityRoom } from './provider.ts';
export { type IdentityConfig, type IssuerConfig, identitySection } from './section.ts';
export type { IssuerSignInConfig, SamlConfig } from './sign-in-section.ts';
export { TASK_TYPE, type TaskGrant, TaskTokenIssuer } from './task-token.ts';
export { tokenIdOf } from './token-id.ts';
export { rejected } from './token-shape.ts';
export { isHttpsOrLoopback } from './urls.ts';
