export type {
  AccessDecision,
  AccessRequestEnding,
  AccessRequestFilter,
  AccessRequestObserver,
  AccessRequestPage,
  AccessRequestState,
  AccessRequestSubject,
  AccessRequestView,
  Answer,
  ApprovalRoom,
  Approvals,
  Approver,
  AskMode,
  DecidedThrough,
  PendingAccess,
  Requester,
  Shown,
} from './approval.ts';
export type { Schedule } from './expiry-timer.ts';
export type { Grant, GrantRoom } from './grant.ts';
export type { Review, ReviewClosing, ReviewRoom, ReviewVerdict } from './review.ts';
export { type ApprovalDependencies, createApprovals } from './room.ts';
export { type ApprovalConfig, approvalSection } from './section.ts';
export { NOTHING_SHOWN } from './stored-view.ts';
