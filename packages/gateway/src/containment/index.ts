export { hits } from './book.ts';
export type { Containment, ContainmentDeps, Revoked, Revoking } from './containment.ts';
export {
  type Objection,
  REVOCATION_KINDS,
  type Revocation,
  type RevocationKind,
  type Use,
  wordsOf,
} from './revocation.ts';
export { openContainment } from './room.ts';
export { type ContainmentConfig, containmentSection } from './section.ts';
