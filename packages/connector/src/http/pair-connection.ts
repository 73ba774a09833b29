import type { Duplex } from 'node:stream';
import type { TargetConnection } from '../connector.ts';

/** What runs at the far end of the pair. */
export interface FarEnd {
  /** Breaks off whatever request is under way at the target. */
  abort(): void;
}

/** The near end of an in-memory pair, as a connection to a target. Chunks are never reused, so `keep` has nothing to do. */
export class PairConnection implements TargetConnection {
  readonly facts: Readonly<Record<string, string>> = {};
  readonly #near: Duplex;
  readonly #farEnd: FarEnd;
  #onData: ((chunk: Buffer) => void) | null = null;
  #onDrain: (() => void) | null = null;
  #onClose: ((fault: Error | null) => void) | null = null;
  #fault: Error | null = null;
  #closed = false;

  constructor(near: Duplex, far: Duplex, farEnd: FarEnd) {
    this.#near = near;
    this.#farEnd = farEnd;
    near.on('drain', () => this.#onDrain?.());
    near.on('error', (fault: Error) => {
      this.#fault = fault;
    });
    far.on('error', () => undefined);
    far.once('close', () => near.destroy());
    // The relay half-closes when it is done with a connection: there is nothing more to come.
    near.once('end', () => near.destroy());
    near.once('close', () => {
      this.#closed = true;
      farEnd.abort();
      far.destroy();
      this.#onClose?.(this.#fault);
      this.#onClose = null;
    });
  }

  write(bytes: Uint8Array): boolean {
    return this.#near.destroyed ? true : this.#near.write(bytes);
  }

  onData(handler: (chunk: Buffer) => void): void {
    if (this.#onData === null) this.#near.on('data', (chunk: Buffer) => this.#onData?.(chunk));
    this.#onData = handler;
  }

  keep(): void {}

  onDrain(handler: () => void): void {
    this.#onDrain = handler;
  }

  onClose(handler: (fault: Error | null) => void): void {
    if (this.#closed) handler(this.#fault);
    else this.#onClose = handler;
  }

  pause(): void {
    this.#near.pause();
  }

  resume(): void {
    this.#near.resume();
  }

  async cancel(): Promise<void> {
    this.#farEnd.abort();
  }

  close(): void {
    this.#near.destroy();
  }

  async abandon(): Promise<void> {
    // At once: the pair says that it is closed a turn later.
    this.#farEnd.abort();
    this.#near.destroy();
  }
}
