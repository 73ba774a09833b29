import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Question, SessionContext } from './decision.ts';
import { ask, pointOver, policyFiles, sessionOf } from './policy.test-support.ts';

const agent = sessionOf(['agents']);

test('a use of a hidden column is asked about with its columns and roles, unless its class may be seen [policy.hidden-use]', async (t) => {
  const policies = `
    @id("see") permit (principal in Group::"privacy", action == Action::"reveal", resource) when { resource.name == "email" };
    @id("s") permit (principal, action == Action::"select", resource);
    @id("groups") permit (principal, action == Action::"probe", resource)
    when { ["group"].containsAll(context.roles) && !context.columns.contains("*") };
    @id("never") forbid (principal, action == Action::"declassify", resource);`;
  const point = await pointOver(t, policyFiles(t, { 'a.cedar': policies }));
  const select = ask('select', 'Table', 'd/s/t');
  const probe = (roles: readonly string[], columns: readonly string[], action = 'probe'): Question => ({
    action,
    resource: { type: 'DataClass', path: ['email'] },
    facts: { roles, columns },
  });
  const effect = async (who: SessionContext, ...questions: readonly Question[]) =>
    (await point.decide(who, [select, ...questions], [])).effect;
  const privacy = sessionOf(['privacy']);
  assert.equal(await effect(agent, probe(['group'], ['s.t.c'])), 'permit');
  assert.equal(await effect(agent, probe(['filter'], ['s.t.c'])), 'deny', 'other roles are another question');
  assert.equal(await effect(agent, probe(['group'], ['*'])), 'deny');
  const untold: Question = { action: 'probe', resource: { type: 'DataClass', path: ['email'] } };
  assert.equal(await effect(agent, untold), 'deny', 'what nobody told could be anything');
  assert.equal(await effect(privacy, probe(['filter'], ['s.t.c'])), 'permit');
  assert.equal(await effect(privacy, probe([], ['s.t.c'], 'declassify')), 'permit');
  const denied = await point.decide(agent, [select, probe([], ['s.t.\u202ec'], 'declassify')], []);
  assert.ok(denied.effect === 'deny');
  assert.equal(
    denied.reason,
    'it declassifies s.t.\\u202ec, which is classified as email: policy "never" forbids declassify on DataClass "email"',
  );
  assert.equal(denied.denied?.action, 'declassify');
  const explained = async (who: SessionContext) => {
    const [one] = await point.explain(who, [probe(['filter'], ['s.t.c'])]);
    return [one?.effect, one?.policies, one?.note];
  };
  assert.deepEqual(await explained(agent), [
    'deny',
    [],
    'it filters by s.t.c, which is classified as email; no policy matched',
  ]);
  assert.deepEqual(await explained(privacy), ['permit', ['see'], 'it may be seen in clear']);
});
