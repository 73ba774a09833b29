/** TLS at a door of the gateway, with client certificates where the operator wants them (RFC 8705). */
import { constants, createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, TLSSocket, type TlsOptions } from 'node:tls';

/** Whether and how clients are asked for a certificate. */
export interface ClientCertificates {
  /** PEM of the authorities that a certificate must be of; null when any will do, because only its hash is used. */
  readonly ca: string | null;
}

export interface ServerTls {
  readonly key: string;
  readonly cert: string;
  /** Null or absent: clients are not asked. */
  readonly clientCertificates?: ClientCertificates | null;
}

/**
 * Options for a server. Who shows no certificate is let in: what they may do without one is the token's to say. A session
 * that is taken up again would bring the certificate of a handshake that this connection never had, and renegotiation
 * could change it later: there is neither where certificates count.
 */
export function serverTlsOptions({ key, cert, clientCertificates: clients = null }: ServerTls): TlsOptions {
  const options: TlsOptions = { key, cert, minVersion: 'TLSv1.2' };
  if (clients === null) return options;
  return {
    ...options,
    requestCert: true,
    // Node would refuse who shows none, too. The handshake proves in any case that the client holds the key.
    rejectUnauthorized: false,
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    ...(clients.ca === null ? {} : { ca: clients.ca }),
  };
}

/** Speaks TLS on a socket that was accepted. Rejects when the handshake fails. */
export function acceptTls(
  socket: Socket,
  tls: ServerTls,
  ALPNProtocols: readonly string[],
): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  // A server of one connection: it is what compares a certificate with the authorities.
  const server = createServer({ ...serverTlsOptions(tls), ALPNProtocols: [...ALPNProtocols] });
  server.once('secureConnection', (secure) => {
    secure.on('error', () => secure.destroy());
    resolve(secure);
  });
  server.once('tlsClientError', (_error, secure) => {
    secure.on('error', () => undefined);
    secure.destroy();
    reject(new Error('the TLS handshake failed'));
  });
  server.emit('connection', socket);
  return promise;
}

/** The certificate that a client proved to hold in the handshake of this connection. */
export interface ShownCertificate {
  /** SHA-256 of it in base64url (RFC 8705 section 3.1), or null when there is none that counts. */
  readonly thumbprint: string | null;
  /** Why the connection is refused, or null. */
  readonly refused: string | null;
}

const NONE: ShownCertificate = { thumbprint: null, refused: null };

/** What a client showed on this connection. One that is not of the authorities is no certificate, and is refused. */
export function shownCertificate(
  socket: Socket,
  clients: ClientCertificates | null | undefined,
): ShownCertificate {
  if (clients == null || !(socket instanceof TLSSocket) || socket.isSessionReused()) return NONE;
  const raw = socket.getPeerX509Certificate()?.raw;
  if (raw === undefined) return NONE;
  if (clients.ca !== null && !socket.authorized) {
    return {
      thumbprint: null,
      refused:
        'the client certificate is not good: it must be in force, for clients, and of an authority in tls.client_ca_file',
    };
  }
  return { thumbprint: createHash('sha256').update(raw).digest('base64url'), refused: null };
}
