/** One person, or their own agent, dressed up as another: nobody approves their own, and one person fills one seat. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectionTo, seatFor } from '../../../packages/gateway/src/approval/rules.ts';
import { identityOf } from '../../../packages/gateway/src/identity/claims.ts';
import { identitySection } from '../../../packages/gateway/src/identity/index.ts';

const issuers = identitySection.parse({
  issuers: ['main', 'other'].map((name) => ({
    ...{ name, issuer: `https://${name}.example`, audience: 'sallyport' },
  })),
}).issuers;

function identity(claims: Readonly<Record<string, unknown>>, issuer: 'main' | 'other' = 'main') {
  const config = issuers.find(({ name }) => name === issuer);
  assert.ok(config !== undefined);
  return identityOf({ groups: ['approvers'], auth_time: 1, ...claims }, config, Date.now() + 60_000, 64, 't');
}

const REQUIREMENTS = [{ group: 'approvers', seats: 2 }];

/** Alice, as she may come back to approve what her agent asked. */
const ALICE = { sub: 'alice', email: 'alice@corp.example', name: 'Alice' };
const DISGUISES: Readonly<Record<string, ReturnType<typeof identity>>> = {
  'herself, without the agent': identity(ALICE),
  'another account with her e-mail': identity({ sub: 'alice2', email: 'alice@corp.example' }),
  'her e-mail in capitals': identity({ sub: 'alice2', email: 'ALICE@Corp.Example' }),
  'her e-mail in wide letters': identity({ sub: 'alice2', email: 'ａｌｉｃｅ@corp.example' }),
  'her e-mail with something invisible in it': identity({ sub: 'alice2', email: 'ali\u200bce@corp.example' }),
  'her e-mail with a soft hyphen in it': identity({ sub: 'alice2', email: 'alice@cor\u00adp.example' }),
  'her e-mail as another issuer knows it': identity({ sub: 'x', email: 'alice@corp.example' }, 'other'),
  'her e-mail as a user name': identity({ sub: 'x', preferred_username: 'alice@corp.example' }, 'other'),
  'her e-mail as a subject': identity({ sub: 'alice@corp.example' }, 'other'),
  'the agent itself, as a person': identity({ sub: 'agent-1' }),
};

const REQUESTER = identity({ ...ALICE, act: { sub: 'agent-1' } });

for (const [disguise, decider] of Object.entries(DISGUISES)) {
  test(`nobody approves their own as ${disguise} [approval.disguises, L3]`, () => {
    assert.equal(objectionTo(decider, REQUESTER, REQUIREMENTS), 'nobody decides their own access request');
  });
}

test('one person does not fill two seats, however they come back [approval.disguises, L3]', () => {
  const first = identity(ALICE);
  for (const [disguise, again] of Object.entries(DISGUISES)) {
    if (disguise === 'the agent itself, as a person') continue;
    assert.equal(seatFor(again, [first], REQUIREMENTS), 'already-seated', disguise);
  }
  assert.equal(seatFor(identity({ sub: 'bob', email: 'bob@corp.example' }), [first], REQUIREMENTS), 'seat');
});

test('a machine does not approve, whatever its token claims [approval.disguises, L3]', () => {
  const other = identity({ sub: 'carl', email: 'carl@corp.example', act: { sub: 'agent-9' } });
  for (const claims of [
    { sub: 'robot', auth_time: undefined },
    { sub: 'robot', auth_time: '1' },
    { sub: 'robot', auth_time: undefined, amr: [] },
    { sub: 'robot', auth_time: undefined, email_verified: 'true' },
    { sub: 'robot', client_id: 'robot' },
    { sub: 'robot', azp: 'robot' },
    { sub: 'dora', act: { sub: 'agent-2' } },
  ]) {
    assert.equal(
      objectionTo(identity(claims), other, REQUIREMENTS),
      'only a person can decide an access request',
      JSON.stringify(claims),
    );
  }
});
