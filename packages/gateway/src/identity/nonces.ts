/** Nonces for DPoP proofs (RFC 9449 section 8): with one, a proof cannot have been made long before it is used. */
import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { sameText } from './same-text.ts';

/** A new one this often, in milliseconds. The one before it is accepted, too: a proof may be on its way. */
const PERIOD_MS = 60_000;

/** The nonce of now is an HMAC of the time, with a key of this process: nothing is remembered, none can be foretold. */
export class Nonces {
  readonly #key = randomBytes(32);
  readonly #clock: Pick<Clock, 'elapsed'>;

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock;
  }

  get current(): string {
    return this.#of(this.#period);
  }

  accepts(nonce: unknown): boolean {
    if (typeof nonce !== 'string') return false;
    const period = this.#period;
    const [now, before] = [this.#of(period), this.#of(period - 1)].map((one) => sameText(one, nonce));
    return now === true || before === true;
  }

  get #period(): number {
    return Math.floor(this.#clock.elapsed() / PERIOD_MS);
  }

  #of(period: number): string {
    return createHmac('sha256', this.#key).update(String(period)).digest('base64url');
  }
}
