/** Judges recorded operations by a policy set, session by session and in order, since each leaves its session changed. */
import type { Desk, Judgement, ReplayedOperation, ReplayedSession, Workbench } from '@sallyport/gateway';

type StudiedSession = ReturnType<Desk['begin']>;
export type Meaning = Parameters<StudiedSession['forwarded']>[0];
export type Asking = Parameters<Workbench['judge']>[0];

export type Change = 'unchanged' | 'newly denied' | 'newly held' | 'newly permitted' | 'cannot be replayed';

/** One recorded operation, and what would become of it. */
export interface Compared {
  readonly session: ReplayedSession;
  readonly replayed: ReplayedOperation;
  readonly change: Change;
  /** Null where it cannot be replayed at all. */
  readonly now: { readonly asking: Asking; readonly meaning: Meaning; readonly judgement: Judgement } | null;
  /** Why it cannot be replayed, or why it is not permitted. */
  readonly why: string | null;
}

export interface ReplayFilter {
  readonly actor?: string | undefined;
  readonly subject?: string | undefined;
  readonly target?: string | undefined;
}

export function matches({ person, target }: ReplayedSession, filter: ReplayFilter): boolean {
  return (
    (filter.actor === undefined || filter.actor === person.actor) &&
    (filter.subject === undefined || filter.subject === person.subject) &&
    (filter.target === undefined || filter.target === target)
  );
}

/** Every operation of a session, judged anew. Never rejects for what a recording holds. */
export async function* compareSession(
  workbench: Workbench,
  session: ReplayedSession,
): AsyncGenerator<Compared, void> {
  const desk = await workbench
    .desk(session.target, session.facet)
    .catch((fault: unknown) => messageOf(fault));
  const studied = typeof desk === 'string' ? null : desk.begin();
  for (const replayed of session.operations()) {
    const because = replayed.unreplayable ?? (typeof desk === 'string' ? desk : null);
    if (because !== null || studied === null || typeof desk === 'string') {
      yield { session, replayed, change: 'cannot be replayed', now: null, why: because };
      continue;
    }
    const asking = await workbench.asking(session.person, desk);
    const meaning = await studied.understand(replayed.operation.text);
    const judgement = await workbench.judge(asking, meaning);
    yield {
      session,
      replayed,
      now: { asking, meaning, judgement },
      ...changeOf(replayed, meaning, judgement),
    };
    if (replayed.operation.effect !== 'permit') continue;
    workbench.remember(asking, meaning);
    studied.forwarded(meaning);
    if (replayed.result?.outcome === 'completed') studied.succeeded(meaning);
  }
}

function changeOf(
  { effect: then }: ReplayedOperation,
  { undetermined }: Meaning,
  { effect: now, reason, policies }: Judgement,
): Pick<Compared, 'change' | 'why'> {
  // It could be told then, or nothing would have run: what it touched is gone, or was never part of the recording.
  if (undetermined !== null && then !== 'deny' && now === 'deny' && policies.length === 0)
    return { change: 'cannot be replayed', why: undetermined };
  if (now === then) return { change: 'unchanged', why: reason };
  if (now === 'permit') return { change: 'newly permitted', why: null };
  return { change: now === 'hold' ? 'newly held' : 'newly denied', why: reason };
}

function messageOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
