/** What approvers are shown of bound values: no two values look the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessRequestSubject } from '../../../packages/gateway/src/approval/index.ts';
import { operation, requestableUnder, stagedHouse } from './staged-house.ts';

test('a text that spells null, or bytes, is not shown as null or bytes [data-path.shown, L3]', async () => {
  const staged = stagedHouse();
  staged.decide = async () => requestableUnder('v1');
  const seen: AccessRequestSubject[] = [];
  const { open } = staged.house.approvals;
  Object.assign(staged.house.approvals, {
    open(subject: AccessRequestSubject) {
      seen.push(subject);
      return open(subject);
    },
  });
  staged.people = async () => ({ state: 'expired' });
  const text = (value: string) => Buffer.from(value);
  const parameters = [
    ...[null, text('NULL'), text('"NULL"'), text('null'), Buffer.from([0xff]), text('\\xff')],
    ...[text('(binary) \\xff'), Buffer.from([0xff]), text('plain'), text('"\\"NULL\\""')],
  ];
  const parameterForms = parameters.map((_, at) => (at === 7 ? 'binary' : 'text') as 'binary' | 'text');
  await staged.submit({ ...operation(), parameters, parameterForms });
  const shown = seen[0]?.parameters ?? [];
  assert.equal(shown.length, parameters.length);
  assert.equal(new Set(shown).size, shown.length, shown.join(' | '));
  assert.equal(shown[0], 'NULL');
  assert.equal(shown[8], 'plain');
});
