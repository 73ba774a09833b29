import { constants, zstdCompress, zstdDecompressSync } from 'node:zlib';
import { type Chunk, chunkBytes } from './chunk.ts';
import { frameForm, frameHeadBytes, maxFrameBytes } from './format.ts';

/** Chunks below this are written as they are: setting up a compressor costs more than the bytes. */
const leastPackedBytes = 4096;
/** A fast level, and the window that most chunks fit in: a wider one costs half as much time again. */
const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_windowLog]: 16 };
/** Most memory that a frame may ask its reader for beside its own bytes: 2 to this power. */
const widestWindow = 24;

/** Bytes [0, count) are a frame of the file. */
export interface Frame {
  readonly bytes: Buffer;
  readonly count: number;
}

/** Makes the frame of a chunk, compressed on another thread where that is worth it, and calls back. */
export function packFrame(chunk: Chunk, compress: boolean, done: (frame: Frame) => void): void {
  const { bytes, used } = chunk;
  const plain = used - frameHeadBytes;
  const asItIs = (): void => {
    putFrameHead(bytes, frameForm.plain, plain, plain);
    done({ bytes, count: used });
  };
  if (!compress || plain < leastPackedBytes) return asItIs();
  const options = { params, pledgedSrcSize: plain, chunkSize: chunkBytes };
  zstdCompress(bytes.subarray(frameHeadBytes, used), options, (error, packed) => {
    if (error !== null || packed.length >= plain) return asItIs();
    const frame = Buffer.allocUnsafeSlow(frameHeadBytes + packed.length);
    putFrameHead(frame, frameForm.zstd, plain, packed.length);
    packed.copy(frame, frameHeadBytes);
    done({ bytes: frame, count: frame.length });
  });
}

export function putFrameHead(bytes: Buffer, form: number, plain: number, stored: number): void {
  bytes[0] = form;
  bytes.writeUInt32LE(plain, 1);
  bytes.writeUInt32LE(stored, 5);
}

export interface FrameHead {
  readonly form: number;
  readonly plain: number;
  readonly stored: number;
}

/** The head of a frame, from bytes nobody vouches for; a string says why it is none. */
export function readFrameHead(bytes: Buffer): FrameHead | string {
  const head = { form: bytes.readUInt8(0), plain: bytes.readUInt32LE(1), stored: bytes.readUInt32LE(5) };
  if (head.form !== frameForm.plain && head.form !== frameForm.zstd)
    return `the form ${head.form} of a chunk is unknown`;
  const fits = head.plain <= maxFrameBytes && head.stored <= head.plain;
  const isWhole = head.form === frameForm.zstd || head.stored === head.plain;
  return fits && isWhole
    ? head
    : `the lengths ${head.plain} and ${head.stored} of a chunk are no such lengths`;
}

/** The events of a frame, or null when its bytes are not what its head says. Never gives more than the head says. */
export function unpackFrame({ form, plain }: FrameHead, stored: Buffer): Buffer | null {
  if (form === frameForm.plain) return stored;
  try {
    const limits = { [constants.ZSTD_d_windowLogMax]: widestWindow };
    const bytes = zstdDecompressSync(stored, { maxOutputLength: Math.max(1, plain), params: limits });
    return bytes.length === plain ? bytes : null;
  } catch {
    return null;
  }
}
