export { type Closing, type Owned, ownedBy } from './closing.ts';
export { openIdentities } from './identities.ts';
export { readApprovalKey } from './keys.ts';
export { openLog } from './log.ts';
export { openTracing } from './tracing.ts';
