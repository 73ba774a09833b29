/** One socket to a target: reading into memory of our own, and TLS on top. No protocol is known here. */
import { connect, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type TLSSocket } from 'node:tls';
import type { TlsMaterial } from './tls-material.ts';

/** A connected socket and where its bytes go. */
export interface Channel {
  readonly socket: Socket;
  readonly inlet: Inlet;
  readonly security: ChannelSecurity;
}

export type ChannelSecurity =
  | { readonly kind: 'plain'; readonly loopback: boolean }
  | {
      readonly kind: 'tls';
      /** Whether the certificate led to a trusted authority. */
      readonly verified: boolean;
      readonly loopback: boolean;
      /** The server's certificate, DER. */
      readonly certificate: Buffer;
    };

/** A quiet connection costs this much; the first read that fills it moves to the large size. */
const SMALL_READ_BYTES = 8 * 1024;
const LARGE_READ_BYTES = 64 * 1024;

/**
 * The memory a socket reads into. The next read overwrites the last one, unless `keep()` was called during it: then
 * it goes to memory that no earlier chunk uses. Never shared between sockets: a write that is still pending from a
 * shared buffer would send another connection's bytes.
 */
export class Inlet {
  /** Gets each chunk; a view that is good during the call, or longer after `keep()`. */
  sink: (chunk: Buffer) => void;
  #slab: Buffer = Buffer.allocUnsafeSlow(SMALL_READ_BYTES);
  #readBytes = 0;
  #kept = false;

  constructor(sink: (chunk: Buffer) => void) {
    this.sink = sink;
  }

  /** For `net.connect`: the socket then reads into this memory with no allocation of its own. */
  get onread() {
    return {
      buffer: (): Uint8Array => this.#next(),
      callback: (bytes: number): boolean => {
        this.#readBytes = bytes;
        this.sink(this.#slab.subarray(0, bytes));
        return true;
      },
    };
  }

  keep(): void {
    this.#kept = true;
  }

  /** Memory for the next read. Node asks after each one. */
  #next(): Buffer {
    const filled = this.#readBytes === this.#slab.length;
    if (filled && this.#slab.length < LARGE_READ_BYTES) {
      this.#slab = Buffer.allocUnsafeSlow(LARGE_READ_BYTES);
    } else if (this.#kept) {
      // The rest of the slab is untouched, so a run of small kept reads does not cost a slab each.
      const rest = this.#slab.length - this.#readBytes;
      const enough =
        rest >= (this.#slab.length > SMALL_READ_BYTES ? LARGE_READ_BYTES / 4 : SMALL_READ_BYTES / 4);
      this.#slab = enough ? this.#slab.subarray(this.#readBytes) : Buffer.allocUnsafeSlow(LARGE_READ_BYTES);
    }
    this.#kept = false;
    this.#readBytes = 0;
    return this.#slab;
  }
}

/** Connects without TLS. Rejects with Node's own error, or the signal's reason. */
export async function connectPlain(host: string, port: number, signal: AbortSignal): Promise<Channel> {
  const inlet = new Inlet(() => socket.destroy(new Error('bytes arrived before anyone asked for them')));
  const socket = connect({ host, port, noDelay: true, onread: inlet.onread });
  await settled<void>(socket, signal, (resolve) => socket.once('connect', () => resolve()));
  return { socket, inlet, security: { kind: 'plain', loopback: isLoopback(socket) } };
}

/** Connects for `startTls`: the socket keeps Node's own reading, which TLS takes over. */
export async function connectForTls(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true });
  await settled<void>(socket, signal, (resolve) => socket.once('connect', () => resolve()));
  return socket;
}

/** The first chunk a socket sends, which is then paused again. */
export function firstChunk(socket: Socket, signal: AbortSignal): Promise<Buffer> {
  return settled<Buffer>(socket, signal, (resolve) => {
    socket.once('data', (chunk: Buffer) => {
      socket.pause();
      resolve(chunk);
    });
  });
}

/** Puts TLS on a connected socket from which nothing is left to read. */
export async function startTls(socket: Socket, material: TlsMaterial, signal: AbortSignal): Promise<Channel> {
  const tls: TLSSocket = connectTls({
    socket,
    secureContext: material.context,
    rejectUnauthorized: material.verifyAuthority,
    ...(material.sni === null ? {} : { servername: material.sni }),
    checkServerIdentity: (_name, certificate) =>
      material.verifyName === null ? undefined : checkServerIdentity(material.verifyName, certificate),
  });
  await settled<void>(tls, signal, (resolve) => tls.once('secureConnect', () => resolve()));
  const inlet = new Inlet(() => tls.destroy(new Error('bytes arrived before anyone asked for them')));
  tls.on('data', (chunk: Buffer) => inlet.sink(chunk));
  const certificate = tls.getPeerX509Certificate()?.raw ?? Buffer.alloc(0);
  const loopback = isLoopback(socket);
  return { socket: tls, inlet, security: { kind: 'tls', verified: tls.authorized, loopback, certificate } };
}

/**
 * Waits for something a socket does. Its error, its end and the signal reject instead, and then it is destroyed.
 * The socket keeps a listener for errors, so that a late one is never thrown at the process.
 */
export function settled<T>(
  socket: Socket,
  signal: AbortSignal,
  subscribe: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  if (socket.listenerCount('error', ignore) === 0) socket.on('error', ignore);
  return new Promise<T>((resolve, reject) => {
    const fail = (error: unknown) => {
      release();
      socket.destroy();
      reject(error);
    };
    const onAbort = () => fail(signal.reason);
    const onClose = () => fail(new SocketClosed());
    const release = () => {
      signal.removeEventListener('abort', onAbort);
      socket.off('error', fail).off('close', onClose);
    };
    socket.once('error', fail).once('close', onClose);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) return onAbort();
    subscribe((value) => {
      release();
      resolve(value);
    }, fail);
  });
}

/** The other side closed while something was awaited. */
export class SocketClosed extends Error {
  override readonly name = 'SocketClosed';
  constructor() {
    super('the target closed the connection');
  }
}

function ignore(): void {}

function isLoopback(socket: Socket): boolean {
  const address = socket.remoteAddress ?? '';
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}
