export { type StepUpConfig, stepUpSection } from './section.ts';
export { createStepUp, type StepUp, type StepUpDeps, type StepUpProof } from './step-up.ts';
