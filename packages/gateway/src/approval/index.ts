export type {
  AccessDecision,
  AccessRequestEnding,
  AccessRequestFilter,
  AccessRequestObserver,
  AccessRequestPage,
  AccessRequestState,
  AccessRequestSubject,
  AccessRequestView,
  ApprovalRoom,
  Approvals,
  DecidedThrough,
  PendingAccess,
} from './approval.ts';
export type { Schedule } from './expiry-timer.ts';
export { type ApprovalDependencies, createApprovals } from './room.ts';
export { type ApprovalConfig, approvalSection } from './section.ts';
