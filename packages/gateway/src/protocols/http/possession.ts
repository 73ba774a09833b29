import { TLSSocket } from 'node:tls';
import { authoritiesOf } from '../../lib/authorities.ts';
import type { Possession } from '../protocol.ts';
import type { ClientConnection } from './client.ts';
import type { RequestHead } from './request-head.ts';

/**
 * What came with a request to show that its token is its own. The host that a request names is not looked at: whoever
 * was sent a proof that is not for this gateway could name any.
 */
export function possessionOf(
  { socket }: Pick<ClientConnection, 'socket'>,
  head: RequestHead,
  certificate: string | null,
): Possession {
  return {
    proof: head.proof,
    method: head.method,
    before: socket instanceof TLSSocket ? 'https://' : 'http://',
    after: head.path,
    authorities: authoritiesOf(socket),
    certificate,
    tellsNonce: true,
  };
}
