export { describeConfig, exampleConfig, type GatewayConfig, loadConfig } from './config/index.ts';
export { Fault, type FaultCode } from './lib/fault.ts';
export { createGateway, type Gateway, type GatewayDeps } from './main.ts';
export {
  type LintFinding,
  lintPolicies,
  loadPolicyDirectory,
  type PolicyDirectory,
  type PolicyError,
} from './policy/index.ts';
export { inert, type RecordingsReport, verifyRecordings } from './recording/index.ts';
