/** A log like that of a busy gateway, of any size: a few common values, many rare ones, and some that never meet. */
import { openLog } from '@sallyport/audit-log';

const DAY_MS = 86_400_000;
const SESSION_OPERATIONS = 40;
const TABLES = 400;

/** Steps through 32 bits (Marsaglia, Xorshift RNGs, 2003): the same log every time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const VERBS = ['select', 'select', 'select', 'select', 'select', 'insert', 'update', 'delete'] as const;

/** Writes so many decisions, with the starts and ends of their sessions, over thirty days. */
export async function writeSyntheticLog(directory: string, operations: number): Promise<void> {
  const number = numbers(20_260_301);
  let now = Date.UTC(2026, 1, 1);
  const step = (30 * DAY_MS) / operations;
  const log = openLog(directory, { checkpointMs: 0, now: () => now });
  let session = startSession(number, 0);
  for (let at = 0; at < operations; at += 1) {
    now += step;
    if (at % SESSION_OPERATIONS === 0) {
      if (at > 0)
        log.append({ type: 'session-ended', ...session.who, reason: 'closed', facts: { operations: 40 } });
      session = startSession(number, at / SESSION_OPERATIONS);
      log.append({
        type: 'session-started',
        ...session.who,
        task: session.task,
        facts: { client: 'psql', facet: 'shop' },
      });
    }
    log.append(operation(number, session, at));
  }
  await log.close();
}

interface Session {
  readonly who: Readonly<Record<'sessionId' | 'subject' | 'actor' | 'target' | 'protocol', string>>;
  readonly task: string;
  /** People of even number work on one half of the tables, the others on the other: pairs that never meet. */
  readonly half: number;
}

function startSession(number: (below: number) => number, count: number): Session {
  const person = number(4) === 0 ? number(2_000) : number(20);
  return {
    who: {
      sessionId: `s${count.toString(16).padStart(15, '0')}`,
      subject: `corp|person-${person}`,
      actor: `agent-${number(50)}`,
      target: number(5) === 0 ? `db-${number(40)}` : 'warehouse',
      protocol: 'postgres',
    },
    task: `ticket-${number(5_000)}`,
    half: person % 2,
  };
}

function operation(number: (below: number) => number, { who, task, half }: Session, at: number) {
  const verb = VERBS[number(VERBS.length)] ?? 'select';
  const table = (number(3) === 0 ? number(TABLES / 2) : number(10)) * 2 + half;
  const name = `t_${table}`;
  const denied = verb === 'delete' && number(2) === 0;
  const form =
    verb === 'select'
      ? `SELECT id, name, email, created_at, ref_${number(200)} FROM ${name} WHERE id = $1 AND state = $2 ORDER BY created_at LIMIT $3`
      : `${verb} ${name} SET name = $1, updated_at = now() WHERE id = $2 RETURNING id, col_${number(200)}`;
  return {
    type: 'decision',
    ...who,
    task,
    evaluationId: `${who.sessionId}.${at}`,
    effect: denied ? 'deny' : 'permit',
    digest: 'ab'.repeat(32),
    form,
    actions: verb === 'select' ? ['select'] : [verb, 'select'],
    tables: [`shop.public.${name}`],
    policies: [denied ? 'no-deletes' : `team-${number(30)}`],
    policyVersion: 'cd'.repeat(8),
  };
}
