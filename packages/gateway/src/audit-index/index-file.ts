/** The index of one log in one folder: it follows the log, and answers. Synchronous; for a thread or a command of its own. */
import { hash } from 'node:crypto';
import { frameBytes, hasChanged, LogError, type PlacedEntry, readLogFrom } from '@sallyport/audit-log';
import { IndexDatabase, isDamaged } from './database.ts';
import type { FoundOperation, FoundSession, Page, PageRequest, SearchFilter } from './filter.ts';
import { type Progress, ProgressRow } from './progress.ts';
import { Searcher } from './search.ts';
import { Writer } from './writer.ts';

/** Most of the log in one transaction, by default: what memory it takes. Larger ones write less for each entry. */
const BATCH_ENTRIES = 16_384;
const BATCH_BYTES = 16 * 1024 * 1024;
const BATCH_POSTINGS = 500_000;

export interface IndexPlaces {
  /** Folder of the index. */
  readonly directory: string;
  /** Folder of the log. */
  readonly log: string;
}

export interface Step {
  readonly entries: number;
  /** Whether everything the log holds now is indexed. */
  readonly atEnd: boolean;
}

const NOTHING_YET: Step = { entries: 0, atEnd: false };

/** The log is not the one that was indexed: it was replaced, or a power cut took its end. */
class OtherLog extends Error {}

export class IndexFile {
  readonly #places: IndexPlaces;
  readonly #batchEntries: number;
  readonly #file: IndexDatabase;
  #parts: Parts;
  #atEnd = false;
  /** Whether the log was read to its end: then only what changes it has to be looked at. */
  #isQuiet = false;

  /** Throws Fault `storage-unavailable`. `batchEntries`: most in one step, which is what a search may have to wait for. */
  constructor(places: IndexPlaces, batchEntries = BATCH_ENTRIES) {
    this.#places = places;
    this.#batchEntries = batchEntries;
    this.#file = new IndexDatabase(places.directory);
    this.#parts = this.#openParts();
  }

  /** Indexes the next entries of the log, at most one batch. Throws LogError when the log cannot be read on. */
  step(): Step {
    this.#atEnd = false;
    const step = this.#mending(() => {
      const { place, end, next } = this.#parts.progress.read();
      const { log } = this.#places;
      const isQuiet = this.#isQuiet && !hasChanged(log, { segment: place.segment, offset: end }, next);
      if (isQuiet) return { entries: 0, atEnd: true };
      this.#isQuiet = false;
      try {
        return this.#file.transaction(() => this.#batch());
      } catch (error) {
        this.#isQuiet = false;
        this.#parts.writer.forget();
        if (!(error instanceof OtherLog)) throw error;
        this.#file.clear();
        return NOTHING_YET;
      }
    });
    this.#atEnd = step.atEnd;
    return step;
  }

  /** Begins anew: the next steps index the whole log again. */
  clear(): void {
    this.#atEnd = false;
    this.#mending(() => {
      this.#parts.writer.forget();
      this.#file.clear();
    });
  }

  operations(filter: SearchFilter, page: PageRequest): Page<FoundOperation> {
    const found = this.#mending(() => this.#parts.searcher.operations(filter, page));
    return { ...found, complete: this.#atEnd };
  }

  sessions(filter: SearchFilter, page: PageRequest): Page<FoundSession> {
    const found = this.#mending(() => this.#parts.searcher.sessions(filter, page));
    return { ...found, complete: this.#atEnd };
  }

  /** Bytes of the log that are indexed, of segments with these sizes. */
  bytesRead(sizes: readonly (readonly [first: number, bytes: number])[]): number {
    const { place, end } = this.#parts.progress.read();
    const before = sizes.filter(([first]) => first < place.segment);
    return before.reduce((sum, [, bytes]) => sum + bytes, end);
  }

  close(): void {
    this.#file.close();
  }

  #batch(): Step {
    const { progress, writer } = this.#parts;
    const before = progress.read();
    if (before.generation !== this.#parts.generation) writer.forget();
    this.#parts.generation = before.generation;
    const { after, isFull, trouble } = this.#read(before);
    this.#isQuiet = !isFull && trouble === null;
    if (after.next > before.next) {
      writer.flush();
      progress.write(after);
    } else if (trouble !== null) throw trouble;
    return { entries: after.next - before.next, atEnd: this.#isQuiet };
  }

  /** Hands the next entries to the writer. `trouble` is what kept it from reading on: what came before is good. */
  #read(before: Progress): { after: Progress; isFull: boolean; trouble: LogError | null } {
    const { writer } = this.#parts;
    const entries = readLogFrom(this.#places.log, before.place);
    if (before.next > 0) expectLast(before, entries.next().value ?? null);
    let { next, place, time } = before;
    let last: Buffer = Buffer.alloc(0);
    let lastBytes = 0;
    let bytes = 0;
    let isFull = false;
    let trouble: LogError | null = null;
    try {
      for (const entry of entries) {
        expectNext(entry, next, time);
        writer.add(entry);
        next += 1;
        ({ place, time } = entry);
        if (last.length < entry.bytes.length) last = Buffer.alloc(2 * entry.bytes.length);
        lastBytes = entry.bytes.copy(last);
        bytes += lastBytes;
        isFull = next % this.#batchEntries === 0 || bytes >= BATCH_BYTES || writer.waiting >= BATCH_POSTINGS;
        if (isFull) break;
      }
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      trouble = error;
    }
    const end = place.offset + frameBytes + lastBytes;
    const after = { ...before, next, place, end, time, last: digest(last.subarray(0, lastBytes)) };
    return { after, isFull, trouble };
  }

  /** Does something with the file as it stands in the folder now; one that is damaged is begun anew, once. */
  #mending<T>(work: () => T): T {
    if (this.#file.isGone) this.#renew(() => this.#file.reopen());
    try {
      return work();
    } catch (error) {
      if (!isDamaged(error)) throw error;
      this.#renew(() => this.#file.throwAway());
      return work();
    }
  }

  #renew(replace: () => void): void {
    this.#atEnd = false;
    replace();
    this.#parts = this.#openParts();
  }

  #openParts(): Parts {
    try {
      return partsOf(this.#file, this.#places.log);
    } catch (error) {
      if (!isDamaged(error)) throw error;
      this.#file.throwAway();
      return partsOf(this.#file, this.#places.log);
    }
  }
}

/** What works on one open file. */
interface Parts {
  readonly progress: ProgressRow;
  readonly writer: Writer;
  readonly searcher: Searcher;
  /** What `writer` remembers is of this generation of the file. */
  generation: number;
}

function partsOf({ database }: IndexDatabase, log: string): Parts {
  const writer = new Writer(database);
  const progress = new ProgressRow(database);
  return {
    progress,
    writer,
    searcher: new Searcher(database, log),
    generation: progress.read().generation,
  };
}

/** The entry that was indexed last must be in its place still, or this is another log. */
function expectLast({ next, last }: Progress, entry: PlacedEntry | null): void {
  if (entry?.seq !== next - 1 || !digest(entry.bytes).equals(last)) throw new OtherLog();
}

/** Whoever can write to the log can leave an entry out; beginning anew would come to the same place again. */
function expectNext({ seq, time, place }: PlacedEntry, next: number, before: number): void {
  if (seq === next && time >= before) return;
  throw new LogError('damaged', `where entry ${next} should be there is entry ${seq} of the time ${time}`, {
    place: { file: String(place.segment), offset: place.offset },
  });
}

function digest(bytes: Buffer): Buffer {
  return hash('sha256', bytes, 'buffer');
}
