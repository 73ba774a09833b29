import { z } from 'zod';
import {
  accessRequestListSchema,
  accessRequestQuerySchema,
  accessRequestSchema,
  accessRequestTaskSchema,
  approveBodySchema,
  closeReviewBodySchema,
  denyBodySchema,
  grantListSchema,
  grantSchema,
  reviewListSchema,
  reviewSchema,
  revokeGrantBodySchema,
  standingQuerySchema,
} from './approval-schemas.ts';
import {
  endedSessionsSchema,
  endSessionsBodySchema,
  liftBodySchema,
  revocationListSchema,
  revocationQuerySchema,
  revocationSchema,
  revokeBodySchema,
  revokedSchema,
} from './revocation-schemas.ts';
import type { Route } from './route.ts';
import {
  endSessionBodySchema,
  exportListSchema,
  healthSchema,
  holdBodySchema,
  idParamsSchema,
  readinessSchema,
  recordingEventSchema,
  recordingHoldSchema,
  recordingQuerySchema,
  releaseBodySchema,
  roomHealthSchema,
  sessionListSchema,
  sessionQuerySchema,
  sessionSchema,
} from './schemas.ts';
import {
  auditOperationPageSchema,
  auditSearchQuerySchema,
  auditSessionPageSchema,
} from './search-schemas.ts';

import {
  redeemBodySchema,
  sessionTokenSchema,
  signedOutSchema,
  signInListSchema,
  whoamiSchema,
} from './sign-in-schemas.ts';

const look = { method: 'GET', on: 'gateway', mutates: false } as const;
const lookAt = { ...look, params: idParamsSchema };
const stop = { method: 'POST', on: 'gateway', mutates: true, stops: true } as const;
const act = { method: 'POST', mutates: true, params: idParamsSchema } as const;

/**
 * Every route of the control plane, by name: one line makes the gateway want its handler, its row in the authorization
 * table and its Cedar action, and gives it a place in the document and a function in the client. Pinned: others rely on these.
 */
