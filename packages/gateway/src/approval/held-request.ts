import type { Identity } from '../identity/index.ts';
import type { AccessDecisionRow, OpenedAccessRequest } from '../storage/index.ts';
import type {
  AccessDecision,
  AccessRequestEnding,
  AccessRequestState,
  AccessRequestSubject,
  AccessRequestView,
  DecidedThrough,
  Requester,
} from './approval.ts';
import { identityColumn } from './identity-column.ts';
import type { Seated } from './rules.ts';
import { type AccessRequestEvent, transitions } from './states.ts';

/** One person's word, with what is needed to compare them with others. `groups` only ever gets less. */
export interface Word extends AccessDecision {
  readonly aliases: readonly string[];
  groups: readonly string[];
  readonly identity: Identity;
  withdrawnAt: number | null;
}

/** An access request while it can still change what happens: the truth of its state; the store follows. */
export interface HeldRequest {
  readonly id: string;
  readonly subject: AccessRequestSubject;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly seated: Word[];
  readonly ended: Promise<AccessRequestEnding>;
  state: AccessRequestState;
  endedAt: number | null;
  /** Until when the approval can be used; 0 when there is none, or it was used. */
  redeemBy: number;
  readonly resolve: (ending: AccessRequestEnding) => void;
}

export function heldRequest(
  id: string,
  subject: AccessRequestSubject,
  createdAt: number,
  expiresAt: number,
): HeldRequest {
  const { promise, resolve } = Promise.withResolvers<AccessRequestEnding>();
  return {
    id,
    subject,
    createdAt,
    expiresAt,
    seated: [],
    ended: promise,
    state: 'pending',
    endedAt: null,
    redeemBy: 0,
    resolve,
  };
}

/** The state after this event, or null when it changes nothing. */
export function after(request: HeldRequest, event: AccessRequestEvent): AccessRequestState | null {
  return transitions[request.state][event];
}

/** Who approved and still counts. */
export function counting(request: HeldRequest): readonly (Word & Seated)[] {
  return request.seated.filter(({ verdict, withdrawnAt }) => verdict === 'approve' && withdrawnAt === null);
}

/** For how long everybody who sits agreed to grant it; null when one did not. */
export function agreedGrant(words: readonly Pick<AccessDecision, 'grantMs'>[]): number | null {
  const spans = words.map(({ grantMs }) => grantMs);
  return spans.length === 0 || spans.some((one) => one === null) ? null : Math.min(...(spans as number[]));
}

export function rowOf(request: HeldRequest): OpenedAccessRequest {
  const { subject } = request;
  return {
    id: request.id,
    session_id: subject.sessionId,
    subject: subject.identity.subject,
    display_name: subject.identity.displayName,
    actor: subject.identity.actor,
    task: subject.identity.task,
    target: subject.target,
    digest: subject.digest,
    text: subject.text,
    form: subject.form,
    parameters: JSON.stringify(subject.parameters),
    requirements: JSON.stringify(subject.requirements),
    reason: subject.reason,
    state: request.state,
    created_at: request.createdAt,
    expires_at: request.expiresAt,
    ended_at: request.endedAt,
    redeemed_at: null,
    requester: identityColumn(subject.identity),
    token_id: subject.identity.scope === null ? null : subject.identity.tokenId,
    delegation: subject.identity.scope === null ? null : JSON.stringify(subject.identity.delegation),
    mode: subject.mode,
    shown: JSON.stringify(subject.shown),
  };
}

export function viewOfHeld(request: HeldRequest, decidable: boolean): AccessRequestView {
  const { identity, scope: _, ...subject } = request.subject;
  return {
    id: request.id,
    sessionId: subject.sessionId,
    subject: identity.subject,
    displayName: identity.displayName,
    actor: identity.actor,
    task: identity.task,
    tokenId: identity.scope === null ? null : identity.tokenId,
    delegation: identity.scope === null ? [] : identity.delegation,
    target: subject.target,
    mode: subject.mode,
    digest: subject.digest,
    text: subject.text,
    form: subject.form,
    parameters: subject.parameters,
    requirements: subject.requirements,
    reason: subject.reason,
    shown: subject.shown,
    state: request.state,
    createdAt: request.createdAt,
    expiresAt: request.expiresAt,
    endedAt: request.endedAt,
    redeemedAt: null,
    decisions: request.seated.map(
      ({ approver, approverName, verdict, reason, decidedAt, grantMs, withdrawnAt }) => ({
        ...{ approver, approverName, verdict, reason, decidedAt, grantMs, withdrawnAt },
      }),
    ),
    decidable,
  };
}

/** What one person says with an approval. */
export interface Approving {
  readonly reason: string;
  readonly grantMs: number | null;
  readonly through: DecidedThrough;
}

export function requesterOf({ subject: { identity, target, sessionId } }: HeldRequest): Requester {
  const { subject, actor, aliases, task } = identity;
  return { subject, actor, aliases, task, target, sessionId, identity };
}

export function wordOf(
  approver: Identity,
  said: Pick<Word, 'verdict' | 'reason' | 'grantMs'>,
  decidedAt: number,
): Word {
  const { subject, displayName, groups, aliases } = approver;
  const who = { approver: subject, approverName: displayName, groups, aliases, identity: approver };
  return { ...who, ...said, decidedAt, withdrawnAt: null };
}

export function rowOfWord(id: string, seat: number, word: Word): AccessDecisionRow {
  const { approver, approverName, verdict, reason, decidedAt, grantMs, withdrawnAt } = word;
  return {
    ...{ request_id: id, seat, approver, approver_name: approverName, verdict, reason },
    ...{ decided_at: decidedAt, grant_ms: grantMs, withdrawn_at: withdrawnAt },
  };
}
