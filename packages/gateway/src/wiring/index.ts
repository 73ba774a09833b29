export { openApprovals } from './approvals.ts';
export { type Closing, type Owned, ownedBy } from './closing.ts';
export { contain, endNamed, OWN_CONNECTOR, openRevocations } from './containment.ts';
export { openIdentities } from './identities.ts';
export { readStoreKey } from './keys.ts';
export { openLog } from './log.ts';
export { openPeople } from './people.ts';
export { openTracing } from './tracing.ts';
