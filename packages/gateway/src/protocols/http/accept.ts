import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { acceptTls, type ServerTls, shownCertificate } from '../../lib/server-tls.ts';
import type { Caller, Denial, Door, Limits } from '../protocol.ts';
import type { Bind } from './binding.ts';
import { ClientConnection, type ClientLimits, type Incoming } from './client.ts';
import { possessionOf } from './possession.ts';
import { answerOf, problemOf, violationProblem } from './problem.ts';
import { relay } from './relay.ts';
import { type RequestHead, readIncoming } from './request-head.ts';
import { respond } from './respond.ts';
import type { HttpOptions } from './section.ts';

/** What every connection of this protocol shares. */
export interface Shared {
  readonly options: HttpOptions;
  readonly bind: Bind;
}

/** The same, and what is of this connection alone. */
export interface Served extends Shared {
  /** SHA-256 of the certificate that the client showed, or null. */
  readonly certificate: string | null;
}

/** The first byte of a TLS record that holds a handshake (RFC 8446 section 5.1). */
const TLS_HANDSHAKE = 0x16;

/** Speaks with a fresh socket until the first request head is there; answers what is no request itself. */
export async function acceptCaller(socket: Socket, door: Door, shared: Shared): Promise<Caller | null> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), door.limits.handshakeMs);
  try {
    const plain = await unwrap(socket, door, late.signal);
    return plain === null ? null : await firstRequest(plain, door, shared, late.signal);
  } finally {
    clearTimeout(timer);
  }
}

async function firstRequest(
  socket: Socket,
  door: Door,
  shared: Shared,
  late: AbortSignal,
): Promise<Caller | null> {
  const client = new ClientConnection(socket, clientLimits(door.limits, shared.options));
  const { promise: failed, resolve: fail } = Promise.withResolvers<null>();
  const complain = (status: number, reason: string): void => {
    door.violation(reason);
    client.complain(answerOf(violationProblem(status, reason)));
    fail(null);
  };
  const tooLate = (): void => complain(408, 'no complete request came in time (limits.handshake_ms)');
  client.listen({
    malformed: complain,
    gone() {
      if (socket.bytesRead > 0) door.violation('the connection closed before a complete request');
      fail(null);
    },
  });
  late.addEventListener('abort', tooLate);
  const incoming = await Promise.race([client.next(), failed]);
  late.removeEventListener('abort', tooLate);
  client.listen(null);
  if (incoming === null) return null;
  const reading = readIncoming(incoming.request, shared.options);
  const shown = shownCertificate(socket, door.tls?.clientCertificates);
  const untrusted = door.trusted(socket)
    ? shown.refused
    : 'a credential is only accepted over TLS or from this machine';
  const reason = untrusted ?? (reading.ok ? null : reading.reason);
  if (!reading.ok || reason !== null) {
    door.violation(reason ?? 'the request cannot be carried');
    const status = reading.ok ? 400 : reading.status;
    await respond(client, incoming, answerOf(violationProblem(status, reason ?? '')), true);
    return null;
  }
  return callerOf(client, incoming, reading.head, { ...shared, certificate: shown.thumbprint });
}

function callerOf(client: ClientConnection, incoming: Incoming, head: RequestHead, shared: Served): Caller {
  return {
    credential: head.credential,
    possession: possessionOf(client, head, shared.certificate),
    target: head.route.target,
    facet: '',
    secure: client.socket instanceof TLSSocket,
    client: head.client,
    startup: {},
    refuse: (denial: Denial) => void respond(client, incoming, answerOf(problemOf(denial)), true),
    relay: (line) => relay({ line, client, first: { incoming, head }, shared }),
  };
}

/** No client of HTTP/1.1 sends more ahead; each costs a parsed head. */
const MOST_PIPELINED = 100;

function clientLimits(limits: Limits, options: HttpOptions): ClientLimits {
  return {
    headBytes: Math.min(limits.statementBytes, options.headBytes),
    pipelined: Math.min(limits.pipelinedOperations, MOST_PIPELINED),
    queueBytes: limits.queueBytes,
  };
}

/** Takes TLS off when the client speaks it and the door has a certificate; null when the client left or cannot be served. */
async function unwrap(socket: Socket, door: Door, late: AbortSignal): Promise<Socket | null> {
  if (door.tls === null) return socket;
  const tooLate = (): void => void socket.destroy();
  late.addEventListener('abort', tooLate);
  try {
    return await withoutTls(socket, door, door.tls);
  } finally {
    late.removeEventListener('abort', tooLate);
  }
}

async function withoutTls(socket: Socket, door: Door, tls: ServerTls): Promise<Socket | null> {
  const first = await firstByte(socket);
  if (first === null) return null;
  if (first !== TLS_HANDSHAKE) return socket;
  const done = await acceptTls(socket, tls, ['http/1.1']).catch(() => null);
  if (done === null) {
    door.violation('the TLS handshake failed');
    socket.destroy();
  }
  return done;
}

/** Looks at the first byte and puts it back. */
function firstByte(socket: Socket): Promise<number | null> {
  const { promise, resolve } = Promise.withResolvers<number | null>();
  const look = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    socket.removeListener('readable', look);
    socket.unshift(chunk);
    resolve(chunk[0] ?? null);
  };
  socket.on('readable', look);
  socket.once('error', () => resolve(null));
  socket.once('close', () => resolve(null));
  look();
  return promise;
}
