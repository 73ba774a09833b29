/** The thread of the index: follows the log, and answers searches in between. The log's writer never hears of it. */
import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { FoundOperation, FoundSession, Page, PageRequest, SearchFilter } from './filter.ts';
import { IndexFile, type IndexPlaces } from './index-file.ts';

export interface IndexTask {
  readonly places: IndexPlaces;
  /** Between two looks at the log, in milliseconds. */
  readonly pollMs: number;
}

export interface SearchRequest {
  readonly id: number;
  readonly what: 'operations' | 'sessions';
  readonly filter: SearchFilter;
  readonly page: PageRequest;
}

export type SearchReply =
  | { readonly id: number; readonly page: Page<FoundOperation> | Page<FoundSession> }
  | { readonly id: number; readonly failure: string }
  /** What keeps the index from following the log; told once for each thing. */
  | { readonly id: 0; readonly failure: string };

/** How long a search waits for the index to catch up, in milliseconds; then it is answered with what there is. */
const CATCH_UP_MS = 1_000;
/** A few tenths of a second: what a search waits for that comes in the middle of one. */
const BATCH_ENTRIES = 8_192;
/** Below everything on the data path (https://man7.org/linux/man-pages/man2/setpriority.2.html). */
const NICENESS = 10;

const port = parentPort;
if (port === null) throw new Error('This file is the code of a worker thread.');
const task = workerData as IndexTask;
yieldToOthers();
const index = new IndexFile(task.places, BATCH_ENTRIES);
let told = '';
let timer: NodeJS.Timeout | undefined;
follow();

port.on('message', (request: SearchRequest) => {
  const { id, what, filter, page } = request;
  try {
    catchUp(performance.now() + CATCH_UP_MS);
    port.postMessage({ id, page: index[what](filter, page) } satisfies SearchReply);
  } catch (error) {
    port.postMessage({ id, failure: wordsOf(error) } satisfies SearchReply);
  }
});

/** One batch at a time, so that searches get their turn. */
function follow(): void {
  clearTimeout(timer);
  const atEnd = catchUp(0);
  if (atEnd) timer = setTimeout(follow, task.pollMs);
  else setImmediate(follow);
}

/** At least one step; true when there is nothing more to do for now, which includes a log that cannot be read on. */
function catchUp(until: number): boolean {
  try {
    do if (index.step().atEnd) return clearTold();
    while (performance.now() < until);
    return false;
  } catch (error) {
    tell(wordsOf(error));
    return true;
  }
}

function clearTold(): true {
  told = '';
  return true;
}

function tell(failure: string): void {
  if (failure !== told) port?.postMessage({ id: 0, failure } satisfies SearchReply);
  told = failure;
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

/** On Linux a thread has a priority of its own; elsewhere, or when it is not allowed, it keeps the usual one. */
function yieldToOthers(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)), NICENESS);
  } catch {
    // It only takes its turn with the others then.
  }
}
