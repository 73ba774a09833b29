export { type ControlPlane, type ControlPlaneDependencies, createControlPlane } from './control-plane.ts';
export type { Following } from './recordings.ts';
export type { EndedSessions, SessionsNamed } from './revocations.ts';
export {
  type ControlPlaneConfig,
  clientCaFile,
  controlPlaneSection,
  requestClientCertificates,
} from './section.ts';
