import { z } from 'zod';

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
        'How chunks of 4 KiB and more are stored. `zstd` takes a tenth of the room, and 0.5 ms of a core for 64 KiB.',
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
