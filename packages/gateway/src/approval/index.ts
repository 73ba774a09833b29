export type {
  AccessDecision,
  AccessRequestEnding,
  AccessRequestState,
  AccessRequestSubject,
  AccessRequestView,
  ApprovalRoom,
  Approvals,
  PendingAccess,
} from './approval.ts';
export type { Schedule } from './expiry-timer.ts';
export { type ApprovalDependencies, createApprovals } from './room.ts';
export { type ApprovalConfig, approvalSection } from './section.ts';
