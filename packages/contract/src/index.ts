export { ApiError } from './api-error.ts';
export { type ClientOptions, type ControlPlaneClient, createClient } from './client.ts';
export { type RouteName, routes } from './routes.ts';
export {
  type AccessRequest,
  type AccessRequestQuery,
  type AccessRequestState,
  accessDecisionSchema,
  accessRequestListSchema,
  accessRequestQuerySchema,
  accessRequestSchema,
  accessRequestStateSchema,
  approveBodySchema,
  denyBodySchema,
  endSessionBodySchema,
  healthSchema,
  idParamsSchema,
  LIST_LIMIT,
  type Problem,
  problemSchema,
  type RecordingEvent,
  recordingEventSchema,
  type Session,
  sessionListSchema,
  sessionQuerySchema,
  sessionSchema,
} from './schemas.ts';
