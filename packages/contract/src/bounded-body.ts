import { ApiError } from './api-error.ts';

/** Longest line of a recording, in bytes. */
const LINE_BYTES = 64 * 1_024 * 1_024;

/** The whole body as text, or `ApiError` when it is larger than `limit` bytes. */
export async function readText(response: Response, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunksOf(response)) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** The lines of an NDJSON body as they arrive. A body that breaks off rejects with `ApiError`. */
export async function* readLines(response: Response): AsyncGenerator<string> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunksOf(response)) {
    let start = 0;
    for (let end = chunk.indexOf(0x0a, start); end !== -1; end = chunk.indexOf(0x0a, start)) {
      yield Buffer.concat([...waiting, chunk.subarray(start, end)]).toString();
      waiting = [];
      size = 0;
      start = end + 1;
    }
    size += chunk.byteLength - start;
    if (size > LINE_BYTES) throw tooLarge(LINE_BYTES);
    if (start < chunk.byteLength) waiting.push(chunk.subarray(start));
  }
  if (waiting.length > 0)
    throw new ApiError(0, 'bad-answer', 'The recording broke off in the middle of an event.');
}

async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  try {
    for await (const chunk of response.body) yield chunk;
  } catch (cause) {
    throw new ApiError(0, 'unreachable', 'The answer of the gateway broke off.', { cause });
  }
}

function tooLarge(limit: number): ApiError {
  return new ApiError(0, 'bad-answer', `The answer is larger than ${limit} bytes.`);
}
