import type { EntryFields } from '@sallyport/audit-log';

/** Types of entries that say what changed since the one before, which may be of an earlier run. */
const REMEMBERED = ['configuration-loaded', 'policy-loaded'] as const;

export type RememberedType = (typeof REMEMBERED)[number];

/** The newest entry of a type that was in the log when it was opened, or null. */
export type LastEntry = (type: RememberedType) => EntryFields | null;

/** `type` is the last key of an entry, or has only `v` after it: it stands in this many bytes at the end. */
const TAIL_BYTES = 64;

/** Keeps the newest entry of each of these types while a log is read. */
export class LastEntries {
  readonly #found = new Map<RememberedType, Buffer>();

  /** Told of every entry, oldest first. */
  see(entry: Buffer): void {
    const tail = entry.toString('latin1', Math.max(0, entry.length - TAIL_BYTES));
    // No value can hold this: a quote within a string is escaped.
    for (const type of REMEMBERED) {
      if (tail.includes(`"type":"${type}"`)) this.#found.set(type, Buffer.from(entry));
    }
  }

  of(type: RememberedType): EntryFields | null {
    const entry = this.#found.get(type);
    return entry === undefined ? null : (JSON.parse(entry.toString()) as EntryFields);
  }
}
