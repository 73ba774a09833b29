import { Fault } from '../lib/fault.ts';
import type { AccessWordRow } from '../storage/index.ts';
import { readIdentity } from './identity-column.ts';
import type { ApprovalDependencies } from './room.ts';
import type { LocalRoom } from './shared-room.ts';
import { shownDigest } from './shown.ts';
import { readThrough } from './through.ts';

export type Answering = Pick<
  ApprovalDependencies,
  'storage' | 'config' | 'clock' | 'audit' | 'random' | 'report' | 'storeKey'
>;

/** How old a word may be: older, its gateway was away, and whoever said it may not say it any more. Clocks may differ by a part of it. */
const WORD_MS = 30_000;

/** Reads what people said on other gateways about requests held here, and answers each word once. */
export function answerWords(room: LocalRoom, deps: Answering): { close(): void } {
  const { storage, report } = deps;
  let closed = false;
  let reading: Promise<void> = Promise.resolve();
  let again = false;
  const read = async (): Promise<void> => {
    again = false;
    for (const word of await storage.accessWords.waiting()) {
      if (closed || !(await storage.accessWords.take(word.id, 'taken'))) continue;
      const { state, answer } = await judge(room, word, deps);
      await storage.accessWords.answered(word.id, state, answer);
      await storage.bus.publish('access-answers', word.id);
    }
  };
  const forget = storage.bus.subscribe('access-words', (id) => {
    if (id === null) room.reconcile();
    // One reading at a time, and one more for whatever comes meanwhile.
    if (again) return;
    again = true;
    reading = reading.then(read).catch(report);
  });
  return {
    close() {
      closed = true;
      forget();
    },
  };
}

interface Answer {
  readonly state: string;
  readonly answer: string;
}

/** The row is only what another gateway says: who may decide is judged here, by this gateway's own rules on what it holds itself. */
async function judge(
  room: LocalRoom,
  word: AccessWordRow,
  { clock, report, storeKey }: Answering,
): Promise<Answer> {
  const now = clock.now();
  const refused = (answer: string): Answer => ({
    state: 'conflict',
    answer: `Could not decide ${word.request_id}: ${answer}.`,
  });
  const subject = room.subjectOf(word.request_id);
  if (subject === null) return refused('it is over, not pending');
  const through = readThrough(word, storeKey);
  if (through === null)
    return refused('no gateway with the key of this one sealed your word; see storage.seal_key_file');
  if (Math.abs(now - word.asked_at) > WORD_MS)
    return refused('your word came too late; look whether the clocks of the gateways agree');
  if (word.shown !== shownDigest(subject)) return refused('what you were shown is not what waits');
  const decider = readIdentity(word.approver);
  if (decider === null || decider.expiresAt <= now) return refused('your token is not good any more');
  try {
    if (word.verdict === 'approve') await room.approve(word.request_id, decider, word.reason, null, through);
    else if (word.verdict === 'deny') await room.deny(word.request_id, decider, word.reason, through);
    else return refused('the verdict is unknown');
    return { state: 'counted', answer: '' };
  } catch (fault) {
    if (fault instanceof Fault) return { state: fault.code, answer: fault.message };
    report(fault);
    return refused('the gateway that holds it failed');
  }
}
