export { type Closing, type Owned, ownedBy } from './closing.ts';
export { openIdentities } from './identities.ts';
export { openLog } from './log.ts';
export { openPeople } from './people.ts';
