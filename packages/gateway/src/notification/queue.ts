/** One channel and what waits for it: sends, tries again, gives up when nobody could use the message any more. */
import { setTimeout as sleep } from 'node:timers/promises';
import { failureOf, waitAfter } from '../export/index.ts';
import type { Channel } from './channel.ts';
import type { Notice } from './notice.ts';
import type { ChannelConfig } from './section.ts';

export interface ChannelStatus {
  readonly name: string;
  readonly type: string;
  readonly state: 'ok' | 'failing';
  readonly waiting: number;
  readonly delivered: number;
  /** Messages that were given up: the access request was over, or too many waited. */
  readonly undelivered: number;
  /** Attempts that failed since the last that did not. */
  readonly failures: number;
  /** Why the last attempt failed. Never a URL, nor what the other end said. */
  readonly problem: string | null;
}

export interface QueueDeps {
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Told of what was given up. */
  readonly gaveUp: (notice: Notice, why: string) => void;
}

interface Waiting {
  readonly notice: Notice;
  /** Until when anybody could use it. */
  readonly until: number;
  /** Why it was not taken when it was last tried; null before that. */
  problem: string | null;
}

export class ChannelQueue {
  readonly #config: ChannelConfig;
  readonly #channel: Channel;
  readonly #deps: QueueDeps;
  readonly #stopping = new AbortController();
  #waiting: Waiting[] = [];
  #running: Promise<void> | null = null;
  #draining = false;
  #delivered = 0;
  #undelivered = 0;
  #failures = 0;
  #problem: string | null = null;

  constructor(config: ChannelConfig, channel: Channel, deps: QueueDeps) {
    this.#config = config;
    this.#channel = channel;
    this.#deps = deps;
  }

  get status(): ChannelStatus {
    return {
      name: this.#config.name,
      type: this.#config.type,
      state: this.#failures > 0 ? 'failing' : 'ok',
      waiting: this.#waiting.length,
      delivered: this.#delivered,
      undelivered: this.#undelivered,
      failures: this.#failures,
      problem: this.#problem,
    };
  }

  /** Takes a message and returns at once. */
  add(notice: Notice, until: number): void {
    // What still waits to ask people about it asks for nothing any more.
    if (notice.event === 'access-request.ended')
      this.#waiting = this.#waiting.filter(
        (one, at) => (at === 0 && this.#running !== null) || one.notice.requestId !== notice.requestId,
      );
    if (this.#waiting.length >= this.#config.queue) {
      this.#giveUp(notice, `${this.#config.queue} messages wait already (queue)`);
      return;
    }
    this.#waiting.push({ notice, until, problem: null });
    this.#start();
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      // One may have come as the last one went.
      if (this.#waiting.length > 0 && !this.#draining) this.#start();
    });
  }

  /** One attempt, for whoever asks whether it works. Rejects with SinkFailure. */
  async tryOnce(notice: Notice): Promise<void> {
    await this.#send(notice);
  }

  /** Gives what waits one more attempt, for at most this long. */
  async close(drainMs: number): Promise<void> {
    this.#draining = true;
    const late = setTimeout(() => this.#stopping.abort(), this.#failures > 0 ? 0 : drainMs);
    await this.#running;
    clearTimeout(late);
    this.#stopping.abort();
    this.#channel.close();
  }

  async #run(): Promise<void> {
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined || this.#stopping.signal.aborted) return;
      if (this.#deps.now() >= first.until) {
        this.#waiting.shift();
        this.#giveUp(first.notice, first.problem ?? 'its time was over');
        continue;
      }
      const retryAfterMs = await this.#attempt(first);
      if (retryAfterMs === null) continue;
      if (this.#draining) return;
      const wait = Math.max(
        Math.min(retryAfterMs, this.#config.retryMostMs),
        waitAfter(this.#failures, this.#config, this.#deps.random()),
      );
      await sleep(wait, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => undefined);
    }
  }

  /** Null when it was taken, else how long the other end wants to be left alone. */
  async #attempt(one: Waiting): Promise<number | null> {
    try {
      await this.#send(one.notice);
      this.#waiting.shift();
      this.#delivered += 1;
      this.#failures = 0;
      this.#problem = null;
      return null;
    } catch (error) {
      const failure = failureOf('it failed', error);
      this.#failures += 1;
      this.#problem = failure.message;
      one.problem = failure.message;
      // Others first: one message that is never taken must not keep the rest from people. Those of the same request stay behind it.
      const own = this.#waiting.filter(({ notice }) => notice.requestId === one.notice.requestId);
      const others = this.#waiting.filter(({ notice }) => notice.requestId !== one.notice.requestId);
      this.#waiting = [...others, ...own];
      return failure.retryAfterMs;
    }
  }

  async #send(notice: Notice): Promise<void> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(this.#config.timeoutMs)]);
    const { promise: late, reject } = Promise.withResolvers<never>();
    const end = () => reject(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    late.catch(() => undefined);
    try {
      await Promise.race([this.#channel.send(notice, signal), late]);
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  #giveUp(notice: Notice, why: string): void {
    this.#undelivered += 1;
    this.#deps.gaveUp(notice, why);
  }
}
