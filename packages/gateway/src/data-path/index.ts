export { createDecisionMemo } from './decide.ts';
export type { House } from './house.ts';
export { type ListenAddress, type Listener, listen } from './listen.ts';
export { Rates } from './rates.ts';
export { regate } from './regate.ts';
export { Uses } from './risk.ts';
export { serve } from './serve.ts';
export type { Session } from './session.ts';
export { createSessionRegistry, type SessionObserver, type SessionRegistry } from './session-registry.ts';
