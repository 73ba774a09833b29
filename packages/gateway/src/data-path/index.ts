export { CONNECT } from './authenticate.ts';
export { type Asking, createDecisionMemo, type DecisionMemo, decide, evaluationsOf } from './decide.ts';
export type { House } from './house.ts';
export { type ListenAddress, type Listener, listen } from './listen.ts';
export { regate } from './regate.ts';
export { serve } from './serve.ts';
export { identityClass, type Session } from './session.ts';
export { createSessionRegistry, type SessionObserver, type SessionRegistry } from './session-registry.ts';
