import type { TargetConnection } from '@sallyport/connector';
import type { Permit, Refusal, TargetLink } from '../protocols/protocol.ts';
import { isGenuine, opens } from './permit.ts';

/**
 * The inner door. Bytes pass only with a permit made for this very door (L1); a protocol never holds the socket.
 *
 * Within one turn of the loop `forward` only gathers: a pipeline of messages cut from one chunk leaves as one write,
 * and when they lie next to each other in memory, as one view without a copy.
 */
export class GuardedLink implements TargetLink {
  readonly facts: Readonly<Record<string, string>>;
  readonly #door: object;
  readonly #connection: TargetConnection;
  readonly #rollBacks: readonly Uint8Array[];
  #gathered: Uint8Array | null = null;
  #further: Uint8Array[] = [];
  #abandoned = false;
  #onClose: ((fault: Error | null) => void) | null = null;
  /** Takes back what would abandon it when its session ends. */
  #forget: () => void = () => undefined;

  constructor(door: object, connection: TargetConnection, rollBacks: readonly Uint8Array[]) {
    this.#door = door;
    this.#connection = connection;
    this.#rollBacks = rollBacks;
    this.facts = connection.facts;
  }

  forward(permit: Permit, bytes: Uint8Array): boolean {
    if (!opens(permit, this.#door))
      throw new TypeError('bytes were offered without a permit of this session');
    return this.#gather(bytes);
  }

  rollBack(refusal: Refusal, how: number): boolean {
    const bytes = this.#rollBacks[how];
    if (!isGenuine(refusal) || bytes === undefined)
      throw new TypeError('a roll-back needs a recorded refusal');
    return this.#gather(bytes);
  }

  flush(): boolean {
    const first = this.#gathered;
    if (first === null) return true;
    this.#gathered = null;
    if (this.#further.length === 0) return this.#connection.write(first);
    const all = Buffer.concat([first, ...this.#further]);
    this.#further = [];
    return this.#connection.write(all);
  }

  onReply(handler: (chunk: Buffer) => void): void {
    this.#connection.onData(handler);
  }

  keep(): void {
    this.#connection.keep();
  }

  onDrain(handler: () => void): void {
    this.#connection.onDrain(handler);
  }

  onClose(handler: (fault: Error | null) => void): void {
    this.#onClose = handler;
    this.#connection.onClose((fault) => this.#closed(fault));
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  cancel(): Promise<void> {
    return this.#connection.cancel();
  }

  close(): void {
    this.#forget();
    if (this.#abandoned) return;
    this.flush();
    this.#connection.close();
  }

  /** Has it abandoned when its session ends; `watch` gives how to take that back. */
  abandonWhen(watch: (abandon: () => Promise<void>) => () => void, isBusy: () => boolean): void {
    this.#forget = watch(() => this.#abandon(isBusy()));
  }

  /**
   * The session ended while this was open: nothing more reaches the target, not even what was permitted a moment ago and
   * waits here for the rest of its turn, and what runs there is stopped.
   */
  async #abandon(busy: boolean): Promise<void> {
    this.#abandoned = true;
    this.#gathered = null;
    this.#further = [];
    // After everyone else was told that the session ended: this is not why.
    queueMicrotask(() => this.#closed(null));
    await this.#connection.abandon(busy);
  }

  #closed(fault: Error | null): void {
    const handler = this.#onClose;
    this.#onClose = null;
    handler?.(fault);
  }

  #gather(bytes: Uint8Array): boolean {
    if (this.#abandoned) return true;
    const last = this.#further.at(-1) ?? this.#gathered;
    if (last === null) {
      this.#gathered = bytes;
      // A protocol that forgets to flush must not stall its client.
      queueMicrotask(() => this.flush());
      return true;
    }
    const joined = join(last, bytes);
    if (joined === null) this.#further.push(bytes);
    else if (this.#further.length > 0) this.#further[this.#further.length - 1] = joined;
    else this.#gathered = joined;
    return true;
  }
}

/** One view over both when the second starts where the first ends, else null. */
function join(first: Uint8Array, second: Uint8Array): Uint8Array | null {
  const adjacent =
    first.buffer === second.buffer && first.byteOffset + first.byteLength === second.byteOffset;
  return adjacent
    ? new Uint8Array(first.buffer, first.byteOffset, first.byteLength + second.byteLength)
    : null;
}
