export { createDecisionMemo } from './decide.ts';
export type { House } from './house.ts';
export { serve } from './serve.ts';
export { createSessionRegistry, type SessionRegistry } from './session-registry.ts';
