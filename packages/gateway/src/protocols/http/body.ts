import type { Incoming } from './client.ts';

/** The whole body, or null as soon as it is known to be larger than `limit`; then the rest was not read. */
export async function readBody(
  { request, response, expectsContinue }: Incoming,
  limit: number,
): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return null;
  if (expectsContinue) response.writeContinue();
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | null>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= limit) chunks.push(chunk);
    else {
      request.removeAllListeners('data');
      resolve(null);
    }
  });
  request.once('end', () => resolve(Buffer.concat(chunks)));
  request.once('error', reject);
  return promise;
}
