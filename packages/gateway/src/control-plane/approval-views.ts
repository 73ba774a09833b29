import type { AccessRequest, AccessRequestTask, Grant, Review } from '@sallyport/contract';
import { routes } from '@sallyport/contract';
import type {
  AccessRequestView,
  Grant as GrantView,
  Review as ReviewView,
  Shown,
} from '../approval/index.ts';

/** Whether this is more than one operation, in seconds. */
function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000;
}

export function presentRequest({ shown, ...view }: AccessRequestView): AccessRequest {
  return {
    ...view,
    delegation: [...view.delegation],
    shown: presentShown(shown),
    parameters: view.parameters === null ? null : [...view.parameters],
    requirements: present(view.requirements),
    decisions: view.decisions.map(({ grantMs, decidedAt, withdrawnAt, ...one }) => ({
      ...one,
      decidedAt: iso(decidedAt),
      grantSeconds: seconds(grantMs),
      withdrawnAt: isoOrNull(withdrawnAt),
    })),
    createdAt: iso(view.createdAt),
    expiresAt: iso(view.expiresAt),
    endedAt: isoOrNull(view.endedAt),
    redeemedAt: isoOrNull(view.redeemedAt),
  };
}

/** As AuthZEN's Access Request and Approval Profile has a task: its states are named as ours. */
export function presentTask(view: AccessRequestView): AccessRequestTask {
  const { id, state, expiresAt, endedAt } = view;
  const cancel = routes.cancelAccessRequest.path.replace(':id', id);
  return {
    task: {
      id,
      status: state,
      status_endpoint: routes.accessRequestTask.path.replace(':id', id),
      expires_at: iso(expiresAt),
      ...(state === 'pending' ? { links: { cancel } } : {}),
    },
    ...(state === 'approved'
      ? { result: { mode: 'reevaluate' as const, approval: { id, approved_at: iso(endedAt ?? expiresAt) } } }
      : {}),
  };
}

export function presentGrant(view: GrantView, now: number): Grant {
  const { aliases: _, kind: _kind, ...grant } = view;
  return {
    ...grant,
    scope: view.scope.map(({ action, type, path }) => ({ action, type, path: [...path] })),
    approvals: present(view.approvals),
    approvers: view.approvers.map(({ subject, name }) => ({ subject, name })),
    grantedAt: iso(view.grantedAt),
    expiresAt: iso(view.expiresAt),
    endedAt: isoOrNull(view.endedAt),
    standing: view.endedAt === null && view.expiresAt > now,
  };
}

export function presentReview(review: ReviewView): Review {
  const { aliases: _, shown, ...view } = review;
  return {
    ...view,
    kind: 'review',
    shown: presentShown(shown),
    parameters: view.parameters === null ? null : [...view.parameters],
    requirements: present(view.requirements),
    openedAt: iso(view.openedAt),
    dueAt: iso(view.dueAt),
    closed: view.closed === null ? null : { ...view.closed, at: iso(view.closed.at) },
  };
}

function presentShown({
  grantMs,
  touches,
  policies,
  risk,
  history,
  ...shown
}: Shown): AccessRequest['shown'] {
  return {
    ...shown,
    touches: [...touches],
    policies: [...policies],
    risk: risk === null ? null : { score: risk.score, reasons: [...risk.reasons] },
    history: { ...history, first: [...history.first] },
    grantSeconds: seconds(grantMs),
  };
}

function present(requirements: AccessRequestView['requirements']) {
  return requirements.map((one) => ({ ...one }));
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function isoOrNull(time: number | null): string | null {
  return time === null ? null : iso(time);
}
