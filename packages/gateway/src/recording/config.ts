import { z } from 'zod';
import { readObjectPlace } from './object-place.ts';

/** The `recording` section of the configuration. */
export const recordingSection = z
  .strictObject({
    directory: z
      .string()
      .min(1)
      .default('./recordings')
      .describe('Folder of the recordings; each is <date>/<session id>.rec below it.'),
    replyBytesPerOperation: z
      .int()
      .min(0)
      .max(64 * 1024 * 1024)
      .default(64 * 1024)
      .describe('Most reply bytes kept of one operation; the rest is counted only.'),
    operationBytes: z
      .int()
      .min(1024)
      .max(16 * 1024 * 1024)
      .default(1024 * 1024)
      .describe(
        'Most bytes kept of one operation itself: its text, and again its parameters; the rest is counted only.',
      ),
    recordingBytes: z
      .int()
      .min(64 * 1024)
      .max(64 * 1024 ** 3)
      .default(256 * 1024 * 1024)
      .describe('Largest recording of one session; past it the recording says how much was left out.'),
    compression: z
      .enum(['zstd', 'none'])
      .default('zstd')
      .describe(
        'How chunks of 4 KiB and more are stored. `zstd` takes a tenth of the room, and about 0.3 ms of a core for 64 KiB.',
      ),
    pendingBytes: z
      .int()
      .min(1024 * 1024)
      .max(4 * 1024 ** 3)
      .default(32 * 1024 * 1024)
      .describe(
        'Most bytes, over all sessions, waiting for a disk that is slow or full. Past it reply bytes are counted only; past twice that ' +
          'operations are denied until less waits.',
      ),
    retention: z
      .strictObject({
        days: z
          .int()
          .min(1)
          .max(36_500)
          .describe('Days after which a recording that was not written to is deleted.'),
        keep: z
          .literal('proofs')
          .default('proofs')
          .describe(
            'What stays of it: the hashes of its chunks, in the audit log, and the entry that says it was deleted and why.',
          ),
      })
      .optional()
      .describe(
        'How long recordings are kept: for ever where this is left out. One that is held is kept in any case.',
      ),
    storage: z
      .string()
      .refine((text) => typeof readObjectPlace(text) !== 'string', {
        error: ({ input }) => readObjectPlace(String(input)) as string,
      })
      .optional()
      .describe(
        'S3-compatible object storage that recordings are copied to once they are over: ' +
          's3://bucket/prefix?endpoint=https://…&region=…',
      ),
    storageCredentials: z
      .strictObject({
        accessKeyIdFile: z.string().min(1).describe('File with the id of the access key.'),
        secretAccessKeyFile: z.string().min(1).describe('File with the secret access key.'),
        sessionTokenFile: z
          .string()
          .min(1)
          .optional()
          .describe('File with the session token, where there is one.'),
      })
      .optional()
      .describe(
        'Required with `storage`. The files are read for every recording, so that keys can be replaced.',
      ),
    storageLock: z
      .strictObject({
        mode: z.enum(['governance', 'compliance']).describe('As S3 object lock has them.'),
        days: z
          .int()
          .min(1)
          .max(36_500)
          .describe('Days for which no stored recording can be changed or deleted.'),
      })
      .optional()
      .describe('Object lock of stored recordings. The bucket must have been made with it.'),
    storagePendingBytes: z
      .int()
      .min(1024 * 1024)
      .max(1024 ** 5)
      .default(10 * 1024 ** 3)
      .describe(
        'Most bytes of recordings that wait to be stored. At half of it there is an alarm; past it no session begins until fewer wait.',
      ),
    flushMs: z
      .int()
      .min(10)
      .max(60_000)
      .default(250)
      .describe(
        'Most milliseconds that recorded bytes stay in memory: what a crash of the gateway can lose of a recording.',
      ),
  })
  .describe('The replayable transcript of every session.');

export type RecordingConfig = z.infer<typeof recordingSection>;
