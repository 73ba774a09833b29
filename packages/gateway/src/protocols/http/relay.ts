import type { Denial, HoldNotice, Line, Outcome } from '../protocol.ts';
import type { Served } from './accept.ts';
import { readBody } from './body.ts';
import type { ClientConnection, Incoming } from './client.ts';
import { deliver } from './deliver.ts';
import { fieldSafe, interimReply } from './interim.ts';
import { type Interruption, reactions, type State } from './lifecycle.ts';
import { possessionOf } from './possession.ts';
import {
  type Answer,
  answerOf,
  failureProblem,
  type Problem,
  problemOf,
  serialise,
  violationProblem,
} from './problem.ts';
import { type RequestHead, readIncoming } from './request-head.ts';
import { respond } from './respond.ts';
import { strangeness } from './same-caller.ts';
import { exchange, ReplyError } from './upstream.ts';

export interface Serving {
  readonly line: Line;
  readonly client: ClientConnection;
  /** The request that carried the credential: already read, and the caller was authenticated by it. */
  readonly first: { readonly incoming: Incoming; readonly head: RequestHead };
  readonly shared: Served;
}

/** Serves one connection: one request after the other, until either side or the gateway is done with it. */
export function relay(serving: Serving): Promise<void> {
  return new Relay(serving).run();
}

/** The exchange was interrupted; whoever stopped it has said how it goes on. */
class Stopped extends Error {}

/** An answer, and whether the connection ends with it. */
interface Turn {
  readonly answer: Answer;
  readonly closing: boolean;
}

class Relay {
  readonly #line: Line;
  readonly #client: ClientConnection;
  readonly #first: Serving['first'];
  readonly #shared: Served;
  readonly #stop = new AbortController();
  #state: State = 'reading';
  /** What the request under way is told when it is interrupted. */
  #parting: Problem | null = null;
  #closing = false;
  #accessRequest: string | null = null;
  /** Of the operation that is under way. */
  #permitted: (Outcome & { effect: 'permit' }) | null = null;

  constructor({ line, client, first, shared }: Serving) {
    this.#line = line;
    this.#client = client;
    this.#first = first;
    this.#shared = shared;
  }

  async run(): Promise<void> {
    const { target } = this.#line;
    target.onReply(() => this.#strayReply());
    target.onClose(() => this.#interrupt('target-closed', unavailable('the target closed the connection')));
    this.#line.onEnd((denial) => this.#interrupt('ended', problemOf(denial)));
    this.#client.listen({
      malformed: (status, reason) => {
        this.#line.violation('client', reason);
        this.#interrupt('malformed', violationProblem(status, reason));
      },
      gone: () => this.#interrupt('gone', null),
    });
    // The first is answered even when the session is over before it began: nobody is left without a word.
    let incoming: Incoming | null = this.#first.incoming;
    while (incoming !== null) {
      await this.#serve(incoming);
      incoming = this.#closing ? null : await this.#next();
    }
    target.close();
    await this.#parted();
  }

