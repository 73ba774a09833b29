import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Answer, serialise } from './problem.ts';

/** One request whose head has arrived. */
export interface Incoming {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
}

/** What a client may do instead of sending a request that can be read. */
export interface ClientEvents {
  /** Bytes that are not HTTP; `status` is what says so. */
  malformed(status: 400 | 405 | 431, reason: string): void;
  gone(): void;
}

export interface ClientLimits {
  readonly headBytes: number;
  /** Requests that may wait behind the one under way. */
  readonly pipelined: number;
  /** Bytes of their heads; a body is not read before its turn. */
  readonly queueBytes: number;
}

/** How long a client may go on sending after it was told no, so that it gets to read why. */
const LINGER_MS = 1_000;
const LINGER_BYTES = 16_777_216;
/** Silence after which the client's kernel is asked whether it is still there. */
const KEEP_ALIVE_MS = 15_000;

/** The client's socket, read by node's strict HTTP parser; requests come out one at a time. */
export class ClientConnection {
  readonly socket: Socket;
  readonly #queue: Incoming[] = [];
  #next: ((incoming: Incoming | null) => void) | null = null;
  #events: ClientEvents | null = null;
  /** What happened before anybody listened. */
  #missed: ((events: ClientEvents) => void) | null = null;
  #over = false;

  constructor(socket: Socket, limits: ClientLimits) {
    this.socket = socket;
    // A client that vanished during a hold must be noticed, although nothing is written to it.
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const server = createServer({
      insecureHTTPParser: false,
      maxHeaderSize: limits.headBytes,
      // Its answer to a missing Host names nothing; request-head.ts checks it.
      requireHostHeader: false,
      // Time limits are the relay's: they depend on the state of the exchange.
      keepAliveTimeout: 0,
      requestTimeout: 0,
      headersTimeout: 0,
    });
    // Node drops fields past its own limit in silence; request-head.ts counts what arrived.
    server.maxHeadersCount = 0;
    const take = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void => {
      if (this.#over) return;
      const waiting = this.#queue.reduce(
        (bytes, { request: { rawHeaders } }) => bytes + sizeOf(rawHeaders),
        0,
      );
      if (this.#queue.length >= limits.pipelined) {
        this.#fail(400, 'more requests at once than limits.pipelined_operations');
      } else if (waiting + sizeOf(request.rawHeaders) > limits.queueBytes) {
        this.#fail(400, 'more bytes of requests at once than limits.queue_bytes');
      } else this.#deliver({ request, response, expectsContinue });
    };
    server.on('request', (request, response) => take(request, response, false));
    server.on('checkContinue', (request, response) => take(request, response, true));
    // The expectation is in the head, which is refused for it.
    server.on('checkExpectation', (request, response) => take(request, response, false));
    server.on('connect', () => this.#fail(405, 'CONNECT is never carried'));
    server.on('clientError', (fault: NodeJS.ErrnoException) => this.#failed(fault));
    socket.on('error', () => undefined);
    socket.once('close', () => this.#gone());
    server.emit('connection', socket);
  }

  /** Tells `events` from now on, and at once what was missed; with null, keeps what happens for the next listener. */
  listen(events: ClientEvents | null): void {
    this.#events = events;
    if (events === null) return;
    this.#missed?.(events);
    this.#missed = null;
  }

  /** Resolves when the socket is closed. */
  get closed(): Promise<void> {
    if (this.socket.closed) return Promise.resolve();
    return new Promise((resolve) => this.socket.once('close', () => resolve()));
  }

  /** The next request, in order; null when there will be none. One caller at a time. */
  next(): Promise<Incoming | null> {
    const { promise, resolve } = Promise.withResolvers<Incoming | null>();
    const queued = this.#queue.shift();
    if (queued !== undefined || this.#over) resolve(queued ?? null);
    else this.#next = resolve;
    return promise;
  }

  /** Writes an answer that belongs to no request, then closes. */
  complain(answer: Answer): void {
    this.#over = true;
    if (this.socket.writable) this.socket.end(serialise(answer, true));
    lingerOn(this.socket, () => this.close());
  }

  close(): void {
    this.#over = true;
    this.socket.destroy();
  }

  #deliver(incoming: Incoming): void {
    const next = this.#next;
    this.#next = null;
    if (next === null) this.#queue.push(incoming);
    else next(incoming);
  }

  #failed(fault: NodeJS.ErrnoException): void {
    if (fault.code === 'HPE_HEADER_OVERFLOW')
      this.#fail(431, 'the request head is too large (http.head_bytes)');
    else if (fault.code?.startsWith('HPE_')) this.#fail(400, `not well-formed HTTP/1.1: ${reasonOf(fault)}`);
    else this.close();
  }

  #fail(status: 400 | 405 | 431, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    const tell = (events: ClientEvents): void => events.malformed(status, reason);
    if (this.#events === null) this.#missed = tell;
    else tell(this.#events);
  }

  #gone(): void {
    this.#over = true;
    this.#next?.(null);
    this.#next = null;
    if (this.#events === null) this.#missed = (events) => events.gone();
    else this.#events.gone();
  }
}

/** About what a head costs in memory. */
function sizeOf(rawHeaders: readonly string[]): number {
  return rawHeaders.reduce((bytes, text) => bytes + text.length + 32, 256);
}

/** The parser's own fixed phrase; nothing of the client's bytes is in it. */
function reasonOf(fault: NodeJS.ErrnoException & { readonly reason?: string }): string {
  return fault.reason ?? fault.code ?? 'unknown';
}

/** Swallows a bounded rest, so that closing does not reset the connection under an answer not yet read; then `done`. */
export function lingerOn(source: Duplex | IncomingMessage, done: () => void): void {
  let bytes = 0;
  const timer = setTimeout(finish, LINGER_MS);
  function finish(): void {
    clearTimeout(timer);
    source.removeListener('data', count);
    done();
  }
  function count(chunk: Buffer): void {
    bytes += chunk.length;
    if (bytes > LINGER_BYTES) finish();
  }
  source.on('data', count);
  source.once('end', finish);
  source.once('close', finish);
  source.resume();
}
