import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { BodyReader, FrontendType, WireError } from '@sallyport/postgres-wire';
import { authoritiesOf } from '../../lib/authorities.ts';
import { acceptTls, shownCertificate } from '../../lib/server-tls.ts';
import type { Caller, Denial, Door, Wishes } from '../protocol.ts';
import type { CancelKeys } from './cancel-keys.ts';
import { readCredential } from './credential.ts';
import { ASK_CLEARTEXT_PASSWORD, denialMessage, errorMessage, negotiateProtocolVersion } from './messages.ts';
import { NEWEST_MINOR, type Opening, parseOpening, STARTUP_PACKET_BYTES } from './opening.ts';
import { SocketReader } from './socket-reader.ts';
import { readStartupParameters, type StartupRequest } from './startup-parameters.ts';

/** Largest credential message, in bytes: an access token with many groups fits. */
const CREDENTIAL_BYTES = 20_000;
/** SSLRequest, GSSENCRequest and the start-up itself: nobody needs more packets than these. */
const OPENING_PACKETS = 4;
/** First byte of a TLS record that carries a handshake (RFC 8446, 5.1): the client starts TLS directly. */
const TLS_HANDSHAKE = 0x16;

/** Who came, and what the relay needs to go on with the connection. */
export interface PostgresCaller {
  readonly socket: Socket;
  readonly minor: number;
  readonly unknownOptions: readonly string[];
  /** How the client wants people to be asked. */
  readonly wishes: Wishes;
  readonly facts: Omit<Caller, 'relay'>;
}

/** Speaks the opening with a fresh socket: encryption, start-up, password. Null when it was a cancel, or refused. */
export async function acceptPostgres(
  raw: Socket,
  door: Door,
  cancelKeys: CancelKeys,
): Promise<PostgresCaller | null> {
  raw.setNoDelay(true);
  raw.on('error', () => raw.destroy());
  const deadline = setTimeout(() => raw.destroy(), door.limits.handshakeMs);
  try {
    return await new Doorway(raw, door, cancelKeys).open();
  } catch (fault) {
    const reason = fault instanceof WireError ? fault.message : 'the connection ended during start-up';
    door.violation(reason);
    if (fault instanceof WireError) end(raw, fatal('08P01', `protocol violation: ${reason}`));
    else raw.destroy();
    return null;
  } finally {
    clearTimeout(deadline);
  }
}

class Doorway {
  readonly #door: Door;
  readonly #cancelKeys: CancelKeys;
  #socket: Socket;
  #reader: SocketReader;

  constructor(socket: Socket, door: Door, cancelKeys: CancelKeys) {
    this.#socket = socket;
    this.#reader = new SocketReader(socket);
    this.#door = door;
    this.#cancelKeys = cancelKeys;
  }

