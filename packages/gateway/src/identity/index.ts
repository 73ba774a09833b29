export { foldAlias } from './claims.ts';
export type { Identity, IdentityProvider } from './identity.ts';
export { createIdentityProvider, type IdentityDependencies, type IdentityRoom } from './provider.ts';
export { type IdentityConfig, identitySection } from './section.ts';
