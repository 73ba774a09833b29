import { Worker } from 'node:worker_threads';
import { LogError } from './log-error.ts';
import type { SealAnswer, SealRequest } from './seal-worker.ts';
import { Sealer, type SealState } from './sealer.ts';

/** A backlog up to this many entries is hashed where it is; more goes to a thread, away from the append path. */
const entriesHere = 64;

/** Keeps the tree of a log up to date: a few entries at once, many in a thread that is started when it is first needed. */
export class SealThread {
  readonly #directory: string;
  readonly #here: Sealer;
  #worker: Worker | null = null;
  #answered: ((answer: SealAnswer | null) => void) | null = null;

  constructor(directory: string, state: SealState) {
    this.#directory = directory;
    this.#here = new Sealer(directory, state);
  }

  /** The root over the first `size` entries. One call at a time, sizes growing. */
  async advance(size: number): Promise<Buffer> {
    if (size - this.#here.size > entriesHere) await this.#ask(size);
    await this.#here.advance(size);
    return this.#here.root();
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = null;
  }

  async #ask(size: number): Promise<void> {
    const worker = this.#worker ?? this.#start();
    // Keeps the process alive for this answer and no longer.
    worker.ref();
    const answer = await new Promise<SealAnswer | null>((resolve) => {
      this.#answered = resolve;
      worker.postMessage({ from: this.#here.state, size } satisfies SealRequest);
    });
    this.#answered = null;
    if (answer === null) return;
    worker.unref();
    if ('failure' in answer) throw new LogError('damaged', answer.failure);
    this.#here.reset(answer.state);
  }

  #start(): Worker {
    const worker = new Worker(new URL('./seal-worker.ts', import.meta.url), {
      workerData: this.#directory,
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 8 },
    });
    // Without a thread the work is done here, in slices.
    const gone = (): void => {
      if (this.#worker === worker) this.#worker = null;
      this.#answered?.(null);
    };
    worker.on('message', (answer: SealAnswer) => this.#answered?.(answer));
    worker.on('error', gone);
    worker.on('exit', gone);
    this.#worker = worker;
    return worker;
  }
}
