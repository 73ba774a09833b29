import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision, DecisionPoint, Risk } from '../policy/index.ts';
import type { Meaning } from '../protocols/protocol.ts';
import { createDecisionMemo } from './decide.ts';
import { Uses } from './risk.ts';

const meaning: Meaning = { form: 'f', evaluations: [], undetermined: null, changesState: false };

function decision(reason: string): Decision {
  return { effect: 'deny', policies: [], policyVersion: 'v1', reason, approvals: null };
}

test('what was decided at one risk is found at that risk alone, and forgotten with the policy [policy.risk-keyed]', () => {
  const point = { version: 'v1' } as DecisionPoint & { version: string };
  const memo = createDecisionMemo(point).of('someone');
  const risk = (score: number, ...reasons: string[]): Risk => ({ score, reasons });
  memo.set(meaning, risk(30, 'a (30)'), decision('at thirty'));
  assert.equal(memo.get(meaning, null), undefined);
  assert.equal(memo.get(meaning, risk(31, 'a (30)')), undefined);
  assert.equal(memo.get(meaning, risk(30, 'b (30)')), undefined, 'its record would give other reasons');
  assert.deepEqual(memo.get(meaning, risk(30, 'a (30)')), decision('at thirty'));
  memo.set(meaning, null, decision('without'));
  assert.deepEqual(memo.get(meaning, null), decision('without'));
  assert.deepEqual(memo.get(meaning, risk(30, 'a (30)')), decision('at thirty'));
  assert.equal(createDecisionMemo(point).of('another').get(meaning, null), undefined);
  point.version = 'v2';
  assert.equal(memo.get(meaning, null), undefined);
  assert.equal(memo.get(meaning, risk(30, 'a (30)')), undefined);
});

test('uses are bounded, and what was forgotten is new again [policy.risk]', () => {
  const uses = new Uses(2);
  for (const use of ['a', 'b', 'a', 'c']) uses.add(use);
  assert.deepEqual(
    ['a', 'b', 'c'].map((use) => uses.has(use)),
    [true, false, true],
  );
});
