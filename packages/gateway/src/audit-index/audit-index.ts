import { Worker } from 'node:worker_threads';
import { Fault } from '../lib/fault.ts';
import type { IndexTask, SearchReply, SearchRequest } from './audit-index.worker.ts';
import type { FoundOperation, FoundSession, Page, PageRequest, SearchFilter } from './filter.ts';
import type { IndexPlaces } from './index-file.ts';

/** The index of the audit log, kept by a thread of its own. Every search rejects with Fault `storage-unavailable`. */
export interface AuditIndex {
  /** Decisions that have everything asked for. */
  operations(filter: SearchFilter, page: PageRequest): Promise<Page<FoundOperation>>;
  /** Sessions that have everything asked for somewhere in them; a time range is about when they started. */
  sessions(filter: SearchFilter, page: PageRequest): Promise<Page<FoundSession>>;
  close(): Promise<void>;
}

export interface AuditIndexDeps {
  /** Told of what keeps the index from following the log. */
  report(fault: unknown): void;
  readonly pollMs?: number;
}

/** Between two looks at the log, in milliseconds: a search looks by itself, and more at once costs less. */
const POLL_MS = 1_000;
/** Searches under way at most: each waits for those before it. */
const WAITING = 64;
/** Pauses before the thread is started again, in milliseconds. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;
const MEMORY_MB = 512;

export function createAuditIndex(places: IndexPlaces, deps: AuditIndexDeps): AuditIndex {
  return new ThreadIndex({ places, pollMs: deps.pollMs ?? POLL_MS }, deps);
}

interface Waiting {
  readonly resolve: (page: never) => void;
  readonly reject: (fault: Fault) => void;
}

class ThreadIndex implements AuditIndex {
  readonly #task: IndexTask;
  readonly #deps: AuditIndexDeps;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #count = 0;
  #pauseMs = FIRST_PAUSE;
  #pause: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(task: IndexTask, deps: AuditIndexDeps) {
    this.#task = task;
    this.#deps = deps;
    this.#start();
  }

  operations(filter: SearchFilter, page: PageRequest): Promise<Page<FoundOperation>> {
    return this.#ask('operations', filter, page);
  }

  sessions(filter: SearchFilter, page: PageRequest): Promise<Page<FoundSession>> {
    return this.#ask('sessions', filter, page);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#pause);
    const worker = this.#worker;
    this.#down('the gateway is stopping');
    // In the middle of a transaction as well: what is not committed is indexed again.
    await worker?.terminate();
  }

  #ask<Found>(what: SearchRequest['what'], filter: SearchFilter, page: PageRequest): Promise<Page<Found>> {
    const worker = this.#worker;
    if (worker === null) return Promise.reject(unavailable('its thread is being started again'));
    if (this.#waiting.size >= WAITING) return Promise.reject(unavailable(`${WAITING} searches wait already`));
    this.#count += 1;
    const id = this.#count;
    return new Promise<Page<Found>>((resolve, reject) => {
      // Keeps the process alive for this answer and no longer.
      worker.ref();
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ id, what, filter, page } satisfies SearchRequest);
    });
  }

  #start(): void {
    const worker = new Worker(new URL('./audit-index.worker.ts', import.meta.url), {
      workerData: this.#task,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
      env: {},
      execArgv: [],
    });
    this.#worker = worker;
    worker.unref();
    worker.on('message', (reply: SearchReply) => this.#receive(reply));
    worker.on('error', (cause) => this.#replace(worker, cause));
    worker.on('exit', (code) => this.#replace(worker, new Error(`its thread ended with code ${code}`)));
  }

  #receive(reply: SearchReply): void {
    this.#pauseMs = FIRST_PAUSE;
    if (reply.id === 0) {
      if ('failure' in reply) this.#deps.report(unavailable(reply.failure));
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#worker?.unref();
    if ('failure' in reply) waiting?.reject(unavailable(reply.failure));
    else waiting?.resolve(reply.page as never);
  }

  #replace(worker: Worker, cause: unknown): void {
    if (worker !== this.#worker) return;
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#down(reason);
    if (this.#closed) return;
    this.#deps.report(unavailable(reason, cause));
    this.#pause = setTimeout(() => this.#start(), this.#pauseMs).unref();
    this.#pauseMs = Math.min(LONGEST_PAUSE, 2 * this.#pauseMs);
  }

  /** Everything that waits gets no answer. */
  #down(reason: string): void {
    this.#worker = null;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(unavailable(reason));
  }
}

function unavailable(reason: string, cause?: unknown): Fault {
  return new Fault('storage-unavailable', `The audit log cannot be searched now: ${reason}.`, { cause });
}
