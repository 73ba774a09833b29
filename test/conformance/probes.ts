import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientAnswer, OperationName, ProtocolFixture } from './fixture.ts';
import type { GatewayUnderTest } from './gateway-under-test.ts';
import type { World } from './world.ts';

/** Longest time for something that must happen by itself. */
const PATIENCE_MS = 30_000;

export function assertReply(
  answer: ClientAnswer,
  pattern: RegExp,
): asserts answer is ClientAnswer & { kind: 'reply' } {
  assert.equal(answer.kind, 'reply', JSON.stringify(answer));
  if (answer.kind === 'reply') assert.match(answer.text, pattern);
}

export function assertRefused(
  answer: ClientAnswer,
  pattern: RegExp,
): asserts answer is ClientAnswer & { kind: 'refused' } {
  assert.equal(answer.kind, 'refused', JSON.stringify(answer));
  if (answer.kind !== 'refused') return;
  assert.match(answer.text, pattern);
  assert.ok(
    answer.evaluationId !== null && answer.evaluationId.length > 0,
    'the refusal has an evaluation id',
  );
}

export const names = (arrived: World['arrived']): readonly OperationName[] => arrived.map(({ name }) => name);

export const sessionsStarted = (gateway: GatewayUnderTest): number =>
  gateway.audit.filter(({ type }) => type === 'session-started').length;

export const violations = (gateway: GatewayUnderTest): number =>
  gateway.audit.filter(({ type }) => type === 'violation').length;

export function operationPermits(audit: GatewayUnderTest['audit']): number {
  return audit.filter(
    ({ type, effect, form }) => type === 'decision' && effect === 'permit' && form !== 'connect',
  ).length;
}

export function textOf(line: ReturnType<ProtocolFixture['protocol']['transcribe']>[number]): string[] {
  if (line.kind === 'columns') return [...line.names];
  if (line.kind === 'row') return line.values.map((value) => value ?? '');
  return [line.text];
}

/** Waits for a condition without naming a time it must take. */
export async function eventually(what: string, holds: () => boolean): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  while (!holds()) {
    assert.ok(Date.now() < until, `${what}: not within ${PATIENCE_MS} ms`);
    await sleep(5);
  }
}

export async function within<T>(what: string, work: Promise<T>): Promise<T> {
  const late = new AbortController();
  const timeout = sleep(PATIENCE_MS, null, { signal: late.signal }).then(() =>
    assert.fail(`${what}: not within ${PATIENCE_MS} ms`),
  );
  timeout.catch(() => undefined);
  try {
    return await Promise.race([work, timeout]);
  } finally {
    late.abort();
  }
}
