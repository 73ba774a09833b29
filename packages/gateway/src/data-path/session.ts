import type { Identity } from '../identity/index.ts';
import type { Approved, Decision, SessionContext } from '../policy/index.ts';
import type { Caller, Denial, DenialCode, Mask, Operation, Tape } from '../protocols/protocol.ts';
import type { Recording } from '../recording/index.ts';
import type { Budget } from '../task-tokens/index.ts';
import type { Decisions } from './decide.ts';
import { digestPrefix, operationDigest } from './digest.ts';
import type { House } from './house.ts';

/** Longest delay of one timer; a token that lives longer is looked at again then. */
const LONGEST_TIMER_MS = 2_147_483_647;

const NOTHING_GRANTED: readonly string[] = [];

/** An operation whose reply is not over, with what it was permitted on. */
export interface UnderWay {
  readonly operation: Operation;
  readonly decision: Decision;
  readonly approved: readonly Approved[];
}

/** Data classes a session is shown because it asked, beside what policy shows it anyway. */
export interface Grant {
  /** Never empty. */
  readonly classes: readonly string[];
  /** What was asked, to be judged again when the policy changes, with what people approved for it. */
  readonly operation: Operation;
  readonly approved: readonly Approved[];
  readonly evaluationId: string;
  /** Under another policy than this it counts for nothing. */
  readonly policyVersion: string;
}

/** One authenticated use of one target, from admission until either side is done or it is ended (L6). */
export class Session {
  readonly id: string;
  readonly house: House;
  readonly identity: Identity;
  readonly context: SessionContext;
  readonly target: string;
  readonly facet: string;
  readonly client: string;
  readonly startup: Caller['startup'];
  readonly salt: string;
  readonly startedAt: number;
  /** Whose experience it is: of this subject and actor, here. */
  readonly experienceKey: string;
  readonly #decisions: Decisions;
  /** Set once the session is admitted; nothing is judged before. */
  recording: Recording | null = null;
  /** What belongs to no operation, a notification or a notice, is masked with this; replaced when the policy changes. */
  mask: Mask | null = null;
  /** The containment's generation when it was last asked about this session. */
  containedAt = -1;
  /** What its task token may still do; null for any other token. Set once the session is admitted: connecting is not counted. */
  budget: Budget | null = null;
  #grant: Grant | null = null;
  /** What was decided while the grant stands. */
  #decisionsGranted: Decisions | null = null;
  /** Operations the target was sent and whose reply is not over. */
  readonly #underWay = new Set<UnderWay>();
  #operations = 0;
  #ending: Denial | null = null;
  readonly #listeners = new Set<(denial: Denial) => void>();
  #expiry: NodeJS.Timeout | undefined;
  #prefix = '';
  #prefixVersion = '';

  constructor(
    house: House,
    identity: Identity,
    context: SessionContext,
    caller: Caller,
    id = house.random(8),
  ) {
    this.house = house;
    this.identity = identity;
    this.context = context;
    this.id = id;
    this.salt = house.random(16);
    this.target = context.target;
    this.facet = caller.facet;
    this.client = caller.client;
    this.startup = caller.startup;
    this.startedAt = house.clock.now();
    this.experienceKey = JSON.stringify([identity.subject, identity.actor, context.target]);
    this.#decisions = house.decisions.of(identityClass(context));
    this.#watchExpiry();
  }

  /** What it is shown because it asked, or null; whether that counts now is another matter: see `granted`. */
  get grant(): Grant | null {
    return this.#grant;
  }

  set grant(grant: Grant | null) {
    this.#grant = grant;
    this.#decisionsGranted =
      grant === null
        ? null
        : this.house.decisions.of(JSON.stringify([identityClass(this.context), grant.classes]));
  }

  /** The classes granted under the policy in force; the same list for as long as it is the same grant. */
  get granted(): readonly string[] {
    const grant = this.#grant;
    return grant !== null && grant.policyVersion === this.house.decisionPoint.version
      ? grant.classes
      : NOTHING_GRANTED;
  }

  /** What was decided for callers like this one, with as much granted. */
  get decisions(): Decisions {
    const granted = this.#decisionsGranted;
    return granted === null || this.granted === NOTHING_GRANTED ? this.#decisions : granted;
  }

  /** Operations judged so far. */
  get operations(): number {
    return this.#operations;
  }

  /** Why the session ended, or null while it is open. */
  get ending(): Denial | null {
    return this.#ending;
  }

  /** What people granted for a time, that stands now. */
  standing(): readonly Approved[] {
    return this.house.approvals.standing(this.identity, this.target);
  }

  /** What is under way now, to be judged again when the policy changes. */
  get underWay(): readonly UnderWay[] {
    return [...this.#underWay];
  }

  /** Follows an operation until its tape ends. */
  follow(operation: Operation, decision: Decision, approved: readonly Approved[], tape: Tape): Tape {
    const underWay: UnderWay = { operation, decision, approved };
    this.#underWay.add(underWay);
    return {
      reply: (bytes, start, end) => tape.reply(bytes, start, end),
      end: (result) => {
        this.#underWay.delete(underWay);
        tape.end(result);
      },
    };
  }

  nextEvaluationId(): string {
    this.#operations += 1;
    return `${this.id}.${this.#operations}`;
  }

  digest(operation: Operation, policyVersion: string): string {
    if (policyVersion !== this.#prefixVersion) {
      const { salt, target, facet, identity } = this;
      const { subject, actor } = identity;
      this.#prefix = digestPrefix({ salt, target, facet, subject, actor, policyVersion });
      this.#prefixVersion = policyVersion;
    }
    return operationDigest(this.#prefix, operation);
  }

  /** Ends the session now: everything waiting is refused and both sockets are closed by whoever listens. */
  end(code: DenialCode, reason: string, hint: string): void {
    if (this.#ending !== null) return;
    const denial: Denial = { evaluationId: this.nextEvaluationId(), code, reason, policies: [], hint };
    this.#ending = denial;
    clearTimeout(this.#expiry);
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener(denial);
  }

  /** Called once, at once when the session has ended already. Gives how to take it back. */
  onEnd(listener: (denial: Denial) => void): () => void {
    if (this.#ending === null) this.#listeners.add(listener);
    else listener(this.#ending);
    return () => void this.#listeners.delete(listener);
  }

  /** A session must not outlive the token it stands on. */
  #watchExpiry(): void {
    const left = this.identity.expiresAt - this.house.clock.now();
    this.#expiry = setTimeout(
      () => {
        if (this.house.clock.now() < this.identity.expiresAt) this.#watchExpiry();
        else this.end('session-ended', 'the access token has expired', 'get a new token and connect again');
      },
      Math.min(Math.max(left, 0), LONGEST_TIMER_MS),
    );
    this.#expiry.unref();
  }
}

/** Two sessions with the same class get the same answer from every policy. */
export function identityClass(context: SessionContext): string {
  const { identity, target, protocol, secure, access } = context;
  const { subject, groups, actor, task, kind } = identity;
  return JSON.stringify([subject, [...groups].sort(), actor, task, kind, target, protocol, secure, access]);
}
