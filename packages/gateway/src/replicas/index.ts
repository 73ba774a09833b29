export { createSessionIndex, type SessionIndex, type SessionIndexDependencies } from './session-index.ts';
