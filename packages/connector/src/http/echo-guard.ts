import { Transform, type TransformCallback } from 'node:stream';

/** Shorter secrets are not looked for: they would be found everywhere. */
const LEAST_NEEDLE_BYTES = 8;

/** What of a credential must not come back from the target (L7): the secret, and the form it is sent in. */
export function needlesOf(
  secret: string | null,
  fields: Readonly<Record<string, string>>,
): readonly Buffer[] {
  const sent = Object.values(fields).map((value) => value.slice(value.lastIndexOf(' ') + 1));
  const needles = [secret ?? '', ...sent].map((text) => Buffer.from(text));
  return needles.filter((needle) => needle.length >= LEAST_NEEDLE_BYTES);
}

/** Whether one of the needles is in this text of the target's. */
export function holdsNeedle(text: string, needles: readonly Buffer[]): boolean {
  return needles.some((needle) => text.includes(needle.toString()));
}

/**
 * Passes a reply on unless it echoes the credential, as debugging pages do: then the stream fails before the needle is out.
 * It sees plain text only; the gateway does not deliver what is compressed.
 */
export class EchoGuard extends Transform {
  readonly #needles: readonly Buffer[];
  readonly #kept: number;
  /** The end of what came so far: a needle may have begun in it. */
  #tail: Buffer = Buffer.alloc(0);

  constructor(needles: readonly Buffer[]) {
    super();
    this.#needles = needles;
    this.#kept = Math.max(0, ...needles.map((needle) => needle.length - 1));
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const seen = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk]);
    if (this.#needles.some((needle) => seen.includes(needle))) {
      done(new Error('the target echoes its credential'));
      return;
    }
    const passed = Math.max(0, seen.length - this.#kept);
    this.#tail = seen.subarray(passed);
    done(null, passed === 0 ? undefined : seen.subarray(0, passed));
  }

  override _flush(done: TransformCallback): void {
    done(null, this.#tail.length === 0 ? undefined : this.#tail);
  }
}
