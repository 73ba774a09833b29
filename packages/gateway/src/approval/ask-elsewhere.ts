import { setTimeout as pause } from 'node:timers/promises';
import type { Identity } from '../identity/index.ts';
import { Fault, type FaultCode } from '../lib/fault.ts';
import type { AccessWordRow, StoredAccessRequest } from '../storage/index.ts';
import type { Answering } from './answer-words.ts';
import type { DecidedThrough } from './approval.ts';
import { identityColumn, readIdentity } from './identity-column.ts';
import { reasonToDeny, reasonWithin } from './limits.ts';
import { objectionTo } from './rules.ts';
import { shownDigest } from './shown.ts';
import { viewOfStored } from './stored-view.ts';
import { throughColumn, throughFacts } from './through.ts';

export interface Word {
  readonly verdict: 'approve' | 'deny';
  readonly decider: Identity;
  readonly reason: string;
  readonly through: DecidedThrough;
}

/** How long the gateway that holds a request has to answer, in milliseconds. */
const ANSWER_MS = 5_000;
/** How often the answer is looked for, in milliseconds, should word of it be lost. */
const LOOK_MS = 250;

/**
 * Has a person's word counted by the gateway that holds the request. Resolves once it counts; rejects as `approve` does.
 * A word that is not answered in time is withdrawn: it either counts or never will.
 */
export async function askElsewhere(deps: Answering, stored: StoredAccessRequest, word: Word): Promise<void> {
  const { storage, clock, random } = deps;
  const { request } = stored;
  const said = checkHere(deps, stored, word);
  const id = `aw-${random(8)}`;
  // Logged here before it is said there: this gateway is the one that knows who said it.
  deps.audit.append({
    ...{ type: 'access-decided', requestId: request.id, sessionId: request.session_id },
    ...{ subject: request.subject, actor: request.actor, task: request.task },
    ...{ target: request.target, digest: request.digest, form: request.form },
    facts: {
      ...{ approver: word.decider.subject, verdict: word.verdict },
      ...{ state: 'asked', replica: request.replica },
      ...throughFacts(word.through),
    },
  });
  const answered = Promise.withResolvers<void>();
  const forget = storage.bus.subscribe('access-answers', (about) => {
    if (about === null || about === id) answered.resolve();
  });
  try {
    const row = {
      ...{ id, request_id: request.id, approver: identityColumn(word.decider) },
      ...{ verdict: word.verdict, reason: said, shown: shownDigest(viewOfStored(stored)) },
      asked_at: clock.now(),
    };
    const through = throughColumn(word.through, row, deps.storeKey);
    await storage.accessWords.asked({ ...row, through });
    await storage.bus.publish('access-words', request.id);
    const answer = await answerTo(deps, id, answered.promise);
    if (answer === null) throw notAnswered(request.replica);
    if (answer.state !== 'counted') throw new Fault(codeOf(answer.state), answer.answer);
  } finally {
    forget();
  }
}

/** What this gateway can tell by itself; the holder judges again. Gives the reason as it is kept. */
function checkHere(deps: Answering, stored: StoredAccessRequest, { verdict, decider, reason }: Word): string {
  const { id, replica } = stored.request;
  const requester = readIdentity(stored.request.requester);
  if (requester === null)
    throw new Fault(
      'conflict',
      `Could not decide ${id}: who asks is not known here; decide on gateway "${replica}".`,
    );
  const objection = objectionTo(decider, requester, viewOfStored(stored).requirements);
  if (objection !== null) throw new Fault('not-permitted', `Could not decide ${id}: ${objection}.`);
  const { reasonLength } = deps.config;
  return verdict === 'deny' ? reasonToDeny(id, reason, reasonLength) : reasonWithin(reason, reasonLength);
}

/** Null when there was none in time and the word is withdrawn. */
async function answerTo(
  { storage }: Answering,
  id: string,
  told: Promise<void>,
): Promise<AccessWordRow | null> {
  const until = performance.now() + ANSWER_MS;
  let hint: Promise<void> | null = told;
  for (;;) {
    await Promise.race([pause(LOOK_MS), ...(hint === null ? [] : [hint])]);
    // A hint that came must not make this spin.
    hint = null;
    const row = await storage.accessWords.find(id);
    if (row !== null && row.state !== 'asked' && row.state !== 'taken') return row;
    const late = performance.now() > until;
    if (late && (row === null || (await storage.accessWords.take(id, 'withdrawn')))) return null;
    // Taken in the last moment: it will be answered, unless its gateway stopped.
    if (performance.now() > until + ANSWER_MS)
      throw new Fault(
        'conflict',
        'The gateway that holds it took your word and did not say what became of it: look at the request.',
      );
  }
}

const CODES: ReadonlySet<string> = new Set<FaultCode>([
  ...(['not-found', 'not-permitted', 'conflict'] as const),
  'step-up-required',
  ...(['audit-unavailable', 'limit-exceeded', 'storage-unavailable'] as const),
]);

/** Others may have written the store. */
function codeOf(state: string): FaultCode {
  return CODES.has(state) ? (state as FaultCode) : 'conflict';
}

function notAnswered(replica: string): Fault {
  return new Fault(
    'storage-unavailable',
    `Gateway "${replica}" holds it and does not answer; your word was withdrawn. Try again, or decide there.`,
  );
}