export const routes = {
  health: { ...look, path: '/healthz', action: null, answer: healthSchema, summary: 'Whether it is alive.' },
  ready: {
    ...look,
    path: '/readyz',
    action: null,
    answer: readinessSchema,
    alsoAnswers: [503],
    summary: 'Whether it can serve. Why not is at /v1/health, for operators.',
  },
  openApi: {
    ...look,
    path: '/v1/openapi.json',
    action: null,
    answer: z.record(z.string(), z.unknown()),
    summary: 'This document.',
  },
  roomHealth: {
    ...look,
    path: '/v1/health',
    action: 'see-health',
    answer: roomHealthSchema,
    summary: 'What it needs to serve, one by one.',
  },
  metrics: {
    ...look,
    path: '/metrics',
    action: 'see-metrics',
    answer: z.string(),
    answerType: 'text/plain',
    summary: 'Metrics in the text format of Prometheus.',
  },
  listAccessRequests: {
    ...look,
    path: '/v1/access-requests',
    action: 'list-access-requests',
    query: accessRequestQuerySchema,
    answer: accessRequestListSchema,
    summary: 'Access requests of the caller, and those the caller could decide, newest first.',
  },
  getAccessRequest: {
    ...lookAt,
    on: 'access-request',
    path: '/v1/access-requests/:id',
    action: 'see-access-request',
    answer: accessRequestSchema,
    summary: 'One access request, with exactly what would run.',
  },
  approve: {
    ...act,
    on: 'access-request',
    path: '/v1/access-requests/:id/approve',
    action: 'decide-access-request',
    body: approveBodySchema,
    answer: accessRequestSchema,
    summary: 'Approves an access request: fills one seat.',
  },
  deny: {
    ...act,
    on: 'access-request',
    path: '/v1/access-requests/:id/deny',
    action: 'decide-access-request',
    body: denyBodySchema,
    answer: accessRequestSchema,
    summary: 'Denies an access request, for everyone.',
  },
  cancelAccessRequest: {
    ...act,
    on: 'access-request',
    path: '/v1/access-requests/:id/cancel',
    action: 'cancel-access-request',
    answer: accessRequestSchema,
    summary: 'Cancels an access request of the caller, or of an agent of theirs.',
  },
  accessRequestTask: {
    ...lookAt,
    on: 'access-request',
    path: '/v1/access-requests/:id/task',
    action: 'see-access-request',
    answer: accessRequestTaskSchema,
    summary: 'Where an access request stands, in the form of the AuthZEN profile.',
  },
  listGrants: {
    ...look,
    path: '/v1/grants',
    action: 'list-grants',
    query: standingQuerySchema,
    answer: grantListSchema,
    summary:
      'What was approved for a time: of the caller, and of groups the caller is in; for auditors and operators, all.',
  },
  revokeGrant: {
    ...act,
    on: 'gateway',
    path: '/v1/grants/:id/revoke',
    action: 'revoke-grant',
    body: revokeGrantBodySchema,
    answer: grantSchema,
    summary: 'Ends a grant now. What is under way on it is cancelled.',
  },
  listReviews: {
    ...look,
    path: '/v1/reviews',
    action: 'list-reviews',
    query: standingQuerySchema,
    answer: reviewListSchema,
    summary:
      'What was done without waiting: by the caller, and what the caller could review; for auditors and operators, all.',
  },
  getReview: {
    ...lookAt,
    path: '/v1/reviews/:id',
    action: 'list-reviews',
    answer: reviewSchema,
    summary: 'One review, with exactly what ran.',
  },
  closeReview: {
    ...act,
    on: 'gateway',
    path: '/v1/reviews/:id/close',
    action: 'close-review',
    body: closeReviewBodySchema,
    answer: reviewSchema,
    summary: 'Closes a review of what somebody else did.',
  },
  listSessions: {
    ...look,
    path: '/v1/sessions',
    action: 'list-sessions',
    query: sessionQuerySchema,
    answer: sessionListSchema,
    summary: 'Sessions of the caller, newest first; for auditors and operators, all.',
  },
  getSession: {
    ...lookAt,
    on: 'session',
    path: '/v1/sessions/:id',
    action: 'see-session',
    answer: sessionSchema,
    summary: 'One session.',
  },
  endSession: {
    ...act,
    on: 'session',
    path: '/v1/sessions/:id/end',
    action: 'end-session',
    body: endSessionBodySchema,
    answer: sessionSchema,
    summary: 'Ends an open session now. What is under way in it is cancelled.',
  },
  endSessions: {
    ...stop,
    path: '/v1/sessions/end',
    action: 'end-sessions',
    body: endSessionsBodySchema,
    answer: endedSessionsSchema,
    summary: 'Ends every open session that has all of this.',
  },
  revoke: {
    ...stop,
    path: '/v1/revocations',
    action: 'revoke',
    body: revokeBodySchema,
    answer: revokedSchema,
    summary: 'Lets nothing in with this any more, and ends every session that has it.',
  },
  listRevocations: {
    ...look,
    path: '/v1/revocations',
    action: 'list-revocations',
    query: revocationQuerySchema,
    answer: revocationListSchema,
    summary: 'What is revoked now, newest first.',
  },
  liftRevocation: {
    ...act,
    on: 'gateway',
    path: '/v1/revocations/:id/lift',
    action: 'lift-revocation',
    body: liftBodySchema,
    answer: revocationSchema,
    summary: 'Lets in again what was revoked; not for whoever it is about.',
  },
  recording: {
    ...lookAt,
    on: 'session',
    path: '/v1/sessions/:id/recording',
    action: 'read-recording',
    query: recordingQuerySchema,
    answer: recordingEventSchema,
    answerType: 'application/x-ndjson',
    summary: 'The events of a recording, in order; with `follow` also those that are recorded meanwhile.',
  },
  holdRecording: {
    ...act,
    on: 'session',
    path: '/v1/sessions/:id/recording/hold',
    action: 'hold-recording',
    body: holdBodySchema,
    answer: recordingHoldSchema,
    summary: 'Keeps a recording whatever its age, until it is released.',
  },
  releaseRecording: {
    ...act,
    on: 'session',
    path: '/v1/sessions/:id/recording/release',
    action: 'hold-recording',
    body: releaseBodySchema,
    answer: recordingHoldSchema,
    summary: 'Lets a recording go when its retention is over.',
  },
  listExports: {
    ...look,
    path: '/v1/exports',
    action: 'see-exports',
    answer: exportListSchema,
    summary: 'How each export of the audit log is doing.',
  },
  searchOperations: {
    ...look,
    path: '/v1/audit/operations',
    action: 'search-audit',
    query: auditSearchQuerySchema,
    answer: auditOperationPageSchema,
    summary: 'Decisions in the audit log that have everything asked for, newest first.',
  },
  searchSessions: {
    ...look,
    path: '/v1/audit/sessions',
    action: 'search-audit',
    query: auditSearchQuerySchema,
    answer: auditSessionPageSchema,
    summary: 'Sessions in the audit log that have everything asked for somewhere in them, newest first.',
  },
  waysToSignIn: {
    ...look,
    path: '/v1/sign-in',
    action: null,
    answer: signInListSchema,
    summary: 'How one can sign in.',
  },
  redeemSignIn: {
    method: 'POST',
    on: 'gateway',
    // Nobody is known yet, and the code is good once: there is nothing an Idempotency-Key could be kept under.
    mutates: false,
    path: '/v1/sign-in/token',
    action: null,
    body: redeemBodySchema,
    answer: sessionTokenSchema,
    errors: [401],
    summary: 'Trades the code of a sign-in through the gateway for a session token.',
  },
  whoami: {
    ...look,
    path: '/v1/whoami',
    action: 'see-own-identity',
    answer: whoamiSchema,
    summary: 'Who the caller is, as the gateway sees it.',
  },
  signOut: {
    method: 'POST',
    on: 'gateway',
    // It leaves an entry of its own, and doing it again changes nothing.
    mutates: false,
    path: '/v1/sign-out',
    action: 'sign-out',
    answer: signedOutSchema,
    errors: [409],
    summary: 'Ends the session that the caller presented, if it is one of the gateway.',
  },
} as const satisfies Record<string, Route>;

/** Where browsers go to sign in; issuers and identity providers send them back to one of these. Not for programs. */
export const browserRoutes = {
  begin: { method: 'GET', path: '/v1/sign-in/:name' },
  callback: { method: 'GET', path: '/v1/sign-in/:name/callback' },
  assertion: { method: 'POST', path: '/v1/sign-in/:name/acs' },
  metadata: { method: 'GET', path: '/v1/sign-in/:name/metadata' },
} as const;

export type Routes = typeof routes;
export type RouteName = keyof Routes;

/** The table without what the compiler knows of each line. */
export const routeTable: Readonly<Record<RouteName, Route>> = routes;
