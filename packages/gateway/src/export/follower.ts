/** One sink and its place in the log: reads, sends, moves the cursor once it was acknowledged, and again. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { LogError, LogTail, type TailEntry, type TailPosition } from '@sallyport/audit-log';
import { Fault } from '../lib/fault.ts';
import { waitAfter } from './back-off.ts';
import { CursorError, readCursor, writeCursor } from './cursor.ts';
import { exported, type Format } from './format.ts';
import type { ExportConfig } from './section.ts';
import { type Batch, type ExportEntry, failureOf, type Sink } from './sink.ts';

/** What the log's writer knows of it; the entries themselves are read from its files. */
export interface FollowedLog {
  readonly publicKey: string;
  /** Entries in the log. */
  readonly size: number;
  synced(): Promise<void>;
}

export interface FollowerDeps {
  readonly log: FollowedLog;
  /** Folder of the log. */
  readonly directory: string;
  readonly cursorFile: string;
  readonly sink: Sink;
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

export interface Progress {
  /** `seq` of the next entry the sink has to acknowledge; null while that cannot be known. */
  readonly acknowledged: number | null;
  /** Time of the oldest entry it has not; null when there is none, or none was read yet. */
  readonly oldest: number | null;
  /** When everything there was had been acknowledged, or following began. */
  readonly caughtUpAt: number;
  /** Attempts that failed since the last that did not. */
  readonly failures: number;
  readonly problem: string | null;
}

interface Pending {
  readonly batch: Batch;
  readonly next: TailPosition;
}

/** How often the log is looked at for new entries, in milliseconds. They leave together. */
const LOOK_MS = 100;
/** Entries put into their format before others get a turn. */
const SLICE = 25;

export class Follower {
  readonly #config: ExportConfig;
  readonly #deps: FollowerDeps;
  readonly #tail: LogTail;
  readonly #stopping = new AbortController();
  #draining = false;
  #running: Promise<void> = Promise.resolve();
  #position: TailPosition | null = null;
  /** Read and not acknowledged: sent again as it is, so that receivers can tell repetitions. */
  #pending: Pending | null = null;
  #oldest: number | null = null;
  #caughtUpAt: number;
  #failures = 0;
  #retryAfterMs = 0;
  #problem: string | null = null;
  /** How long the last batch kept this thread, in milliseconds. */
  #busyMs = 0;

  constructor(config: ExportConfig, deps: FollowerDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#tail = new LogTail(deps.directory);
    this.#caughtUpAt = deps.now();
  }

  /** `seq` of the next entry the sink has to acknowledge; null while that cannot be known. */
  get acknowledged(): number | null {
    return this.#position?.seq ?? null;
  }

  get progress(): Progress {
    return {
      acknowledged: this.acknowledged,
      oldest: this.#oldest,
      caughtUpAt: this.#caughtUpAt,
      failures: this.#failures,
      problem: this.#problem,
    };
  }

