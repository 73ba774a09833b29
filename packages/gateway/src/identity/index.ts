export { type AssertedPerson, foldAlias, identityOfPerson } from './claims.ts';
export type { Identity, IdentityProvider } from './identity.ts';
export { createIdentityProvider, type IdentityDependencies, type IdentityRoom } from './provider.ts';
export { type IdentityConfig, type IssuerConfig, identitySection } from './section.ts';
export type { IssuerSignInConfig, SamlConfig } from './sign-in-section.ts';
export { rejected } from './token-shape.ts';
export { isHttpsOrLoopback } from './urls.ts';
