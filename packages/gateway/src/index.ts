export {
  type FoundOperation,
  type FoundSession,
  IndexFile,
  type Page,
  type SearchFilter,
} from './audit-index/index.ts';
export {
  addClassified,
  describeConfig,
  exampleConfig,
  type GatewayConfig,
  loadConfig,
} from './config/index.ts';
export { exported } from './export/index.ts';
export { Fault, type FaultCode } from './lib/fault.ts';
export { createGateway, type Gateway, type GatewayDeps } from './main.ts';
export { columnPathText, type Proposal, proposeClass } from './masking/index.ts';
export {
  type Explanation,
  type LintFinding,
  type LoadedPolicy,
  lintPolicies,
  loadPolicyDirectory,
  type PolicyDirectory,
  type PolicyError,
} from './policy/index.ts';
export { inert, type RecordingsReport, verifyRecordings } from './recording/index.ts';
export {
  type CaseReport,
  type CaseResult,
  type CatalogChoice,
  chooseCatalogs,
  type Desk,
  fullyApproved,
  type Judgement,
  limitOf,
  objectUid,
  openWorkbench,
  type Person,
  partsOf,
  partsWithout,
  personOf,
  type ReplayedOperation,
  type ReplayedSession,
  replaySessions,
  runCases,
  type Workbench,
  type WorkbenchParts,
} from './workbench/index.ts';
