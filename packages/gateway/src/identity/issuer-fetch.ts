import { Fault } from '../lib/fault.ts';

export interface FetchLimits {
  readonly timeoutMs: number;
  readonly bytes: number;
}

/** The part of `fetch` used here, so that a test or a proxy can stand in. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * Fetches one JSON document from an issuer. The answer is untrusted: redirects are not followed (they would move trust
 * to wherever they point), and both time and size are bounded. Rejects with Fault `issuer-unavailable`.
 */
export async function fetchIssuerJson(
  fetch: Fetch,
  url: string,
  what: string,
  limits: FetchLimits,
): Promise<Record<string, unknown>> {
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { accept: 'application/json', 'accept-encoding': 'identity' },
      signal: AbortSignal.timeout(limits.timeoutMs),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw unavailable(
        what,
        `the answer has status ${response.status}; 200 is expected, redirects are not followed`,
      );
    }
    const parsed: unknown = JSON.parse(await readBounded(response, what, limits.bytes));
    if (!isRecord(parsed)) throw unavailable(what, 'the answer is not a JSON object');
    return parsed;
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw unavailable(what, describe(error), error);
  }
}

async function readBounded(response: Response, what: string, limit: number): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Counted while reading: a content-length is a claim, and a compressed bomb has a small one.
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > limit)
      throw unavailable(what, `the answer is larger than ${limit} bytes (identity.fetch_bytes)`);
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}

export function unavailable(what: string, why: string, cause?: unknown): Fault {
  return new Fault(
    'issuer-unavailable',
    `Could not use ${what}: ${why}.`,
    cause === undefined ? {} : { cause },
  );
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Only fixed words: messages of the runtime may quote the document. */
function describe(error: unknown): string {
  if (error instanceof SyntaxError) return 'the answer is not JSON';
  if (error instanceof TypeError) return 'it cannot be reached, or its answer cannot be read';
  if (error instanceof Error && error.name === 'TimeoutError')
    return 'it did not answer in time (identity.fetch_timeout_ms)';
  return 'it cannot be reached';
}
