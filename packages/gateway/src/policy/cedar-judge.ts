/**
 * The main thread's end of the worker that judges: one batch under way at a time, everything asked meanwhile goes
 * into the next. When the worker dies or is late, what waits is answered with a fault and a new worker is started;
 * until it is ready every question is a fault, which the caller turns into a deny.
 */
import { Worker } from 'node:worker_threads';
import { type Vocabulary, workerFile } from './cedar-check.ts';
import type { PolicyLimits } from './config.ts';
import type { Question } from './decision.ts';
import type { SessionFacts } from './entities.ts';
import type { EntityFacts, EntityQuestion, EntityTask } from './entity-point.ts';

export interface JudgeTask {
  /** Policy texts by id. */
  readonly policies: Readonly<Record<string, string>>;
  /** The same with the policies in shadow mode among them; null when there are none. */
  readonly shadowed: Readonly<Record<string, string>> | null;
  readonly vocabulary: Vocabulary;
}

/** Facts are sent once for all questions of a batch that share them. */
export interface JudgeBatch<Facts = SessionFacts, Asked = Question> {
  readonly id: number;
  readonly sessions: readonly Facts[];
  /** Each with the index of its session. */
  readonly questions: readonly (readonly [session: number, question: Asked])[];
}

export interface JudgeReply {
  /** The batch's; 0 says that the worker is ready. */
  readonly id: number;
  readonly answers: readonly RawAnswers[];
}

/** What Cedar says to one evaluation. */
export interface RawAnswers {
  readonly inForce: RawAnswer;
  /** With the policies in shadow mode counted; null when there are none. */
  readonly shadowed: RawAnswer | null;
}

/** Cedar's answer to one evaluation. */
export interface RawAnswer {
  readonly allowed: boolean;
  /** Ids of every policy that determined it. */
  readonly policies: readonly string[];
  /** Ids of policies that could not be evaluated: Cedar skips them, we do not. */
  readonly erred: readonly string[];
  /** Why there is no answer at all, or null. */
  readonly failure: string | null;
}

type Waiting<Facts, Asked> = {
  readonly facts: Facts;
  readonly question: Asked;
  readonly settle: (answer: RawAnswers | null) => void;
};

/** Most evaluations in one message, so that the time limit of a batch means something. */
const BATCH = 64;
/** A worker that died this soon after its start is replaced after a pause. */
const PAUSE_MS = 250;

/** The workers that judge: one for operations, one for whatever brings its own entities. */
type JudgeWorker = 'cedar-judge' | 'entity-judge';

export class Judge<Facts = SessionFacts, Asked = Question> {
  readonly #name: JudgeWorker;
  readonly #task: object;
  readonly #limits: PolicyLimits;
  #worker: Worker | null = null;
  #ready = false;
  #closed = false;
  #retiring = false;
  #queue: Waiting<Facts, Asked>[] = [];
  #underWay: Waiting<Facts, Asked>[] = [];
  #batch = 0;
  #late: NodeJS.Timeout | undefined;
  #pause: NodeJS.Timeout | undefined;

  private constructor(name: JudgeWorker, task: object, limits: PolicyLimits) {
    this.#name = name;
    this.#task = task;
    this.#limits = limits;
  }

  /** Resolves when the worker is ready; rejects when it cannot be. */
  static start(task: JudgeTask, limits: PolicyLimits): Promise<Judge> {
    return Judge.#started(new Judge('cedar-judge', task, limits));
  }

  /** The same for questions that bring their own entities. */
  static startForEntities(
    task: EntityTask,
    limits: PolicyLimits,
  ): Promise<Judge<EntityFacts, EntityQuestion>> {
    return Judge.#started(new Judge<EntityFacts, EntityQuestion>('entity-judge', task, limits));
  }

  static async #started<F, A>(judge: Judge<F, A>): Promise<Judge<F, A>> {
    try {
      await judge.#spawn();
    } catch (fault) {
      await judge.close();
      throw fault;
    }
    return judge;
  }

  /** Cedar's answer, or null when there is none to be had now. Never rejects. */
  ask(facts: Facts, question: Asked): Promise<RawAnswers | null> {
    if (!this.#ready || this.#queue.length >= this.#limits.queuedEvaluations) return Promise.resolve(null);
    return new Promise((settle) => {
      this.#queue.push({ facts, question, settle });
      if (this.#queue.length === 1 && this.#underWay.length === 0) queueMicrotask(() => this.#send());
    });
  }

  /** Ends the worker once it has answered what is asked already. */
  retire(): void {
    this.#retiring = true;
    this.#leaveWhenIdle();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#pause);
    const worker = this.#worker;
    this.#down();
    await worker?.terminate();
  }

  async #spawn(): Promise<void> {
    const started = performance.now();
    let worker: Worker;
    try {
      worker = new Worker(workerFile(this.#name), {
        workerData: this.#task,
        resourceLimits: { maxOldGenerationSizeMb: this.#limits.workerMemoryMb, stackSizeMb: 16 },
        env: {},
        execArgv: [],
      });
    } catch (cause) {
      this.#replace(0);
      throw cause;
    }
    this.#worker = worker;
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (reply: JudgeReply) => {
        if (worker !== this.#worker) return;
        if (reply.id !== 0) return this.#receive(reply);
        this.#ready = true;
        resolve();
      });
      const died = (cause: unknown) => {
        if (worker === this.#worker) this.#replace(performance.now() - started);
        reject(cause);
      };
      worker.once('error', died);
      worker.once('exit', (code) => died(new Error(`the worker that judges ended with code ${code}`)));
    });
  }

  #send(): void {
    if (!this.#ready || this.#underWay.length > 0 || this.#queue.length === 0) return;
    this.#underWay = this.#queue.splice(0, BATCH);
    const sessions = [...new Set(this.#underWay.map(({ facts }) => facts))];
    const questions = this.#underWay.map(
      ({ facts, question }) => [sessions.indexOf(facts), question] as const,
    );
    const id = ++this.#batch;
    this.#worker?.postMessage({ id, sessions, questions } satisfies JudgeBatch<Facts, Asked>);
    // The check waits for one more turn: when it was this thread that was busy, the answer is already here.
    this.#late = setTimeout(
      () => setImmediate(() => id === this.#batch && this.#underWay.length > 0 && this.#tooLate()),
      this.#limits.answerMs,
    );
  }

  #receive(reply: JudgeReply): void {
    if (reply.id !== this.#batch) return;
    clearTimeout(this.#late);
    const answered = this.#underWay;
    this.#underWay = [];
    for (const [index, waiting] of answered.entries()) waiting.settle(reply.answers[index] ?? null);
    this.#send();
    this.#leaveWhenIdle();
  }

  #leaveWhenIdle(): void {
    if (this.#retiring && this.#queue.length === 0 && this.#underWay.length === 0) void this.close();
  }

  #tooLate(): void {
    const worker = this.#worker;
    this.#replace(this.#limits.answerMs);
    worker?.terminate().catch(() => {});
  }

  /** Takes the worker out of use and starts another. */
  #replace(livedMs: number): void {
    this.#down();
    if (this.#closed || this.#retiring) return;
    const again = () => void this.#spawn().catch(() => {});
    if (livedMs > PAUSE_MS) again();
    else this.#pause = setTimeout(again, PAUSE_MS).unref();
  }

  /** Everything that waits gets no answer. */
  #down(): void {
    clearTimeout(this.#late);
    this.#worker = null;
    this.#ready = false;
    const waiting = [...this.#underWay, ...this.#queue];
    this.#underWay = [];
    this.#queue = [];
    for (const { settle } of waiting) settle(null);
  }
}
