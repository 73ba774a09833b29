import { unavailable } from './refusal.ts';

/** The part of `fetch` that the OpenID Connect client uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** A fetch whose answers are at most `limit` bytes, without redirects: an issuer is as untrusted as anybody. */
export function boundedFetch(fetch: Fetch, name: string, limit: number): Fetch {
  return async (url, init) => {
    let response: Response;
    try {
      response = await fetch(url, { ...init, redirect: 'manual' });
    } catch (cause) {
      throw unavailable(name, 'it cannot be reached', cause);
    }
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength;
      if (size > limit)
        throw unavailable(name, `its answer is larger than ${limit} bytes (identity.fetch_bytes)`);
      chunks.push(chunk);
    }
    const { status, headers } = response;
    const bodyless = status === 204 || status === 205 || status === 304;
    return new Response(bodyless ? null : Buffer.concat(chunks), { status, headers });
  };
}
