/**
 * The bytes of a recording: docs/recording-format.md. A file is a magic line and frames, one for each chunk of events:
 * [u8 form][u32 bytes of its events][u32 bytes stored][events, or what compressing them gave]. An event is
 * [u32 length of what follows][u8 kind][u32 milliseconds since the start][u32 operation number][payload], little endian.
 */

export const magic = Buffer.from('sallyport recording 2\n');
/** Of recordings before 0.2: events follow at once, in no frames. Still read. */
export const magicOfFirst = Buffer.from('sallyport recording 1\n');

export const frameHeadBytes = 9;
export const frameForm = { plain: 0, zstd: 1 } as const;

/** Bytes of an event before its payload. */
export const eventHeadBytes = 13;
/** What the length field counts beside the payload. */
export const countedHeadBytes = 9;
/** Largest event a reader accepts; the largest limit of the configuration fits. */
export const maxEventBytes = 64 * 1024 * 1024;

/** Most bytes of events that a reader accepts in one frame. */
export const maxFrameBytes = maxEventBytes + 1024 * 1024;

/** Kinds of event, by the byte that stands for each. */
export const eventKind = {
  header: 1,
  operation: 2,
  reply: 3,
  replyTruncated: 4,
  result: 5,
  note: 6,
  truncated: 7,
  end: 8,
} as const;

/** Outcomes of an operation, by the byte that stands for each. */
export const outcomes = ['completed', 'failed', 'skipped', 'cancelled'] as const;

/** Fields of an operation that are left out when they are as in the operation event before it in the same chunk. */
export const sameText = 1;
export const sameForm = 2;
export const samePolicies = 4;
export const samePolicyVersion = 8;
export const sameReason = 16;
export const sameObligations = 32;
export const isDeny = 64;

/** Most bytes kept of any string but the text of an operation. */
export const maxFieldBytes = 64 * 1024;
