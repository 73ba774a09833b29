import type { Socket } from 'node:net';

/** Above this, pieces are written one by one in one system call rather than copied together. */
const COPIED_TOGETHER_BYTES = 16_384;

/**
 * What goes to the client as the answer to one chunk from the target: one write, without a copy when the chunk
 * passes as it came.
 */
export class Outgoing {
  readonly #socket: Socket;
  #pieces: Buffer[] = [];
  /** The run being extended, [start, end) of `#chunk`: neighbours are joined without looking at them again. */
  #chunk: Buffer | null = null;
  #start = 0;
  #end = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Adds bytes [start, end) of the chunk, as they are. */
  run(chunk: Buffer, start: number, end: number): void {
    if (this.#chunk === chunk && this.#end === start) {
      this.#end = end;
      return;
    }
    this.#closeRun();
    this.#chunk = chunk;
    this.#start = start;
    this.#end = end;
  }

  /** Adds bytes of the gateway's own. */
  push(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#closeRun();
    this.#pieces.push(bytes);
  }

  /** Writes everything as one write; false when the client is slow. */
  flush(): boolean {
    this.#closeRun();
    const pieces = this.#pieces;
    if (pieces.length === 0 || this.#socket.destroyed) {
      pieces.length = 0;
      return true;
    }
    const [first] = pieces;
    if (pieces.length === 1) {
      pieces.length = 0;
      return this.#socket.write(first as Buffer);
    }
    this.#pieces = [];
    const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (total <= COPIED_TOGETHER_BYTES) return this.#socket.write(Buffer.concat(pieces, total));
    this.#socket.cork();
    let ready = true;
    for (const piece of pieces) ready = this.#socket.write(piece);
    this.#socket.uncork();
    return ready;
  }

  /** Whether memory handed over is still waiting to be written. */
  get pending(): boolean {
    return this.#socket.writableLength > 0;
  }

  #closeRun(): void {
    if (this.#chunk === null) return;
    this.#pieces.push(this.#chunk.subarray(this.#start, this.#end));
    this.#chunk = null;
  }
}
