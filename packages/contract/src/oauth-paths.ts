/**
 * Where the gateway is an OAuth authorization server. Not in the table of routes: what is asked and answered there is not
 * the gateway's own to say, but that of RFC 8693, RFC 7009, RFC 8414 and RFC 7517.
 */
export const oauthPaths = {
  token: '/v1/token',
  revocation: '/v1/token/revoke',
  metadata: '/.well-known/oauth-authorization-server',
  keys: '/.well-known/jwks.json',
} as const;
