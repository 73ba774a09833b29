import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Fault } from '../lib/fault.ts';

/** Most marks that are kept; of more, the one longest unchanged is forgotten. */
const MARKS = 100_000;
/** Lines of the file at which it is written anew, with one for each mark. */
const LINES = 2 * MARKS;
const LINE = /^([0-9a-f]{64}) (\d{1,16})$/;

/**
 * Numbers that only grow, by name, in a file of this gateway alone: what was true of a row of the store when it was last written, so
 * that an older one, put back by whoever can write to the store, is known for what it is.
 */
export class RowMarks {
  readonly #path: string;
  readonly #marks = new Map<string, number>();
  #lines = 0;
  /** A line may be there in part: the file is written anew before another is added to it. */
  #torn = false;

  /** Throws Fault `storage-unavailable`. */
  constructor(path: string) {
    this.#path = path;
    for (const line of readIfThere(path).split('\n')) {
      // The last one may be torn: it was not acknowledged.
      const [, name, value] = LINE.exec(line) ?? [];
      if (name !== undefined) this.#keep(name, Number(value));
    }
    this.#rewrite();
  }

  /** 0 when there is none. */
  get(name: string): number {
    return this.#marks.get(name) ?? 0;
  }

  /** On disk when it returns. Throws Fault `storage-unavailable`. False when it was as high already. */
  raise(name: string, value: number): boolean {
    if (value <= this.get(name)) return false;
    if (this.#torn) this.#rewrite();
    this.#torn = true;
    writing(() => appendFileSync(this.#path, `${name} ${value}\n`, { mode: 0o600, flush: true }));
    this.#torn = false;
    this.#keep(name, value);
    this.#lines += 1;
    if (this.#lines > LINES) this.#rewrite();
    return true;
  }

  #keep(name: string, value: number): void {
    const highest = Math.max(value, this.get(name));
    this.#marks.delete(name);
    this.#marks.set(name, highest);
    const [oldest] = this.#marks.keys();
    if (this.#marks.size > MARKS && oldest !== undefined) this.#marks.delete(oldest);
  }

  #rewrite(): void {
    const draft = `${this.#path}.new`;
    const text = [...this.#marks].map(([name, value]) => `${name} ${value}\n`).join('');
    writing(() => {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o750 });
      writeFileSync(draft, text, { mode: 0o600, flush: true });
      renameSync(draft, this.#path);
    });
    this.#lines = this.#marks.size;
    this.#torn = false;
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw notKept(cause);
  }
}

function writing(work: () => void): void {
  try {
    work();
  } catch (cause) {
    throw notKept(cause);
  }
}

function notKept(cause: unknown): Fault {
  const why = (cause as NodeJS.ErrnoException).code ?? 'no reason given';
  return new Fault(
    'storage-unavailable',
    `Could not keep what the store must not go back to (${why}): see that the gateway may write to its data directory.`,
    { cause },
  );
}
