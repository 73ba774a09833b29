/** Calls `run` after `delayMs` unless cancelled first. An argument, so that tests own time. */
export type Schedule = (delayMs: number, run: () => void) => { cancel(): void };

/** The runtime's timer. It does not keep the process alive. */
export const systemSchedule: Schedule = (delayMs, run) => {
  const timer = setTimeout(run, Math.min(delayMs, 2 ** 31 - 1));
  timer.unref();
  return { cancel: () => clearTimeout(timer) };
};

/** One timer for many deadlines: set for the earliest, set anew when it fires. */
export class ExpiryTimer {
  readonly #schedule: Schedule;
  readonly #now: () => number;
  readonly #fire: () => number | null;
  #armed: { readonly at: number; cancel(): void } | null = null;

  /** `fire` does what is due and gives the next deadline, or null. */
  constructor(schedule: Schedule, now: () => number, fire: () => number | null) {
    this.#schedule = schedule;
    this.#now = now;
    this.#fire = fire;
  }

  /** Makes sure that `fire` runs at this time, or earlier. */
  arm(at: number): void {
    if (this.#armed !== null && this.#armed.at <= at) return;
    this.stop();
    const timer = this.#schedule(Math.max(0, at - this.#now()), () => {
      this.#armed = null;
      const next = this.#fire();
      // A millisecond at least: timers may fire early, and a deadline that stays due must not spin.
      if (next !== null) this.arm(Math.max(next, this.#now() + 1));
    });
    this.#armed = { at, cancel: () => timer.cancel() };
  }

  stop(): void {
    this.#armed?.cancel();
    this.#armed = null;
  }
}
