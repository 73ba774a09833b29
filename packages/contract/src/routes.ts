/** Every route of the control plane, by name. Pinned: others rely on these. */
export const routes = {
  health: { method: 'GET', path: '/healthz' },
  listAccessRequests: { method: 'GET', path: '/v1/access-requests' },
  getAccessRequest: { method: 'GET', path: '/v1/access-requests/:id' },
  approve: { method: 'POST', path: '/v1/access-requests/:id/approve' },
  deny: { method: 'POST', path: '/v1/access-requests/:id/deny' },
  listSessions: { method: 'GET', path: '/v1/sessions' },
  getSession: { method: 'GET', path: '/v1/sessions/:id' },
  endSession: { method: 'POST', path: '/v1/sessions/:id/end' },
  endSessions: { method: 'POST', path: '/v1/sessions/end' },
  revoke: { method: 'POST', path: '/v1/revocations' },
  listRevocations: { method: 'GET', path: '/v1/revocations' },
  liftRevocation: { method: 'POST', path: '/v1/revocations/:id/lift' },
  recording: { method: 'GET', path: '/v1/sessions/:id/recording' },
  holdRecording: { method: 'POST', path: '/v1/sessions/:id/recording/hold' },
  releaseRecording: { method: 'POST', path: '/v1/sessions/:id/recording/release' },
  listExports: { method: 'GET', path: '/v1/exports' },
  searchOperations: { method: 'GET', path: '/v1/audit/operations' },
  searchSessions: { method: 'GET', path: '/v1/audit/sessions' },
} as const;

export type RouteName = keyof typeof routes;
