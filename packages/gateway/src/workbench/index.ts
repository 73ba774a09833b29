export { type CaseReport, type CaseResult, runCases } from './cases/run-cases.ts';
export { type CatalogChoice, chooseCatalogs, type ReadCatalog, type SourceOf } from './catalogs.ts';
export { objectUid } from './object-uid.ts';
export { partsOf, partsWithout } from './parts.ts';
export { fullyApproved, type Person, personOf } from './person.ts';
export { type ReplayedOperation, type ReplayedSession, replaySessions } from './replay.ts';
export {
  type Desk,
  type Judgement,
  limitOf,
  openWorkbench,
  type Workbench,
  type WorkbenchParts,
} from './workbench.ts';
