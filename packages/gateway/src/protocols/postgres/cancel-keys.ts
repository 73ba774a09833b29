import { timingSafeEqual } from 'node:crypto';

/** What a client is given to cancel with, in place of the target's own key. */
export interface CancelKey {
  readonly processId: number;
  readonly key: Buffer;
}

/** Bytes of a cancel key by minor protocol version: 3.2 made them variable (54.7, BackendKeyData). */
const KEY_BYTES = { old: 4, new: 32 } as const;

/**
 * Maps the gateway's own cancel keys to sessions. The target's keys never reach a client, and a key of one session
 * can cancel nothing of another's.
 */
export class CancelKeys {
  readonly #random: (bytes: number) => Buffer;
  readonly #open = new Map<number, { readonly key: Buffer; readonly cancel: () => void }>();

  constructor(random: (bytes: number) => Buffer) {
    this.#random = random;
  }

  issue(minor: number, cancel: () => void): CancelKey {
    let processId = 0;
    do processId = this.#random(4).readUInt32BE() & 0x7fff_ffff;
    while (processId === 0 || this.#open.has(processId));
    const key = this.#random(minor >= 2 ? KEY_BYTES.new : KEY_BYTES.old);
    this.#open.set(processId, { key, cancel });
    return { processId, key };
  }

  /** Cancels what the session with exactly this key is doing; anything else is ignored, as a server does. */
  cancel(processId: number, key: Buffer): void {
    const session = this.#open.get(processId);
    if (session !== undefined && session.key.length === key.length && timingSafeEqual(session.key, key)) {
      session.cancel();
    }
  }

  withdraw(processId: number): void {
    this.#open.delete(processId);
  }
}
