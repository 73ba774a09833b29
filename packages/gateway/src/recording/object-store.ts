import { hash } from 'node:crypto';
import { AwsClient } from 'aws4fetch';
import type { ObjectPlace } from './object-place.ts';

export interface ObjectCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** How long an object can be neither changed nor deleted, whoever asks. The bucket must have been made with object lock. */
export interface ObjectLock {
  readonly mode: 'governance' | 'compliance';
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** A part of an object that the store has, as it wants to be told when all are there. */
export interface StoredPart {
  readonly number: number;
  readonly etag: string;
}

/** Longest time for one request, in milliseconds, and most bytes of an answer that is looked at. */
const REQUEST_MS = 120_000;
const ANSWER_BYTES = 64 * 1024;

/** The few requests of the S3 API that storing takes. Each rejects with an Error that says what the store answered. */
export class ObjectStore {
  readonly #place: ObjectPlace;
  readonly #client: AwsClient;

  constructor(place: ObjectPlace, credentials: ObjectCredentials) {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    this.#place = place;
    this.#client = new AwsClient({
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      service: 's3',
      region: place.region,
      // Whoever asks decides when to try again.
      retries: 0,
    });
  }

  urlOf(key: string): string {
    const { endpoint, bucket, prefix } = this.#place;
    return `${endpoint}/${bucket}/${prefix === '' ? '' : `${prefix}/`}${key}`;
  }

  async put(key: string, bytes: Uint8Array, lock: ObjectLock | null): Promise<void> {
    await this.#ask('PUT', key, '', bytes, lockHeaders(lock));
  }

  /** Begins an object that comes in parts; its upload id. */
  async begin(key: string, lock: ObjectLock | null): Promise<string> {
    const answer = await this.#ask('POST', key, '?uploads=', new Uint8Array(), lockHeaders(lock));
    const id = /<UploadId>([^<]{1,1024})<\/UploadId>/.exec(answer.text)?.[1];
    if (id === undefined) throw new Error('the object store began no upload');
    return id;
  }

  async putPart(key: string, uploadId: string, number: number, bytes: Uint8Array): Promise<StoredPart> {
    const query = `?partNumber=${number}&uploadId=${encodeURIComponent(uploadId)}`;
    const { etag } = await this.#ask('PUT', key, query, bytes, {});
    if (!/^"?[A-Za-z0-9-]{1,128}"?$/.test(etag)) throw new Error('the object store named no part');
    return { number, etag: etag.replaceAll('"', '') };
  }

  async finish(key: string, uploadId: string, parts: readonly StoredPart[]): Promise<void> {
    const listed = parts.map(
      ({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>&quot;${etag}&quot;</ETag></Part>`,
    );
    const body = Buffer.from(`<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`);
    const { text } = await this.#ask('POST', key, `?uploadId=${encodeURIComponent(uploadId)}`, body, {});
    // The status is sent before the parts are put together, and cannot say that this failed.
    if (text.includes('<Error') || !text.includes('<ETag>'))
      throw new Error(`the object store answered ${codeOf(text)}`);
  }

  async #ask(
    method: string,
    key: string,
    query: string,
    body: Uint8Array,
    headers: Readonly<Record<string, string>>,
  ): Promise<{ readonly text: string; readonly etag: string }> {
    const request = await this.#client.sign(`${this.urlOf(key)}${query}`, {
      method,
      body: body as Uint8Array<ArrayBuffer>,
      headers: {
        ...headers,
        // What arrives must be what was signed, and object lock asks for a checksum of a kind every store knows.
        'x-amz-content-sha256': hash('sha256', body, 'hex'),
        'content-md5': hash('md5', body, 'base64'),
        'content-type': 'application/octet-stream',
      },
    });
    const response = await fetch(request, { redirect: 'error', signal: AbortSignal.timeout(REQUEST_MS) });
    const text = await startOf(response);
    if (!response.ok) throw new Error(`the object store answered ${response.status} ${codeOf(text)}`.trim());
    return { text, etag: response.headers.get('etag') ?? '' };
  }
}

function lockHeaders(lock: ObjectLock | null): Readonly<Record<string, string>> {
  if (lock === null) return {};
  return {
    'x-amz-object-lock-mode': lock.mode.toUpperCase(),
    'x-amz-object-lock-retain-until-date': new Date(lock.until).toISOString(),
  };
}

/** The code of an error document, which is a word: nothing else of an answer is repeated. */
function codeOf(text: string): string {
  return /<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(text)?.[1] ?? '';
}

async function startOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size > ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, ANSWER_BYTES);
}