  async #next(): Promise<Incoming | null> {
    this.#state = 'idle';
    const { idleMs } = this.#shared.options;
    return this.#unlessStopped(this.#client.next(), idleMs, null).catch(() => null);
  }

  async #serve(incoming: Incoming): Promise<void> {
    this.#state = 'reading';
    this.#accessRequest = null;
    this.#permitted = null;
    let turn: Turn;
    try {
      turn = await this.#answer(incoming);
    } catch (fault) {
      if (!(fault instanceof Stopped)) this.#parting ??= this.#identified(FAILED);
      if (this.#parting === null) return this.#abandon();
      turn = this.#turn(answerOf(this.#parting), true);
    }
    this.#state = 'answering';
    this.#closing ||= turn.closing;
    await this.#write(incoming, turn.answer);
  }

  /** The recording first, then the client. */
  async #write(incoming: Incoming, answer: Answer): Promise<void> {
    const tape = this.#permitted?.tape;
    const record = serialise(answer, false);
    tape?.reply(record, 0, record.length);
    const slow = setTimeout(() => this.#interrupt('late', null), this.#shared.options.replyMs);
    const closing = this.#closing;
    const delivered = await respond(this.#client, incoming, answer, closing);
    clearTimeout(slow);
    // Interrupted while the answer was written: it could not say any more that it is the last.
    if (this.#closing && !closing) this.#client.close();
    const outcome = delivered ? (answer.status < 400 ? 'completed' : 'failed') : 'cancelled';
    tape?.end({ outcome, rows: null, bytes: answer.body.length, status: String(answer.status) });
  }

  /** Nobody is there to be told. */
  #abandon(): void {
    this.#closing = true;
    this.#permitted?.tape.end({ outcome: 'cancelled', rows: null, bytes: 0, status: 'client gone' });
  }

  /** One request, in the order of the picture: read, decide, forward, mask. */
  async #answer(incoming: Incoming): Promise<Turn> {
    const { options, bind } = this.#shared;
    const reading = readIncoming(incoming.request, options);
    if (!reading.ok) return this.#refuseViolation(incoming, reading.status, reading.reason);
    const { head } = reading;
    const stranger = strangeness(this.#first.head, head);
    if (stranger !== null) return this.#refuse(incoming, stranger.status, stranger.code, stranger.reason);
    if (incoming !== this.#first.incoming) {
      // The first was proven when the caller was authenticated. A proof is for one request.
      const unproven = await this.#line.confirm(possessionOf(this.#client, head, this.#shared.certificate));
      // For want of a nonce alone, the client may go on here with another proof.
      const closing = unproven?.denial.nonce === undefined || !incoming.request.complete;
      if (unproven !== null) return this.#turn(answerOf(problemOf(unproven.denial)), closing);
    }
    const limit = Math.min(options.bodyBytes, this.#line.limits.messageBytes);
    const slow = failureProblem(408, 'limit-exceeded', 'the request body took too long (http.body_ms)');
    const body = await this.#unlessStopped(readBody(incoming, limit), options.bodyMs, slow);
    if (body === null) {
      const reason = `the request body is larger than ${limit} bytes (http.body_bytes, limits.message_bytes)`;
      return this.#refuse(incoming, 413, 'limit-exceeded', reason);
    }
    const outcome = await this.#decide(head, () => bind(head, body));
    if (outcome.effect === 'deny') return this.#turn(answerOf(problemOf(outcome.refusal.denial)), false);
    this.#permitted = outcome;
    return this.#forward(head, body, outcome);
  }

  #decide(head: RequestHead, operation: () => ReturnType<Served['bind']>): Promise<Outcome> {
    this.#state = 'deciding';
    const held = (notice: HoldNotice): void => {
      this.#accessRequest = fieldSafe(notice.requestId);
      if (head.interim) this.#client.socket.write(interimReply(notice));
    };
    const asked = Promise.resolve(
      this.#line.submit(operation(), { held, signal: this.#stop.signal, wishes: head.wishes }),
    );
    const late = asked.then((outcome) => {
      // Permitted after the client was told otherwise: it is never forwarded.
      if (this.#stop.signal.aborted && outcome.effect === 'permit') {
        outcome.tape.end({ outcome: 'cancelled', rows: null, bytes: 0, status: 'not forwarded' });
      }
      return outcome;
    });
    return this.#unlessStopped(late, null, null);
  }

  async #forward(head: RequestHead, body: Buffer, outcome: Outcome & { effect: 'permit' }): Promise<Turn> {
    this.#state = 'forwarding';
    const { options } = this.#shared;
    const { limits, target } = this.#line;
    const { bytes: permittedBytes = null, timeoutMs = null } = outcome.limit ?? {};
    const replyBytes = Math.min(options.replyBytes, limits.replyMessageBytes);
    const limited = timeoutMs !== null && timeoutMs < options.replyMs;
    const slow = limited
      ? overLimit(504, `the reply took more than ${timeoutMs} ms, which policy permits (limit_time)`)
      : unavailable('the reply of the target took too long (http.reply_ms)', 504);
    try {
      const replyLimits = { ...options, replyBytes, permittedBytes };
      const whole = exchange(target, outcome.permit, head, body, replyLimits, this.#stop.signal);
      const reply = await this.#unlessStopped(whole, limited ? timeoutMs : options.replyMs, slow);
      target.onReply(() => this.#strayReply());
      return this.#turn(deliver(reply, outcome, head, options), false);
    } catch (fault) {
      if (!(fault instanceof ReplyError)) throw fault;
      const { code, message: detail } = fault;
      if (code === 'reply-withheld') this.#line.violation('target', detail);
      const { evaluationId } = outcome.permit;
      const problem = code === 'limit-exceeded' ? overLimit(403, detail) : failureProblem(502, code, detail);
      return this.#turn(answerOf({ ...problem, evaluationId }), true);
    }
  }

  #turn(answer: Answer, closing: boolean): Turn {
    const id = this.#accessRequest;
    const headers =
      id === null ? answer.headers : [...answer.headers, ['sallyport-access-request', id] as const];
    return { answer: { ...answer, headers }, closing };
  }

  #refuse(incoming: Incoming, status: number, code: Denial['code'], reason: string): Turn {
    const hint = code === 'limit-exceeded' ? 'send less at once' : 'see the detail';
    const form = `${incoming.request.method ?? ''} (not read)`;
    const { denial } = this.#line.refuse(form, code, reason, hint);
    return this.#turn(answerOf({ ...problemOf(denial, status), hint }), true);
  }

  #refuseViolation(incoming: Incoming, status: number, reason: string): Turn {
    this.#line.violation('client', reason);
    const form = `${incoming.request.method ?? ''} (not read)`;
    const { denial } = this.#line.refuse(form, 'protocol-violation', reason, '');
    return this.#turn(answerOf(violationProblem(status, reason, denial.evaluationId)), true);
  }

  #interrupt(interruption: Interruption, problem: Problem | null): void {
    if (this.#stop.signal.aborted) return;
    const reaction = reactions[this.#state][interruption];
    this.#closing = true;
    // A slow client must not have the rest of an answer for as long as it likes.
    if (interruption === 'ended') setTimeout(() => this.#client.close(), LAST_WORD_MS).unref();
    if (reaction === 'finish') return;
    if (reaction === 'refuse' && problem !== null) this.#parting = this.#identified(problem);
    this.#stop.abort();
    this.#line.target.close();
    if (reaction === 'complain' && problem !== null) this.#client.complain(answerOf(problem));
    else if (reaction !== 'refuse') this.#client.close();
  }

  /** The problem with the id of the evaluation it is about; one that was never judged is put on the record first. */
  #identified(problem: Problem): Problem {
    if (problem.evaluationId !== null) return problem;
    if (this.#permitted !== null) return { ...problem, evaluationId: this.#permitted.permit.evaluationId };
    const code = problem.code === 'reply-withheld' ? 'target-unavailable' : problem.code;
    const { denial } = this.#line.refuse('(not judged)', code, problem.detail, problem.hint);
    return { ...problem, evaluationId: denial.evaluationId };
  }

  #strayReply(): void {
    const reason = 'the target sent bytes that answer no request';
    this.#line.violation('target', reason);
    this.#interrupt('target-closed', unavailable(reason));
  }

  /** The work's result, unless the connection is interrupted first, or `limitMs` passes: then Stopped. */
  #unlessStopped<T>(work: Promise<T>, limitMs: number | null, late: Problem | null): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const { signal } = this.#stop;
    const stopped = (): void => reject(new Stopped());
    const timer = limitMs === null ? undefined : setTimeout(() => this.#interrupt('late', late), limitMs);
    signal.addEventListener('abort', stopped, { once: true });
    if (signal.aborted) stopped();
    work.then(resolve, reject);
    return promise.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stopped);
    });
  }

  async #parted(): Promise<void> {
    const { closed, socket } = this.#client;
    // An answer that closes the connection does so itself; this is for a client that does not let it.
    const timer = setTimeout(() => socket.destroy(), PARTING_MS);
    await closed;
    clearTimeout(timer);
  }
}

/** Longest time for a client to take what is left of its answer when its session is ended, in milliseconds. */
const LAST_WORD_MS = 500;

/** Longest time for a client to take its last answer and leave. */
const PARTING_MS = 5_000;

const FAILED = failureProblem(500, 'target-unavailable', 'the gateway failed to carry the request');

/** What policy permits was not enough. */
function overLimit(status: number, detail: string): Problem {
  return { ...failureProblem(status, 'limit-exceeded', detail), hint: 'ask for less at once' };
}

function unavailable(detail: string, status = 503): Problem {
  return failureProblem(status, 'target-unavailable', detail);
}