  async open(): Promise<PostgresCaller | null> {
    if ((await this.#reader.peek()) === TLS_HANDSHAKE) {
      if (!(await this.#startTls({ direct: true }))) return null;
    }
    for (let packets = 0; packets < OPENING_PACKETS; packets += 1) {
      const opening = await this.#readOpening();
      switch (opening.kind) {
        case 'ssl':
          if (!(await this.#answerSsl())) return null;
          break;
        case 'gssenc':
          this.#socket.write('N');
          break;
        case 'cancel':
          this.#cancelKeys.cancel(opening.processId, opening.key);
          this.#socket.end();
          return null;
        case 'unsupported':
          return this.#refuse(opening.reason, '');
        case 'startup':
          return this.#authenticate(opening.minor, readStartupParameters(opening.parameters));
      }
    }
    return this.#refuse('too many requests before start-up', '');
  }

  async #readOpening(): Promise<Opening> {
    const length = (await this.#reader.exactly(4)).readInt32BE();
    if (length < 8 || length > STARTUP_PACKET_BYTES) {
      throw new WireError(
        'length-over-limit',
        `a start-up packet of ${length} bytes; 8 to ${STARTUP_PACKET_BYTES} are accepted`,
      );
    }
    return parseOpening(await this.#reader.exactly(length - 4));
  }

  async #answerSsl(): Promise<boolean> {
    if (this.#door.tls === null || this.#socket instanceof TLSSocket) {
      this.#socket.write('N');
      return true;
    }
    // Bytes that came with the request were not encrypted: believing them after the handshake is CVE-2021-23214.
    if (this.#reader.buffered > 0) throw new WireError('trailing-bytes', 'plain text follows the SSLRequest');
    this.#socket.write('S');
    return this.#startTls({ direct: false });
  }

  async #startTls({ direct }: { readonly direct: boolean }): Promise<boolean> {
    const { tls } = this.#door;
    if (tls === null) return this.#hangUp('the client started TLS, which this listener does not have');
    if (this.#socket instanceof TLSSocket) return this.#hangUp('the client started TLS inside TLS');
    this.#reader.release();
    const secure = await acceptTls(this.#socket, tls, ['postgresql']);
    // Direct TLS without ALPN could be another protocol's client turned on us (ALPACA); PostgreSQL requires it too.
    this.#socket = secure;
    if (direct && secure.alpnProtocol !== 'postgresql') {
      return this.#hangUp('the client started TLS directly without the protocol name "postgresql" (ALPN)');
    }
    this.#reader = new SocketReader(secure);
    return true;
  }

  /** For a peer that would not understand an answer. */
  #hangUp(reason: string): false {
    this.#door.violation(reason);
    this.#socket.destroy();
    return false;
  }

  async #authenticate(minor: number, request: StartupRequest): Promise<PostgresCaller | null> {
    if (request.effect === 'refuse') return this.#refuse(request.reason, request.hint, '0A000');
    if (!this.#door.trusted(this.#socket)) {
      return this.#refuse(
        'an access token is only accepted over TLS',
        'connect with sslmode=require or stricter',
        '28000',
      );
    }
    const shown = shownCertificate(this.#socket, this.#door.tls?.clientCertificates);
    if (shown.refused !== null) {
      return this.#refuse(shown.refused, 'give the client another certificate, or none', '28000');
    }
    const { unknownOptions, wishes } = request;
    if (minor > NEWEST_MINOR || unknownOptions.length > 0) {
      this.#socket.write(negotiateProtocolVersion(Math.min(minor, NEWEST_MINOR), unknownOptions));
    }
    this.#socket.write(ASK_CLEARTEXT_PASSWORD);
    const password = await this.#readCredential();
    this.#reader.release();
    const socket = this.#socket;
    const { user: target, database: facet, applicationName: client, settings: startup } = request;
    const refuse = (denial: Denial): void => end(socket, denialMessage(denial, 'FATAL'));
    const secure = socket instanceof TLSSocket;
    const authorities = authoritiesOf(socket);
    const { token: credential, possession } = readCredential(password, {
      target,
      authorities,
      certificate: shown.thumbprint,
    });
    return {
      socket,
      minor,
      unknownOptions,
      wishes,
      facts: { credential, possession, target, facet, client, startup, secure, refuse },
    };
  }

  async #readCredential(): Promise<string> {
    const header = await this.#reader.exactly(5);
    const length = header.readInt32BE(1);
    if (header[0] !== FrontendType.Password || length < 5 || length > CREDENTIAL_BYTES) {
      throw new WireError(
        'length-over-limit',
        `a password message of at most ${CREDENTIAL_BYTES} bytes was expected`,
      );
    }
    const reader = new BodyReader(await this.#reader.exactly(length - 4));
    const credential = reader.string();
    reader.finish();
    return credential;
  }

  #refuse(message: string, hint: string, sqlstate = '08P01'): null {
    this.#door.violation(message);
    end(this.#socket, errorMessage({ severity: 'FATAL', sqlstate, message, hint }));
    return null;
  }
}

function fatal(sqlstate: string, message: string): Buffer {
  return errorMessage({ severity: 'FATAL', sqlstate, message });
}

/** Says the last word and closes, also on a client that never reads it. */
function end(socket: Socket, lastWord: Buffer): void {
  socket.end(lastWord);
  setTimeout(() => socket.destroy(), 1_000).unref();
}
