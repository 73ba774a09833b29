export { type ControlPlane, type ControlPlaneDependencies, createControlPlane } from './control-plane.ts';
export { type ControlPlaneConfig, controlPlaneSection } from './section.ts';