  /** Begins to follow; resolves once it is known how far behind the sink is. */
  async start(): Promise<void> {
    await this.#attempt(async () => {
      await this.#place();
      await this.#read();
    });
    this.#running = this.#run();
  }

  /** Stops: at once when the sink does not answer, else when it has all there is, or `drainMs` have passed. */
  async close(drainMs: number): Promise<void> {
    this.#draining = true;
    const late = setTimeout(() => this.#stopping.abort(), this.#failures > 0 ? 0 : drainMs);
    await this.#running;
    clearTimeout(late);
    this.#stopping.abort();
    await this.#tail.close();
    await this.#deps.sink.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const moved = await this.#attempt(() => this.#step());
      if (this.#draining && (this.#failures > 0 || !moved)) return;
      await sleep(this.#waitMs(moved), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  #waitMs(moved: boolean): number {
    if (this.#failures > 0)
      return Math.max(this.#retryAfterMs, waitAfter(this.#failures, this.#config, this.#deps.random()));
    // Batch after batch while there is a backlog, but never more than half of the time is ours.
    return moved ? this.#busyMs : LOOK_MS;
  }

  /** Whatever fails is tried again: a sink comes back, a file is put back, a cursor is repaired. */
  async #attempt<T>(step: () => Promise<T>): Promise<T | false> {
    try {
      const done = await step();
      this.#failures = 0;
      this.#problem = null;
      return done;
    } catch (error) {
      if (this.#stopping.signal.aborted) return false;
      this.#failures += 1;
      if (isLost(error)) this.#position = null;
      this.#problem = wordsOf(error);
      const wanted = failureOf('', error).retryAfterMs;
      this.#retryAfterMs = Math.min(wanted, this.#config.retryMostMs);
      return false;
    }
  }

  /** Sends one batch; whether there was one. */
  async #step(): Promise<boolean> {
    const { log, sink, cursorFile } = this.#deps;
    if (
      this.#position !== null &&
      this.#failures === 0 &&
      log.size <= this.#position.seq &&
      !this.#isAhead()
    ) {
      this.#caughtUp();
      return false;
    }
    const found = this.#pending ?? (await this.#read());
    if (found === null) return false;
    // What a power cut could still take from the log must not be at a sink: its number would be given again.
    await log.synced();
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(this.#config.timeoutMs)]);
    await within(sink.send(found.batch, signal), signal);
    await writeCursor(cursorFile, log.publicKey, found.next);
    this.#position = found.next;
    this.#pending = null;
    // What follows is no older than that.
    this.#oldest = found.batch.entries.at(-1)?.time ?? null;
    if (found.next.seq >= log.size) this.#caughtUp();
    return true;
  }

  async #read(): Promise<Pending | null> {
    const position = this.#position ?? (await this.#place());
    if (this.#isAhead()) throw new CursorError(this.#aheadWords(position.seq));
    const { batchEntries, batchBytes, format } = this.#config;
    const { entries, next } = await this.#tail.read(position, { entries: batchEntries, bytes: batchBytes });
    const [first] = entries;
    if (first === undefined) return null;
    const lines = await this.#format(entries, format);
    this.#oldest = lines[0]?.time ?? null;
    this.#pending = { batch: { first: first.seq, last: next.seq - 1, entries: lines }, next };
    return this.#pending;
  }

  /** A slice at a time: the data path shares this thread. */
  async #format(entries: readonly TailEntry[], format: Format): Promise<ExportEntry[]> {
    const lines: ExportEntry[] = [];
    this.#busyMs = 0;
    for (let at = 0; at < entries.length; at += SLICE) {
      if (at > 0) await nextTurn();
      const began = performance.now();
      for (const entry of entries.slice(at, at + SLICE)) lines.push(exported(entry, format));
      this.#busyMs += performance.now() - began;
    }
    return lines;
  }

  /** Where the cursor says to go on; where the log begins when there is none. */
  async #place(): Promise<TailPosition> {
    const { cursorFile, log } = this.#deps;
    this.#position = (await readCursor(cursorFile, log.publicKey)) ?? this.#tail.first();
    return this.#position;
  }

  #isAhead(): boolean {
    return this.#position !== null && this.#position.seq > this.#deps.log.size;
  }

  #aheadWords(seq: number): string {
    const { cursorFile, log } = this.#deps;
    return `the cursor ${cursorFile} is at entry ${seq}, and the log has ${log.size}: the log was cut or put back from a copy; see what was exported, then remove the cursor to begin with the first entry there is`;
  }

  #caughtUp(): void {
    this.#oldest = null;
    this.#caughtUpAt = this.#deps.now();
  }
}

/** A promise, or the end of patience: a sink that does not heed its signal must not hold the export up for ever. */
async function within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const end = () => reject(signal.reason);
  signal.addEventListener('abort', end, { once: true });
  try {
    if (signal.aborted) end();
    return await Promise.race([promise, ended]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** Where to go on is not known: the cursor is read again, as somebody has to put it, or the log, right. */
function isLost(error: unknown): boolean {
  return (
    error instanceof CursorError ||
    (error instanceof LogError && (error.code === 'gone' || error.code === 'damaged'))
  );
}

function wordsOf(error: unknown): string {
  if (error instanceof CursorError || error instanceof LogError || error instanceof Fault)
    return error.message;
  return failureOf('it failed', error).message;
}
