/** What approvers are shown of an operation that touches more than can be shown. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessRequestSubject } from '../../../packages/gateway/src/approval/index.ts';
import { operation, requestableUnder, stagedHouse } from './staged-house.ts';

const table = (name: string) =>
  ({ action: 'select', resource: { type: 'Table', path: ['d', 's', name] } }) as const;
const many = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, at) => table(`${prefix}${String(at).padStart(3, '0')}`));

/** What is put before people of an operation that touches these, of which they are asked about some. */
async function shownOf(
  touched: readonly ReturnType<typeof table>[],
  asked: readonly ReturnType<typeof table>[],
) {
  const staged = stagedHouse();
  staged.decide = async () => ({
    ...requestableUnder('v1'),
    terms: { reason: false, grantMs: 60_000, asked },
  });
  const seen: AccessRequestSubject[] = [];
  const { open } = staged.house.approvals;
  Object.assign(staged.house.approvals, {
    open(subject: AccessRequestSubject) {
      seen.push(subject);
      return open(subject);
    },
  });
  staged.people = async () => ({ state: 'expired' });
  const { meaning, ...rest } = operation();
  await staged.submit({ ...rest, meaning: { ...meaning, evaluations: touched } });
  return seen[0]?.shown ?? assert.fail('nobody was asked');
}

test('what people are asked about is not pushed out of sight by what needs nobody [data-path.shown, L3]', async () => {
  const asked = [table('secret'), table('vault')];
  const shown = await shownOf([...many('harmless', 300), ...asked], asked);
  assert.match(shown.touches[0] ?? '', /secret/);
  assert.match(shown.touches[1] ?? '', /vault/);
  assert.deepEqual([shown.touches.length, shown.touchesLeftOut], [100, 202]);
  assert.equal(shown.grantMs, 60_000);
});

test('nothing is granted for a time of which people were not shown all that it is for [data-path.shown, approval.grant]', async () => {
  assert.equal((await shownOf(many('t', 101), many('t', 101))).grantMs, null);
  assert.equal((await shownOf(many('t', 100), many('t', 100))).grantMs, 60_000);
});
