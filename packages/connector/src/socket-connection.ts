import type { Channel } from './channel.ts';
import type { TargetConnection } from './connector.ts';
import { ConnectorFault } from './fault.ts';
import { endInTurn, letGo } from './let-go.ts';
import type { Turns } from './turns.ts';

export interface LoggedIn {
  readonly target: string;
  readonly channel: Channel;
  readonly facts: Readonly<Record<string, string>>;
  /** Bytes that came with the end of the login, still to be delivered. Copied: the channel's memory is reused. */
  readonly early: Buffer;
  readonly cancel: () => Promise<void>;
  /** For cancels that nobody waits for. */
  readonly turns: Turns;
}

/** A logged-in socket as the data path uses it. Bytes wait until someone takes them, and while it is paused. */
export class SocketConnection implements TargetConnection {
  readonly facts: Readonly<Record<string, string>>;
  readonly #target: string;
  readonly #channel: Channel;
  readonly #cancel: () => Promise<void>;
  readonly #turns: Turns;
  #early: Buffer | null;
  #taken = false;
  #paused = false;
  #closedByUs = false;
  #onClose: ((fault: Error | null) => void) | null = null;
  #onDrain: () => void = nothing;
  #fault: Error | null = null;
  #closed = false;

  /** Takes over the channel, which must be paused. */
  constructor(loggedIn: LoggedIn) {
    this.facts = loggedIn.facts;
    this.#target = loggedIn.target;
    this.#channel = loggedIn.channel;
    this.#cancel = loggedIn.cancel;
    this.#turns = loggedIn.turns;
    this.#early = loggedIn.early.length === 0 ? null : loggedIn.early;
    const socket = loggedIn.channel.socket;
    socket.on('drain', () => this.#onDrain());
    socket.on('error', (error) => {
      this.#fault = error;
    });
    if (socket.destroyed) this.#ended();
    else socket.once('close', () => this.#ended());
  }

  write(bytes: Uint8Array): boolean {
    return this.#channel.socket.write(bytes);
  }

  onData(handler: (chunk: Buffer) => void): void {
    this.#channel.inlet.sink = handler;
    if (this.#taken) return;
    this.#taken = true;
    // Not during this call: the caller may not have its other handlers in place yet.
    queueMicrotask(() => this.#flow());
  }

  keep(): void {
    this.#channel.inlet.keep();
  }

  onDrain(handler: () => void): void {
    this.#onDrain = handler;
  }

  onClose(handler: (fault: Error | null) => void): void {
    this.#onClose = handler;
    if (this.#closed) queueMicrotask(() => this.#reportClose());
  }

  pause(): void {
    this.#paused = true;
    this.#channel.socket.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#taken) this.#flow();
  }

  cancel(): Promise<void> {
    return this.#cancel();
  }

  close(): void {
    this.#closedByUs = true;
    this.#channel.socket.destroy();
  }

  async abandon(busy: boolean): Promise<void> {
    if (this.#closed) return;
    this.#closedByUs = true;
    const { socket, inlet } = this.#channel;
    // What it still says is of no interest, but it may have to say it before it sees that we are gone.
    inlet.sink = nothing;
    this.#early = null;
    const isWaiting = socket.writableLength > 0;
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.resume();
    if (isWaiting) socket.destroy();
    else if (busy) socket.end();
    else await endInTurn(socket, closed, this.#turns);
    return letGo({
      target: this.#target,
      // A socket that we closed says nothing of what the target does.
      closed: isWaiting ? null : closed,
      busy: busy || isWaiting,
      turns: this.#turns,
      cancel: this.#cancel,
    }).finally(() => socket.destroy());
  }

  #flow(): void {
    if (this.#paused || this.#closedByUs) return;
    const early = this.#early;
    if (early !== null) {
      this.#early = null;
      this.#channel.inlet.sink(early);
      if (this.#paused || this.#closedByUs) return;
    }
    this.#channel.socket.resume();
  }

  #ended(): void {
    this.#closed = true;
    this.#reportClose();
  }

  #reportClose(): void {
    const handler = this.#onClose;
    if (handler === null) return;
    this.#onClose = null;
    if (this.#fault === null || this.#closedByUs) {
      handler(null);
      return;
    }
    const why = (this.#fault as NodeJS.ErrnoException).code ?? 'unknown error';
    const message = `the connection broke (${why}); connect again, and look at the target's own log if it happens again`;
    handler(new ConnectorFault('connection-lost', this.#target, message, { cause: this.#fault }));
  }
}

function nothing(): void {}
