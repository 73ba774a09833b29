export { foldAlias } from './claims.ts';
export { type Identity, type IdentityProvider, NO_TOKEN, type TokenFacts } from './identity.ts';
export { createIdentityProvider, type IdentityDependencies } from './provider.ts';
export { type IdentityConfig, identitySection } from './section.ts';
export { tokenIdOf } from './token-id.ts';
