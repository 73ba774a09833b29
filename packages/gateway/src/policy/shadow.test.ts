import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ask, pointOver, policyFiles, sessionOf } from './policy.test-support.ts';

const agent = sessionOf(['agents']);
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
console.log(`seed ${seed} (replay with SEED=${seed})`);

test('what a policy in shadow mode would have changed is said, with who and what [policy.shadow]', async (t) => {
  const point = await pointOver(
    t,
    policyFiles(t, {
      'a.cedar': `@id("read") permit (principal, action in Action::"read", resource);
        @id("ask") @approval("x") permit (principal, action == Action::"insert", resource);
        @id("no-secret") @shadow forbid (principal, action == Action::"select", resource is Table) when { resource.name == "secret" };
        @id("few") @shadow @limit_rows("5") permit (principal, action == Action::"update", resource);
        @id("free") @shadow permit (principal, action == Action::"insert", resource);
        @id("bad") @shadow forbid (principal, action == Action::"show", resource) when { 9223372036854775807 + 1 == 0 };
        @id("seen") @shadow permit (principal, action == Action::"reveal", resource) when { resource.name == "email" };`,
    }),
  );
  const decided = async (action: string, name: string) => {
    const decision = await point.decide(
      agent,
      [action === 'show' ? ask('show', 'Setting', name) : ask(action, 'Table', `d/s/${name}`)],
      [],
    );
    const real = decision.effect === 'deny' && decision.approvals !== null ? 'hold' : decision.effect;
    return [real, decision.shadow?.effect, decision.shadow?.policies];
  };
  assert.deepEqual(await decided('select', 'secret'), ['permit', 'deny', ['no-secret']]);
  assert.deepEqual(await decided('insert', 't'), ['hold', 'permit', ['free']]);
  assert.deepEqual(await decided('update', 't'), ['deny', 'permit', ['few']]);
  assert.deepEqual(await decided('show', 'x'), ['permit', 'deny', ['bad']]);
  assert.deepEqual(
    await decided('delete', 't'),
    ['deny', undefined, undefined],
    'nothing would have changed',
  );
  const read = await point.decide(agent, [ask('select', 'Table', 'd/s/t')], []);
  assert.ok(read.effect === 'permit');
  assert.deepEqual(read.obligations, [{ kind: 'mask', revealed: [] }]);
  assert.match(read.shadow?.reason ?? '', /"revealed":\["email"\]/, 'seeing more is a change, too');
});

test('a set decides the same with and without its policies in shadow mode [policy.shadow]', async (t) => {
  const effects = ['permit', 'forbid', '@approval("x") permit', '@limit_rows("3") permit'];
  const scopes = [
    'principal, action, resource',
    'principal, action in Action::"read", resource',
    'principal, action == Action::"select", resource is Table',
    'principal in Group::"agents", action in Action::"write", resource',
  ];
  const policy = fc.tuple(fc.constantFrom(...effects), fc.constantFrom(...scopes), fc.boolean());
  const sets = fc.sample(fc.array(policy, { minLength: 1, maxLength: 6 }), { seed, numRuns: 8 });
  for (const set of sets) {
    const text = (counted: typeof set) =>
      counted
        .map(([effect, scope, shadow]) => `${shadow ? '@shadow ' : ''}${effect} (${scope});`)
        .concat('@id("last") permit (principal, action == Action::"connect", resource);')
        .join('\n');
    // Files are named apart so that what counts has the same place, and so the same id, in both.
    const inForce = text(set.filter(([, , shadow]) => !shadow));
    const shadowed = text(set.filter(([, , shadow]) => shadow)).replace('"last"', '"other-last"');
    const plain = await pointOver(t, policyFiles(t, { 'a.cedar': inForce }));
    const both = await pointOver(
      t,
      policyFiles(t, { 'a.cedar': inForce, 'b.cedar': shadowed.replace('@id', '@shadow @id') }),
    );
    for (const action of ['select', 'insert']) {
      for (const approved of [[], [{ group: 'x', seats: 1 }]]) {
        const asked = [ask(action, 'Table', 'd/s/t')];
        const { shadow: _, policyVersion: left, ...real } = await both.decide(agent, asked, approved);
        const { policyVersion: right, ...alone } = await plain.decide(agent, asked, approved);
        assert.deepEqual(real, alone, `${inForce}\n${shadowed}`);
        assert.notEqual(left, right);
      }
    }
  }
});
