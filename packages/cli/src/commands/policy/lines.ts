/** Cuts a stream of bytes into lines. Whoever writes it controls every byte: a line too long is not held, only said. */

export type Line =
  | { readonly kind: 'line'; readonly text: string; readonly bytes: number }
  /** Why it is none, and how it began. */
  | { readonly kind: 'unreadable'; readonly why: string; readonly start: string };

/** Bytes kept of the beginning of a line that is too long, to say which one it was. */
const START_BYTES = 512;
const NEWLINE = 0x0a;

/** Lines of each chunk as it comes, without their newline; empty ones are left out. */
export async function* linesOf(
  input: AsyncIterable<Uint8Array>,
  lineBytes: number,
): AsyncGenerator<readonly Line[], void> {
  const cutter = new LineCutter(lineBytes);
  for await (const chunk of input)
    yield cutter.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  yield cutter.finish();
}

class LineCutter {
  readonly #lineBytes: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(lineBytes: number) {
    this.#lineBytes = lineBytes;
  }

  push(chunk: Buffer): readonly Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#take(chunk.subarray(start, end), lines);
      start = end + 1;
    }
    this.#hold(chunk.subarray(start));
    return lines;
  }

  finish(): readonly Line[] {
    const lines: Line[] = [];
    this.#take(Buffer.alloc(0), lines);
    return lines;
  }

  /** Past the limit only the beginning stays held, and the length goes on. */
  #hold(part: Buffer): void {
    if (part.length === 0) return;
    this.#heldBytes += part.length;
    if (this.#heldBytes <= this.#lineBytes) this.#held.push(Buffer.from(part));
    else this.#held = [Buffer.concat(this.#held).subarray(0, START_BYTES), part.subarray(0, START_BYTES)];
  }

  #take(part: Buffer, lines: Line[]): void {
    if (this.#heldBytes > 0) this.#hold(part);
    else if (part.length > this.#lineBytes) this.#heldBytes = part.length;
    const whole = this.#held.length === 0 ? part : Buffer.concat(this.#held);
    const bytes = this.#held.length === 0 ? part.length : this.#heldBytes;
    this.#held = [];
    this.#heldBytes = 0;
    const start = () => whole.subarray(0, START_BYTES).toString('latin1');
    if (bytes > this.#lineBytes) {
      lines.push({
        kind: 'unreadable',
        why: `the line is over the limit, ${this.#lineBytes} bytes`,
        start: start(),
      });
      return;
    }
    try {
      const text = this.#decoder.decode(whole);
      if (text.trim() !== '') lines.push({ kind: 'line', text, bytes });
    } catch {
      lines.push({ kind: 'unreadable', why: 'the line is not UTF-8', start: start() });
    }
  }
}
