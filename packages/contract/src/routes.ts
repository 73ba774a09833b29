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
  recording: { method: 'GET', path: '/v1/sessions/:id/recording' },
  holdRecording: { method: 'POST', path: '/v1/sessions/:id/recording/hold' },
  releaseRecording: { method: 'POST', path: '/v1/sessions/:id/recording/release' },
  listExports: { method: 'GET', path: '/v1/exports' },
  searchOperations: { method: 'GET', path: '/v1/audit/operations' },
  searchSessions: { method: 'GET', path: '/v1/audit/sessions' },
  waysToSignIn: { method: 'GET', path: '/v1/sign-in' },
  redeemSignIn: { method: 'POST', path: '/v1/sign-in/token' },
  whoami: { method: 'GET', path: '/v1/whoami' },
  signOut: { method: 'POST', path: '/v1/sign-out' },
} as const;

/** Where browsers go to sign in; issuers and identity providers send them back to the last of these. */
export const browserRoutes = {
  begin: { method: 'GET', path: '/v1/sign-in/:name' },
  callback: { method: 'GET', path: '/v1/sign-in/:name/callback' },
  assertion: { method: 'POST', path: '/v1/sign-in/:name/acs' },
  metadata: { method: 'GET', path: '/v1/sign-in/:name/metadata' },
} as const;

export type RouteName = keyof typeof routes;
