import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMasking, maskingSection } from '../masking/index.ts';
import type { Decision, DecisionPoint, Risk } from '../policy/index.ts';
import { sessionOf } from '../policy/policy.test-support.ts';
import type { Meaning } from '../protocols/protocol.ts';
import { type Asking, createDecisionMemo, decide } from './decide.ts';
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

test('a decision is remembered with what was granted when it was made, whatever came or went meanwhile [masking.reveal-session]', async () => {
  const none: readonly string[] = [];
  const email: readonly string[] = ['email'];
  let granted = none;
  let answer = Promise.withResolvers<void>();
  const decisionPoint: Partial<DecisionPoint> = {
    version: 'v1',
    asksRisk: false,
    async decide(): Promise<Decision> {
      await answer.promise;
      const obligations = [{ kind: 'mask', revealed: [] }] as const;
      return { effect: 'permit', policies: [], policyVersion: 'v1', obligations };
    },
  };
  const memo = createDecisionMemo(decisionPoint as DecisionPoint);
  const decisions = new Map([none, email].map((classes) => [classes, memo.of(classes.join())]));
  const context = sessionOf([]);
  const masking = createMasking(maskingSection.parse({}));
  const asking = {
    ...{ context, identity: context.identity, target: 't', house: { decisionPoint, masking } },
    get granted() {
      return granted;
    },
    get decisions() {
      return decisions.get(granted);
    },
  } as unknown as Asking;
  const select: Meaning = {
    ...meaning,
    evaluations: [{ action: 'select', resource: { type: 'Table', path: ['d', 's', 't'] } }],
  };
  for (const [before, after] of [
    [none, email],
    [email, none],
  ] as const) {
    const fresh = { ...select };
    granted = before;
    answer = Promise.withResolvers();
    const decided = decide(asking, { meaning: fresh });
    granted = after;
    answer.resolve();
    const expected = [{ kind: 'mask', revealed: after }];
    assert.deepEqual(((await decided) as { obligations?: unknown }).obligations, expected);
    assert.equal(decisions.get(before)?.get(fresh, null), undefined);
    assert.deepEqual(decisions.get(after)?.get(fresh, null), await decided);
  }
});
