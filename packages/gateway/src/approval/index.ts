export type {
  AccessRequestEnding,
  AccessRequestState,
  AccessRequestSubject,
  Approvals,
  PendingAccess,
} from './approval.ts';
