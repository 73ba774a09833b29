/** A thread that stores recordings: it reads, hashes, signs and waits, so that nothing else has to. */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { ObjectPlace } from './object-place.ts';
import { type ObjectCredentials, type ObjectLock, ObjectStore } from './object-store.ts';
import { type Uploaded, upload } from './upload.ts';

export interface UploadSettings {
  readonly place: ObjectPlace;
  readonly accessKeyIdFile: string;
  readonly secretAccessKeyFile: string;
  readonly sessionTokenFile?: string | undefined;
}

export interface UploadRequest {
  readonly path: string;
  readonly key: string;
  readonly lock: ObjectLock | null;
}

export type UploadAnswer = { readonly bytes: number } | { readonly failure: string };

const { place, accessKeyIdFile, secretAccessKeyFile, sessionTokenFile } = workerData as UploadSettings;

/** Read for every recording: they are replaced while the gateway runs. */
function credentials(): ObjectCredentials {
  const read = (file: string) => readFileSync(file, 'utf8').trim();
  return {
    accessKeyId: read(accessKeyIdFile),
    secretAccessKey: read(secretAccessKeyFile),
    sessionToken: sessionTokenFile === undefined ? undefined : read(sessionTokenFile),
  };
}

async function storing({ path, key, lock }: UploadRequest): Promise<Uploaded> {
  return upload(new ObjectStore(place, credentials()), path, key, lock);
}

parentPort?.on('message', ({ path, key, lock }: UploadRequest) => {
  const answer = (what: UploadAnswer): void => parentPort?.postMessage(what);
  storing({ path, key, lock }).then(
    ({ bytes }) => answer({ bytes }),
    (error: unknown) => answer({ failure: wordsOf(error) }),
  );
});

/** What went wrong, as far as it may be told: never a header, nor what was signed. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it failed';
  const { cause } = error;
  const why = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return `${error.message}${why}`;
}
