import type { TextScrubber } from '../protocols/protocol.ts';
import { blockEnd, OPENING_BYTES, openBlockStart } from './detectors/private-key.ts';

/** What the scrubber needs of a mask; `from` keeps what stands before it as context only. */
export interface ContextScrub {
  scrub(bytes: Buffer, start: number, end: number, from?: number): Buffer | null;
  readonly placeholder: Uint8Array;
}

/**
 * Most bytes held back while no separator comes (L10). A longer value is hidden from where it is recognised; one that
 * is not recognisable by then is text.
 */
export const HELD_BYTES = 64 * 1024;
/** Bytes already shown that are kept, because a detector looks at what stands before a value. */
const CONTEXT_BYTES = 192;

/**
 * Bytes that no value but a private key block holds: text may be cut after one. Brackets are in telephone numbers, and
 * anything that is not here in passwords.
 */
const separators: ReadonlySet<number> = new Set(Array.from('\n\r\t\0"<>', (char) => char.charCodeAt(0)));
const SPACE = 0x20;
const nothing = Buffer.alloc(0);

/** Scrubs a text that comes in chunks as if it came in one piece, with bounded memory. `keys`: private keys are hidden. */
export function createTextScrubber(mask: ContextScrub, keys: boolean): TextScrubber {
  return new ChunkScrubber(mask, keys);
}

class ChunkScrubber implements TextScrubber {
  readonly #mask: ContextScrub;
  readonly #keys: boolean;
  /** Context, then what is held back from `#shown` on. */
  #held: Buffer = nothing;
  #shown = 0;
  /** `block`: inside a private key; `value`: inside a value longer than HELD_BYTES. Everything is dropped until it ends. */
  #hiding: 'none' | 'block' | 'value' = 'none';

  constructor(mask: ContextScrub, keys: boolean) {
    this.#mask = mask;
    this.#keys = keys;
  }

  push(chunk: Buffer): Buffer {
    this.#held = Buffer.concat([this.#held, chunk]);
    const shown: Buffer[] = [];
    while (this.#leaveHidden(false)) {
      let cut = this.#held.length;
      while (cut > this.#shown && !separators.has(this.#held[cut - 1] as number)) cut -= 1;
      const overLimit = cut === this.#shown && this.#held.length - cut > HELD_BYTES;
      if (overLimit) cut = this.#held.length;
      if (cut === this.#shown) break;
      shown.push(this.#show(cut, overLimit));
    }
    return Buffer.concat(shown);
  }

  finish(): Buffer {
    const last = this.#leaveHidden(true) ? this.#show(this.#held.length, false) : nothing;
    this.#held = nothing;
    this.#shown = 0;
    return last;
  }

  /** Shows what is held up to `cut`, scrubbed, or up to a private key that does not end before it. */
  #show(cut: number, overLimit: boolean): Buffer {
    const held = this.#held;
    const open = this.#keys ? openBlockStart(held, 0, cut, this.#shown) : -1;
    const to = open < 0 ? cut : open;
    const scrubbed = this.#mask.scrub(held, 0, to, this.#shown) ?? held.subarray(this.#shown, to);
    this.#shown = to;
    if (open >= 0) {
      this.#hiding = 'block';
      return Buffer.concat([scrubbed, this.#mask.placeholder]);
    }
    if (overLimit && this.#mask.scrub(held, 0, to, to - 1) !== null) this.#hiding = 'value';
    const context = Math.min(to, CONTEXT_BYTES);
    this.#held = held.subarray(to - context);
    this.#shown = context;
    return scrubbed;
  }

  /** Drops what belongs to something hidden. Returns whether the text after it is there. */
  #leaveHidden(last: boolean): boolean {
    if (this.#hiding === 'none') return true;
    const held = this.#held;
    const end =
      this.#hiding === 'block' ? blockEnd(held, this.#shown, held.length) : valueEnd(held, this.#shown);
    // At the very end of what is here, more of the block's last dashes may follow.
    if (end < 0 || (end === held.length && !last)) {
      this.#held = held.subarray(Math.max(this.#shown, held.length - 2 * OPENING_BYTES));
      this.#shown = 0;
      return false;
    }
    this.#held = held.subarray(end);
    this.#shown = 0;
    this.#hiding = 'none';
    return true;
  }
}

function valueEnd(bytes: Buffer, from: number): number {
  for (let i = from; i < bytes.length; i += 1) {
    if (bytes[i] === SPACE || separators.has(bytes[i] as number)) return i;
  }
  return -1;
}
