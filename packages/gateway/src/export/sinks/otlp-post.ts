/** What logs and traces have in common on their way to an OpenTelemetry collector: OTLP 1.x over HTTP, as JSON. */
import { SinkFailure } from '../sink.ts';
import { type Answer, poster, readSecretFile, refused } from './https-post.ts';

/** Where a collector is, and what it wants to be shown. */
export interface OtlpAddress {
  readonly url: string;
  readonly caFile?: string | undefined;
  readonly headerName: string;
  readonly headerFile?: string | undefined;
}

/** How many of what was sent the collector did not take, by the name it has for them. */
export type Rejected = 'rejectedLogRecords' | 'rejectedSpans';

export interface OtlpPoster {
  /** Gives how many were rejected. Rejects with SinkFailure when nothing of it was acknowledged. */
  post(body: unknown, signal: AbortSignal): Promise<number>;
  close(): void;
}

export function otlpPoster(address: OtlpAddress, rejected: Rejected): OtlpPoster {
  const { url, caFile, headerName, headerFile } = address;
  const { post, close } = poster({ url, caFile, privateAddresses: true });
  return {
    async post(body, signal) {
      const secret = headerFile === undefined ? {} : { [headerName]: await headerValue(headerFile) };
      const headers = { 'content-type': 'application/json', ...secret };
      const answer = await post(headers, Buffer.from(JSON.stringify(body)), signal);
      if (answer.status !== 200) throw refused(answer);
      return rejectedOf(answer, rejected);
    },
    close,
  };
}

async function headerValue(path: string): Promise<string> {
  const value = await readSecretFile(path, 'header value');
  if (/^[\x20-\x7e]+$/.test(value)) return value;
  throw new SinkFailure(`the header value ${path} is not one line of printable ASCII`);
}

function rejectedOf({ body }: Answer, rejected: Rejected): number {
  if (body === null) throw new SinkFailure('the collector answered more than is read');
  const partial = recordOf(recordOf(parsed(body)).partialSuccess);
  // 64-bit numbers are texts in this JSON (OTLP, "JSON Protobuf Encoding"); both are understood.
  return Number(partial[rejected] ?? 0);
}

function parsed(body: string): unknown {
  if (body.trim() === '') return {};
  try {
    return JSON.parse(body);
  } catch {
    throw new SinkFailure('the collector answered something that is not JSON');
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** One attribute of OTLP; 64-bit numbers are texts. */
export function attribute(key: string, value: string | number | boolean | readonly string[]) {
  return { key, value: anyValue(value) };
}

function anyValue(value: string | number | boolean | readonly string[]) {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'number') return { intValue: String(value) };
  if (typeof value === 'boolean') return { boolValue: value };
  return { arrayValue: { values: value.map((stringValue) => ({ stringValue })) } };
}
