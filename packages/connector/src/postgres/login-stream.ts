import { FrameReader, MESSAGE_HEADER_BYTES, WireError } from '@sallyport/postgres-wire';
import type { ConnectorLimits } from '../config.ts';
import { derived, LOGIN_START, type LoginState, type Step, step } from './login.ts';
import { readLoginMessage } from './login-messages.ts';
import { type LoginPlan, LoginRefused } from './login-plan.ts';

export interface LoginOutput {
  send(bytes: Buffer): void;
  /** Asks for the salted password; `salted()` brings it. */
  salt(salt: Buffer, iterations: number): void;
}

/**
 * Feeds the login machine from a byte stream, within the limits. Pure but for what it tells `output`.
 * Both methods throw LoginRefused or WireError when the login must end.
 */
export class LoginStream {
  readonly #plan: LoginPlan;
  readonly #limits: ConnectorLimits;
  readonly #output: LoginOutput;
  readonly #frames: FrameReader;
  #state: LoginState = LOGIN_START;
  #receivedBytes = 0;
  #framedBytes = 0;
  #messages = 0;

  constructor(plan: LoginPlan, limits: ConnectorLimits, output: LoginOutput) {
    this.#plan = plan;
    this.#limits = limits;
    this.#output = output;
    this.#frames = new FrameReader(limits.login_message_bytes);
  }

  get state(): LoginState {
    return this.#state;
  }

  /** Takes one chunk. Returns what of it follows the end of the login, or null while the login goes on. */
  push(chunk: Buffer): Buffer | null {
    const before = this.#receivedBytes;
    this.#receivedBytes += chunk.length;
    try {
      this.#frames.push(chunk, this.#message);
    } catch (error) {
      // The reader runs on into the bytes after the login, whose form is not judged here.
      if (!(error instanceof WireError && this.#state.name === 'ready')) throw error;
    }
    if (this.#state.name === 'ready') return chunk.subarray(this.#framedBytes - before);
    if (this.#receivedBytes > this.#limits.login_bytes) this.#overLimit('login_bytes');
    return null;
  }

  /** The answer to `output.salt`. */
  salted(saltedPassword: Buffer): void {
    if (this.#state.name === 'deriving') this.#advance(derived(this.#state, saltedPassword));
  }

  readonly #message = (type: number, bytes: Buffer, start: number, end: number): void => {
    if (this.#state.name === 'ready') return;
    this.#framedBytes += end - start + MESSAGE_HEADER_BYTES;
    this.#messages += 1;
    if (this.#messages > this.#limits.login_messages) this.#overLimit('login_messages');
    this.#advance(step(this.#plan, this.#state, readLoginMessage(type, bytes, start, end)));
  };

  #advance(next: Step): void {
    this.#state = next.state;
    if (next.send !== null) this.#output.send(next.send);
    if (next.state.name !== 'deriving') return;
    this.#output.salt(next.state.challenge.salt, next.state.challenge.iterations);
  }

  #overLimit(name: 'login_bytes' | 'login_messages'): never {
    throw new LoginRefused(
      'limit-exceeded',
      `it sent more during login than the limit ${name} (${this.#limits[name]}) allows; is it PostgreSQL?`,
    );
  }
}
