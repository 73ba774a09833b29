import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import type { Permit, TargetLink } from '../protocol.ts';
import type { RequestHead } from './request-head.ts';

/** A whole reply of the target's; every part of it is untrusted (L8). */
export interface Reply {
  readonly status: number;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** Whether the connector says that it made this answer itself, because the target could not be reached. */
  readonly unreached: boolean;
}

/** Why there is no reply to deliver. `reason` is safe to show. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
  readonly code: 'target-unavailable' | 'reply-withheld' | 'limit-exceeded';

  constructor(code: ReplyError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export interface ReplyLimits {
  readonly replyBytes: number;
  /** What policy lets the reply have, or null; it is not over `replyBytes`. */
  readonly permittedBytes: number | null;
  readonly headerFields: number;
  readonly headBytes: number;
}

/**
 * Forwards one permitted request and reads its reply to the end. Rejects with ReplyError, and then the link must be
 * closed: what is still under way on it belongs to nobody.
 */
export async function exchange(
  link: TargetLink,
  permit: Permit,
  head: RequestHead,
  body: Buffer,
  limits: ReplyLimits,
  signal: AbortSignal,
): Promise<Reply> {
  const stream = new PermittedStream(link, permit);
  const stop = (): void => void stream.destroy(new Error('stopped'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (signal.aborted)
      throw new ReplyError('target-unavailable', 'the request was stopped before it was forwarded');
    const response = await send(stream, head, body, limits);
    return await readReply(response, limits);
  } finally {
    signal.removeEventListener('abort', stop);
    stream.destroy();
  }
}

function send(
  stream: Duplex,
  head: RequestHead,
  body: Buffer,
  limits: ReplyLimits,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const unbound =
    body.length === 0 && (head.method === 'GET' || head.method === 'HEAD' || head.method === 'OPTIONS');
  const request = httpRequest({
    createConnection: () => stream,
    method: head.method,
    path: `${head.route.path}${head.route.query}`,
    maxHeaderSize: limits.headBytes,
    insecureHTTPParser: false,
    headers: {
      ...Object.fromEntries(head.headers),
      // The connector puts the target's own name here; the client has no say.
      host: 'target',
      connection: 'keep-alive',
      'accept-encoding': 'identity',
      ...(unbound ? {} : { 'content-length': String(body.length) }),
    },
  });
  // Node drops fields past its own limit in silence; the limit that counts is checked on what arrived.
  request.maxHeadersCount = 0;
  request.on('response', resolve);
  request.on('error', (fault: NodeJS.ErrnoException) => reject(unreadable(fault)));
  request.on('upgrade', () => reject(new ReplyError('reply-withheld', 'the target switched protocols')));
  request.on('close', () =>
    reject(new ReplyError('target-unavailable', 'the target closed before it replied')),
  );
  request.end(body);
  return promise;
}

function unreadable(fault: NodeJS.ErrnoException): ReplyError {
  return fault.code?.startsWith('HPE_')
    ? new ReplyError('reply-withheld', `the reply of the target is not well-formed HTTP (${fault.code})`)
    : new ReplyError(
        'target-unavailable',
        'the connection to the target broke before its reply was complete',
      );
}

async function readReply(response: IncomingMessage, limits: ReplyLimits): Promise<Reply> {
  const { statusCode: status = 0, rawHeaders } = response;
  if (status < 200 || status > 599)
    throw new ReplyError('reply-withheld', `the target replied with status ${status}`);
  // Nobody asked for a part: a value cut in two is one that no detector sees.
  if (status === 206)
    throw new ReplyError('reply-withheld', 'the target replied with a part of the whole (206)');
  if (rawHeaders.length / 2 > limits.headerFields) {
    throw new ReplyError(
      'reply-withheld',
      `the reply has more than ${limits.headerFields} header fields (http.header_fields)`,
    );
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (limits.permittedBytes !== null && bytes > limits.permittedBytes) {
        const reason = `the reply is larger than ${limits.permittedBytes} bytes, which policy permits (limit_bytes)`;
        throw new ReplyError('limit-exceeded', reason);
      }
      if (bytes > limits.replyBytes) {
        throw new ReplyError(
          'reply-withheld',
          `the reply is larger than ${limits.replyBytes} bytes (http.reply_bytes)`,
        );
      }
      chunks.push(chunk);
    }
  } catch (fault) {
    throw fault instanceof ReplyError ? fault : unreadable(fault as NodeJS.ErrnoException);
  }
  if (!response.complete)
    throw new ReplyError('target-unavailable', 'the target closed in the middle of its reply');
  const unreached = 'sallyport-fault' in response.headers;
  return { status, rawHeaders, body: Buffer.concat(chunks), unreached };
}

/**
 * The link as a stream for node's HTTP client, for as long as one operation lasts. Every byte written goes through
 * `forward` with that operation's permit: there is no other way from here to the target (L1).
 */
class PermittedStream extends Duplex {
  readonly #link: TargetLink;
  readonly #permit: Permit;
  #written: (() => void) | null = null;

  constructor(link: TargetLink, permit: Permit) {
    super({ allowHalfOpen: true });
    this.#link = link;
    this.#permit = permit;
    link.onDrain(() => this.#drained());
    link.onReply((chunk) => {
      // The chunk is only good during the call.
      if (!this.push(Buffer.from(chunk))) link.pause();
    });
  }

  override _read(): void {
    this.#link.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (fault?: Error | null) => void): void {
    try {
      if (this.#link.forward(this.#permit, chunk) && this.#link.flush()) done();
      else this.#written = done;
    } catch (fault) {
      done(fault instanceof Error ? fault : new Error('the link refused the bytes'));
    }
  }

  override _final(done: () => void): void {
    done();
  }

  override _destroy(fault: Error | null, done: (fault: Error | null) => void): void {
    this.#link.onReply(() => undefined);
    this.#drained();
    done(fault);
  }

  #drained(): void {
    const written = this.#written;
    this.#written = null;
    written?.();
  }
}
