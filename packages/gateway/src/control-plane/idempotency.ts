import { createHash } from 'node:crypto';
import type { Route, RouteName } from '@sallyport/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Identity } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import type { IdempotencyRow, IdempotencyTable } from '../storage/index.ts';
import { Refused } from './problem.ts';

/** How long an answer is kept for a request that is sent again, in milliseconds. */
const KEPT_MS = 24 * 3_600_000;
/** Most keys kept of one caller: of more, the oldest are forgotten. */
const KEYS_PER_CALLER = 1_000;
/** Largest answer that is kept, in characters. */
const ANSWER_CHARACTERS = 262_144;
const KEY = /^[\x21-\x7e]{1,255}$/;

/** One request that changes something, as far as it decides whether another is the same. */
interface Keyed {
  readonly name: RouteName;
  readonly route: Route;
  readonly caller: Identity;
  readonly params: unknown;
  readonly body: unknown;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export interface Idempotency {
  /** Does what is asked once per `Idempotency-Key`; a request without one is done. What was refused may be tried again. */
  once(keyed: Keyed, act: () => unknown): Promise<unknown>;
}

/**
 * Makes a request that changes something safe to send again: the answer is kept under who asked and the key they chose,
 * so nobody finds another's. It comes after authorization, so an answer is given again only to who could ask for it now.
 */
export function createIdempotency(table: IdempotencyTable, clock: Clock): Idempotency {
  return {
    async once(keyed, act) {
      const given = keyOf(keyed.request);
      if (given === null) return act();
      const caller = digest([keyed.caller.subject, keyed.caller.actor, keyed.caller.task]);
      const key = digest([caller, given]);
      const request = digest([keyed.name, keyed.params, keyed.body]);
      const now = clock.now();
      const stops = keyed.route.stops === true;
      let taken: IdempotencyRow | null;
      try {
        taken = await take(table, { key, caller, request, created_at: now }, now);
      } catch (fault) {
        // Nothing goes on because the store is away.
        if (stops) return act();
        throw fault;
      }
      if (taken !== null) return again(taken, request, keyed);
      let answer: unknown;
      try {
        answer = await act();
      } catch (error) {
        // What went wrong is the answer, whether or not the key could be freed.
        await table.forget(key).catch(() => undefined);
        throw error;
      }
      const text = keyed.route.secretAnswer === true ? null : (JSON.stringify(answer) ?? null);
      try {
        await table.answered(key, 200, text !== null && text.length <= ANSWER_CHARACTERS ? text : null);
        await table.keepNewest(caller, KEYS_PER_CALLER);
      } catch (fault) {
        if (!stops) throw fault;
      }
      return answer;
    },
  };
}

async function take(
  table: IdempotencyTable,
  row: Parameters<IdempotencyTable['begin']>[0],
  now: number,
): Promise<IdempotencyRow | null> {
  const taken = await table.begin(row);
  if (taken === null || taken.created_at > now - KEPT_MS) return taken;
  await table.removeBefore(now - KEPT_MS);
  return table.begin(row);
}

function again(taken: IdempotencyRow, request: string, { reply }: Keyed): unknown {
  if (taken.request !== request) {
    throw new Refused(
      422,
      'key-reused',
      'This Idempotency-Key was sent before, with another request. Choose a new one for each request.',
    );
  }
  if (taken.status === null) {
    throw new Fault(
      'conflict',
      'The request with this Idempotency-Key is under way, or the gateway stopped while it was: look at what it was about.',
    );
  }
  if (taken.answer === null) {
    throw new Fault(
      'conflict',
      'The request with this Idempotency-Key was carried out; its answer is not kept.',
    );
  }
  reply.header('idempotency-replayed', 'true');
  return JSON.parse(taken.answer);
}

/** The key as it was sent, or null. Two of them are not one. */
function keyOf(request: FastifyRequest): string | null {
  const given = request.raw.headersDistinct['idempotency-key'];
  if (given === undefined) return null;
  const [key = '', ...more] = given;
  if (more.length === 0 && KEY.test(key)) return key;
  throw new Refused(
    400,
    'bad-request',
    'The Idempotency-Key is not acceptable: send one, of 1 to 255 printable characters.',
  );
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
