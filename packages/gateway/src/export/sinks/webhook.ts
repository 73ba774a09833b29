import { createHash, createHmac } from 'node:crypto';
import type { ExportOf } from '../section.ts';
import { type Sink, SinkFailure } from '../sink.ts';
import { poster, readSecretFile, refused } from './https-post.ts';

/** Batches as NDJSON, posted and signed as https://www.standardwebhooks.com has it. Any 2xx acknowledges. */
export function webhook(config: ExportOf<'webhook'>, log: string, now: () => number): Sink {
  const { url, caFile, allowPrivateAddresses, secretFile } = config;
  const { post, close } = poster({ url, caFile, privateAddresses: allowPrivateAddresses });
  // Two gateways that send to one receiver must not share an id.
  const from = createHash('sha256').update(log).digest('hex').slice(0, 16);
  return {
    async send({ first, last, entries }, signal) {
      const body = Buffer.from(`${entries.map(({ line }) => line).join('\n')}\n`);
      // The same for the same batch, however often it is sent: receivers tell repetitions by it.
      const id = `msg_${from}_${first}_${last}`;
      const timestamp = String(Math.floor(now() / 1_000));
      const headers = {
        'content-type': 'application/x-ndjson',
        ...(await signedHeaders(secretFile, { id, timestamp, body })),
      };
      const answer = await post(headers, body, signal);
      if (answer.status < 200 || answer.status > 299) throw refused(answer);
    },
    close: async () => close(),
  };
}

/** The three headers of a signed message. The secret is read anew: it may have been replaced. */
export async function signedHeaders(
  secretFile: string,
  { id, timestamp, body }: { readonly id: string; readonly timestamp: string; readonly body: Buffer },
): Promise<Readonly<Record<string, string>>> {
  const keys = signingKeys(await readSecretFile(secretFile, 'signing secret'), secretFile);
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': keys.map((key) => sign(key, id, timestamp, body)).join(' '),
  };
}

function sign(key: Buffer, id: string, timestamp: string, body: Buffer): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
}

const SECRET = /^whsec_([A-Za-z0-9+/]{32,88}={0,2})$/;
/** Sizes the specification allows, in bytes. */
const LEAST_KEY = 24;
const MOST_KEY = 64;

/** One key, or two while one replaces the other: a receiver accepts a message that either signed. */
function signingKeys(text: string, path: string): readonly Buffer[] {
  const keys = text.split(/\s+/).map((line) => Buffer.from(SECRET.exec(line)?.[1] ?? '', 'base64'));
  if (keys.length <= 2 && keys.every(({ length }) => length >= LEAST_KEY && length <= MOST_KEY)) return keys;
  throw new SinkFailure(
    `the signing secret ${path} is not one or two lines of whsec_ and the base64 of ${LEAST_KEY} to ${MOST_KEY} bytes`,
  );
}
