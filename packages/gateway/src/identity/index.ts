export type { Identity, IdentityProvider } from './identity.ts';
