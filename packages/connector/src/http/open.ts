import { duplexPair } from 'node:stream';
import type { OpenRequest, TargetConnection } from '../connector.ts';
import type { HttpTarget } from '../target.ts';
import { credentialFields } from './credential.ts';
import { needlesOf } from './echo-guard.ts';
import { PairConnection } from './pair-connection.ts';
import { startRelay } from './relay.ts';

/**
 * A connection to an HTTP target: an in-memory stream with a small HTTP server at its far end, which takes any client
 * credential off, puts the target's own on, and sends the request where the configuration says.
 *
 * The target itself is dialled anew for each request, and asked to close after its reply: bytes that it might take
 * for a second request, which no decision covers, find nobody listening.
 *
 * Rejects with ConnectorFault when the credential or the TLS files cannot be read; that the target is not there shows
 * at the first request, as an answer that carries `sallyport-fault`.
 */
export async function openHttp(target: HttpTarget, request: OpenRequest): Promise<TargetConnection> {
  request.signal.throwIfAborted();
  const secret = await target.readSecret();
  const credential = credentialFields(target.config.credential, secret, target.name);
  const tls = await target.readTls();
  request.signal.throwIfAborted();
  const [near, far] = duplexPair();
  const relay = startRelay(far, {
    url: new URL(target.config.url),
    tls,
    credential,
    needles: needlesOf(secret, credential),
    connectMs: target.limits.login_ms,
  });
  return new PairConnection(near, far, relay);
}
