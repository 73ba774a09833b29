import { oauthPaths } from '@sallyport/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { proofAlgorithms } from '../identity/index.ts';
import type { Possession } from '../protocols/protocol.ts';
import { ExchangeRefused, type TokenExchange } from '../task-tokens/index.ts';
import { type PossessionOf, proofOf } from './possession.ts';

/** What whoever has no token yet, or looks for the keys of one, may ask. */
export const oauthRoutes: ReadonlySet<string> = new Set(Object.values(oauthPaths));

/**
 * The gateway as an authorization server: RFC 8693 at the token endpoint, RFC 7009 at the revocation endpoint, RFC 8414
 * metadata, RFC 7517 keys. Who exchanges or ends a token is authenticated by that token, so these routes ask for no other.
 */
export function tokenRoutes(
  app: FastifyInstance,
  exchange: TokenExchange | null,
  { possessionOf, bindsCertificates }: { possessionOf: PossessionOf; bindsCertificates: boolean },
): void {
  if (exchange === null) return;
  const { issuer } = exchange;
  const names = [new URL(issuer.issuer).host];
  app.get(oauthPaths.keys, () => issuer.keys.jwks);
  app.get(oauthPaths.metadata, () => metadataOf(issuer.issuer, bindsCertificates));
  // Within a scope of its own: no other route takes the bodies that any web page can send.
  void app.register(async (scope) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, body, done) => done(null, body),
    );
    scope.setErrorHandler((error, request, reply) => {
      if (error instanceof ExchangeRefused && error.nonce !== null) reply.header('dpop-nonce', error.nonce);
      if (error instanceof ExchangeRefused) return answer(reply, error.error, error.message);
      const status = statusCodeOf(error);
      if (status >= 400 && status < 500) {
        const why = 'send a form (application/x-www-form-urlencoded) of the usual size';
        const refused = exchange.refuse(new ExchangeRefused('invalid_request', why), request.ip);
        return answer(reply, refused.error, refused.message);
      }
      throw error;
    });
    const presented = (request: FastifyRequest): Presented => {
      const { body, ip } = request;
      try {
        if (typeof body !== 'string') throw new ExchangeRefused('invalid_request', 'send a form');
        return [body, possessionOf(request, proofOf(request), names), ip];
      } catch (fault) {
        throw exchange.refuse(fault, ip);
      }
    };
    scope.post(oauthPaths.token, async (request) => exchange.exchange(...presented(request)));
    scope.post(oauthPaths.revocation, async (request, reply) => {
      await exchange.revoke(...presented(request));
      return reply.code(200).send();
    });
  });
}

/** A form, what came along with it, and from where. */
type Presented = readonly [body: string, possession: Possession, address: string];

/** RFC 6749 section 5.2. */
function answer(reply: FastifyReply, error: ExchangeRefused['error'], description: string): FastifyReply {
  const status = error === 'temporarily_unavailable' ? 503 : 400;
  if (status === 503) reply.header('retry-after', String(RETRY_SECONDS));
  // The characters that a description may have: no quotes, no backslashes, nothing but ASCII.
  const text = description.replaceAll('"', "'").replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?');
  return reply.code(status).type('application/json').send({ error, error_description: text });
}

/** When a client may come again, in seconds (RFC 7009 section 2.2.1). */
const RETRY_SECONDS = 5;

/** RFC 8414 section 2. */
function metadataOf(issuer: string, bindsCertificates: boolean): object {
  const at = (path: string) => `${issuer.replace(/\/$/, '')}${path}`;
  return {
    issuer,
    token_endpoint: at(oauthPaths.token),
    revocation_endpoint: at(oauthPaths.revocation),
    revocation_endpoint_auth_methods_supported: ['none'],
    jwks_uri: at(oauthPaths.keys),
    grant_types_supported: ['urn:ietf:params:oauth:grant-type:token-exchange'],
    response_types_supported: [],
    token_endpoint_auth_methods_supported: ['none'],
    dpop_signing_alg_values_supported: proofAlgorithms,
    // RFC 8705 section 3.3.
    tls_client_certificate_bound_access_tokens: bindsCertificates,
    authorization_details_types_supported: ['sallyport_task'],
  };
}

function statusCodeOf(error: unknown): number {
  const code = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500;
  return typeof code === 'number' ? code : 500;
}
