export { type ControlPlane, type ControlPlaneDependencies, createControlPlane } from './control-plane.ts';
export {
  type ControlPlaneConfig,
  clientCaFile,
  controlPlaneSection,
  requestClientCertificates,
} from './section.ts';
