export { type SignInSection, signInSection } from './section.ts';
export { isSessionToken, type SessionKind } from './sessions.ts';
export { createSignIn, type SignIn, type Way, withSessions } from './sign-in.ts';
