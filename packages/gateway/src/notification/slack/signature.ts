import { createHmac, timingSafeEqual } from 'node:crypto';
import { Fault } from '../../lib/fault.ts';

/** A request that proves by a signature over its bytes who sent it. Everything in it is the sender's until that is checked. */
export interface SignedRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** As it came, before anything read it. */
  readonly body: Buffer;
}

/** Oldest, and furthest ahead, that a request may be, in seconds (Slack, "Verifying requests from Slack"). */
const WINDOW_SECONDS = 300;
/** Most requests of that window that are remembered: more are refused, as one of them could be a repetition. */
const REMEMBERED = 20_000;

/** Checks `X-Slack-Signature`, each request once. */
export class SignatureCheck {
  /** Until when a signature is remembered, in seconds; oldest first. */
  readonly #seen = new Map<string, number>();

  /** Throws Fault `credential-rejected`: that it is not Slack's, or was answered before. The words say no more than that. */
  check({ headers, body }: SignedRequest, secret: string, nowMs: number): void {
    const timestamp = one(headers['x-slack-request-timestamp']);
    const signature = one(headers['x-slack-signature']);
    if (!/^\d{1,12}$/.test(timestamp) || !/^v0=[0-9a-f]{64}$/.test(signature)) throw rejected();
    const now = Math.floor(nowMs / 1_000);
    // Bytes, not text: what was signed is what was sent.
    const expected = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest();
    const fits = timingSafeEqual(expected, Buffer.from(signature.slice(3), 'hex'));
    if (!fits || Math.abs(now - Number(timestamp)) > WINDOW_SECONDS) throw rejected();
    this.#once(signature, Number(timestamp) + WINDOW_SECONDS, now);
  }

  #once(signature: string, until: number, now: number): void {
    for (const [old, end] of this.#seen) {
      if (end < now) this.#seen.delete(old);
    }
    if (this.#seen.has(signature) || this.#seen.size >= REMEMBERED) throw rejected();
    this.#seen.set(signature, until);
  }
}

function one(value: string | readonly string[] | undefined): string {
  return typeof value === 'string' ? value : '';
}

function rejected(): Fault {
  return new Fault('credential-rejected', 'This is not a request of the Slack app that is configured.');
}
