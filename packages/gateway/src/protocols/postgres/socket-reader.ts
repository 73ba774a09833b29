import type { Socket } from 'node:net';

/**
 * Reads exact numbers of bytes from a socket in turn-by-turn conversation, and hands the socket on with nothing
 * lost: what was not asked for stays in the socket.
 */
export class SocketReader {
  readonly #socket: Socket;
  #wake: (() => void) | null = null;
  readonly #onReadable = (): void => this.#wake?.();

  constructor(socket: Socket) {
    this.#socket = socket;
    for (const event of ['readable', 'end', 'close'] as const) socket.on(event, this.#onReadable);
  }

  /** Bytes that have arrived and nobody asked for. */
  get buffered(): number {
    return this.#socket.readableLength;
  }

  /** Rejects when the socket ends first. The caller has compared `length` with a limit. */
  async exactly(length: number): Promise<Buffer> {
    for (;;) {
      const bytes = this.#socket.read(length) as Buffer | null;
      if (bytes !== null && bytes.length === length) return bytes;
      if (bytes !== null || this.#socket.readableEnded || this.#socket.destroyed) {
        throw new Error('the socket ended before the message was whole');
      }
      await this.#more();
    }
  }

  /** The next byte, left where it is. */
  async peek(): Promise<number> {
    const byte = await this.exactly(1);
    this.#socket.unshift(byte);
    return byte[0] as number;
  }

  /** Stops listening; the socket goes on with somebody else. */
  release(): void {
    for (const event of ['readable', 'end', 'close'] as const) this.#socket.off(event, this.#onReadable);
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null;
        resolve();
      };
    });
  }
}
