/** One POST, with everything bounded: the other end is not trusted with more than the entries. */
import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { failureOf, SinkFailure } from '../sink.ts';
import { isPublicAddress, lookupPublic, privateAddress } from './addresses.ts';

export interface PostOptions {
  readonly url: string;
  readonly caFile?: string | undefined;
  readonly privateAddresses: boolean;
  /** What is posted, for the words of a failure. */
  readonly what?: string;
}

export interface Answer {
  readonly status: number;
  /** The whole body, or null when it is larger than what is read. */
  readonly body: string | null;
  readonly retryAfterMs: number;
}

/** Most of an answer that is read. */
const ANSWER_BYTES = 65_536;
/** Most of its head. */
const HEAD_BYTES = 16_384;

export interface Poster {
  post(headers: Readonly<Record<string, string>>, body: Buffer, signal: AbortSignal): Promise<Answer>;
  close(): void;
}

/** Posts to one URL over one connection that is kept. Redirects are an answer like any other: they are not followed. */
export function poster({ url, caFile, privateAddresses, what = 'the batch' }: PostOptions): Poster {
  const to = new URL(url);
  const host = to.hostname.replace(/^\[|\]$/g, '');
  let agent: HttpAgent | null = null;
  return {
    async post(headers, body, signal) {
      if (!privateAddresses && isIP(host) !== 0 && !isPublicAddress(host)) throw privateAddress();
      agent ??= await agentOf(to, caFile, privateAddresses);
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      const send = to.protocol === 'http:' ? requestHttp : requestHttps;
      const request = send(to, {
        method: 'POST',
        agent,
        signal,
        maxHeaderSize: HEAD_BYTES,
        headers: { ...headers, 'content-length': body.length, 'user-agent': 'sallyport' },
      });
      // More than one may come, and one nobody listens to would end the process.
      request.on('error', reject);
      request.once('response', (response) => {
        read(response).then(resolve, reject);
      });
      request.end(body);
      try {
        return await promise;
      } catch (error) {
        // Authorities are read anew: a certificate may have been replaced with its authority.
        agent.destroy();
        agent = null;
        throw failureOf(`the receiver did not take ${what}`, signal.aborted ? signal.reason : error);
      }
    },
    close: () => agent?.destroy(),
  };
}

async function agentOf(to: URL, caFile: string | undefined, privateAddresses: boolean): Promise<HttpAgent> {
  const shared = { keepAlive: true, maxSockets: 1, ...(privateAddresses ? {} : { lookup: lookupPublic }) };
  if (to.protocol === 'http:') return new HttpAgent(shared);
  try {
    const ca = caFile === undefined ? {} : { ca: await readFile(caFile) };
    return new HttpsAgent({ ...shared, ...ca, minVersion: 'TLSv1.2' });
  } catch (error) {
    throw failureOf('the ca_file cannot be read', error);
  }
}

async function read(response: IncomingMessage): Promise<Answer> {
  const answer = {
    status: response.statusCode ?? 0,
    retryAfterMs: retryAfter(response.headers['retry-after']),
  };
  const chunks: Buffer[] = [];
  let size = 0;
  // Counted while reading: a content-length is a claim. Nothing is decompressed.
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > ANSWER_BYTES) {
      response.destroy();
      return { ...answer, body: null };
    }
    chunks.push(chunk);
  }
  return { ...answer, body: Buffer.concat(chunks).toString('utf8') };
}

/** Seconds only (RFC 9110, 10.2.3); a date would need their clock to be ours. */
function retryAfter(value: string | undefined): number {
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) * 1_000 : 0;
}

/** Why an answer of this status acknowledges nothing. Only numbers of theirs are repeated. */
export function refused({ status, retryAfterMs }: Answer): SinkFailure {
  const why =
    status >= 300 && status < 400 ? ': redirects are not followed, so give the url it leads to' : '';
  return new SinkFailure(`the receiver answered ${status}${why}`, { retryAfterMs, status });
}

/** A small file with something secret in it; its content is in no message. */
export async function readSecretFile(path: string, what: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8');
    if (text.length <= 4_096) return text.trim();
  } catch (error) {
    throw failureOf(`the ${what} ${path} cannot be read`, error);
  }
  throw new SinkFailure(`the ${what} ${path} is too large to be one`);
}
