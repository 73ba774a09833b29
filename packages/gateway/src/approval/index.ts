export type {
  AccessDecision,
  AccessRequestEnding,
  AccessRequestFilter,
  AccessRequestPage,
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
