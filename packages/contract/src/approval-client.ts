import type { z } from 'zod';
import {
  type AccessRequest,
  type AccessRequestQuery,
  type AccessRequestTask,
  accessRequestListSchema,
  accessRequestSchema,
  accessRequestTaskSchema,
  type Grant,
  grantListSchema,
  grantSchema,
  type Review,
  type ReviewVerdict,
  reviewListSchema,
  reviewSchema,
} from './approval-schemas.ts';
import type { Call } from './client.ts';
import type { RouteName } from './routes.ts';

/** What is listed of grants and reviews. */
export interface StandingQuery {
  /** Also those that are over. */
  readonly past?: boolean;
  readonly limit?: number;
}

/** Access requests, grants and reviews as functions. Each rejects with `ApiError`. */
export interface ApprovalClient {
  listAccessRequests(query?: AccessRequestQuery): Promise<readonly AccessRequest[]>;
  getAccessRequest(id: string): Promise<AccessRequest>;
  /** Approves it once, or with `grantSeconds` for a time. */
  approve(
    id: string,
    reason?: string,
    options?: { readonly grantSeconds?: number | undefined },
  ): Promise<AccessRequest>;
  deny(id: string, reason: string): Promise<AccessRequest>;
  /** For whoever asked: it is not wanted any more. */
  cancelAccessRequest(id: string): Promise<AccessRequest>;
  /** Where it stands, for whoever asked to look at now and then. */
  accessRequestTask(id: string): Promise<AccessRequestTask>;
  listGrants(query?: StandingQuery): Promise<readonly Grant[]>;
  /** Ends it now, also for what is under way on it. */
  revokeGrant(id: string, reason: string): Promise<Grant>;
  listReviews(query?: StandingQuery): Promise<readonly Review[]>;
  getReview(id: string): Promise<Review>;
  closeReview(id: string, verdict: ReviewVerdict, words: string): Promise<Review>;
}

type Ask = <S extends z.ZodType>(name: RouteName, schema: S, request: Call) => Promise<z.output<S>>;

export function approvalClient(ask: Ask): ApprovalClient {
  return {
    listAccessRequests: async (query = {}) =>
      (await ask('listAccessRequests', accessRequestListSchema, { query: asked(query) })).accessRequests,
    getAccessRequest: (id) => ask('getAccessRequest', accessRequestSchema, { id }),
    approve: (id, reason = '', { grantSeconds } = {}) => {
      const body = { reason, ...(grantSeconds === undefined ? {} : { grantSeconds }) };
      return ask('approve', accessRequestSchema, { id, body });
    },
    deny: (id, reason) => ask('deny', accessRequestSchema, { id, body: { reason } }),
    cancelAccessRequest: (id) => ask('cancelAccessRequest', accessRequestSchema, { id }),
    accessRequestTask: (id) => ask('accessRequestTask', accessRequestTaskSchema, { id }),
    listGrants: async (query = {}) =>
      (await ask('listGrants', grantListSchema, { query: asked(query) })).grants,
    revokeGrant: (id, reason) => ask('revokeGrant', grantSchema, { id, body: { reason } }),
    listReviews: async (query = {}) =>
      (await ask('listReviews', reviewListSchema, { query: asked(query) })).reviews,
    getReview: (id) => ask('getReview', reviewSchema, { id }),
    closeReview: (id, verdict, words) => ask('closeReview', reviewSchema, { id, body: { verdict, words } }),
  };
}

function asked<Q extends { readonly limit?: unknown }>(query: Q): NonNullable<Call['query']> {
  const { limit, ...others } = query;
  return { ...others, limit: limit === undefined ? undefined : Number(limit) };
}
