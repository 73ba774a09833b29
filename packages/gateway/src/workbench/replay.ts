/** Recorded sessions, as operations that can be judged again. Everything in a recording came from clients. */
import { join } from 'node:path';
import type { OperationResult } from '../protocols/protocol.ts';
import {
  listRecordings,
  type RecordedOperation,
  type RecordingHeader,
  readRecording,
} from '../recording/index.ts';
import type { Person } from './person.ts';

export interface ReplayedSession {
  readonly id: string;
  readonly startedAt: number;
  readonly person: Person;
  readonly target: string;
  readonly facet: string;
  readonly protocol: string;
  /** In order. Read from the file as they are asked for. */
  operations(): Generator<ReplayedOperation, void>;
}

export interface ReplayedOperation {
  readonly operation: RecordedOperation;
  /** What became of it then: a hold is one whatever people decided. */
  readonly effect: 'permit' | 'deny' | 'hold';
  /** How it ended, or null when the recording does not say. */
  readonly result: OperationResult | null;
  /** Why it cannot be judged again, or null when it can. */
  readonly unreplayable: string | null;
}

export interface ReplayRange {
  /** Milliseconds since the epoch: sessions that began from then on … */
  readonly since: number;
  /** … and before then. */
  readonly until: number;
}

/** Sessions of the range, oldest first: what an actor did before decides what is new to it. */
export function replaySessions(directory: string, range: ReplayRange): readonly ReplayedSession[] {
  return [...newestFirst(directory, range)].reverse();
}

function* newestFirst(directory: string, { since, until }: ReplayRange): Generator<ReplayedSession, void> {
  for (const { file, header } of listRecordings(directory)) {
    // A folder is a day, and days come newest first.
    if (file.slice(0, 10) < new Date(since).toISOString().slice(0, 10)) return;
    if (header.startedAt < since || header.startedAt >= until) continue;
    yield sessionOf(join(directory, file), header);
  }
}

function sessionOf(path: string, header: RecordingHeader): ReplayedSession {
  const { sessionId, startedAt, identity, target, facet, protocol, secure = true } = header;
  const { subject, groups, actor, task, kind } = identity;
  const person = { subject, groups, actor, task, person: kind === 'person', secure };
  const operations = () => operationsOf(path);
  return { id: sessionId, startedAt, person, target, facet, protocol, operations };
}

/** Operations waiting for their result, at most: a hostile file must not choose. */
const WAITING = 100_000;

function* operationsOf(path: string): Generator<ReplayedOperation, void> {
  const results = resultsOf(path);
  for (const event of readRecording(path)) {
    if (event.kind !== 'operation') continue;
    const { operation, number, textLeftOut } = event;
    const result = results.get(number) ?? null;
    const unreplayable =
      textLeftOut > 0 ? 'its text was too long to be recorded whole' : notOfPolicy(operation, result);
    yield { operation, effect: effectOf(operation), result, unreplayable };
  }
}

/** A reply may end long after the operations behind it in the pipeline were recorded, so the file is read twice. */
function resultsOf(path: string): ReadonlyMap<number, OperationResult> {
  const results = new Map<number, OperationResult>();
  for (const event of readRecording(path)) {
    if (event.kind !== 'result') continue;
    results.set(event.number, event.result);
    if (results.size >= WAITING) break;
  }
  return results;
}

function effectOf({ effect, requestId }: RecordedOperation): ReplayedOperation['effect'] {
  return requestId === null ? effect : 'hold';
}

/** Codes of denials that policy made; the others would be as they were under any policy. */
const OF_POLICY = new Set(['forbidden', 'undetermined']);
/** How the decision point begins a deny that names no policy. */
const UNMATCHED = /^(?:no policy permits |its effect cannot be determined: )/;

function notOfPolicy(operation: RecordedOperation, result: OperationResult | null): string | null {
  const { effect, requestId, policies, reason } = operation;
  if (effect === 'permit' || requestId !== null || policies.length > 0) return null;
  if (result !== null && !OF_POLICY.has(result.status))
    return `it was refused for another reason: ${result.status}`;
  return UNMATCHED.test(reason) ? null : 'it was refused by the gateway itself, whatever policy says';
}
