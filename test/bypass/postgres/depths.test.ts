import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HostileStatement } from './corpus.ts';
import {
  constraints,
  DEPTHS,
  definitions,
  families,
  functions,
  opaque,
  triggers,
  types,
  views,
} from './depths.ts';
import { actionsOf, type StatementWorld, startStatementWorld } from './world.ts';

describe('statements that set something off', () => {
  let world: StatementWorld;
  before(async () => {
    world = await startStatementWorld(undefined, DEPTHS);
  });
  after(() => world.close());

  const title = ({ sql, after: earlier = [] }: HostileStatement) =>
    [...earlier, sql].join(' ⏎ ').replaceAll(/\s+/g, ' ');
  const follows = async ({ sql, does, after: earlier = [] }: HostileStatement) => {
    const meaning = await world.understand(...earlier, sql);
    if (does.startsWith('?'))
      return assert.match(meaning.undetermined ?? 'determined', new RegExp(does.slice(1)));
    assert.equal(meaning.undetermined, null);
    const expected = does.split(',').map((line) => line.trim());
    assert.deepEqual(actionsOf(meaning), expected.toSorted());
  };

  for (const one of views)
    test(`follows views in ${title(one)} [postgres.statement-views]`, () => follows(one));
  for (const one of functions)
    test(`follows functions in ${title(one)} [postgres.statement-functions]`, () => follows(one));
  for (const one of triggers)
    test(`follows triggers in ${title(one)} [postgres.statement-triggers]`, () => follows(one));
  for (const one of constraints)
    test(`follows constraints in ${title(one)} [postgres.statement-constraints]`, () => follows(one));
  for (const one of families)
    test(`follows children and parents in ${title(one)} [postgres.statement-inheritance]`, () =>
      follows(one));
  for (const one of definitions)
    test(`follows definitions in ${title(one)} [postgres.statement-definitions]`, () => follows(one));
  for (const one of types)
    test(`follows types in ${title(one)} [postgres.statement-types]`, () => follows(one));

  for (const [sql, what] of opaque) {
    test(`cannot tell what ${what.trim()} does in ${sql} [postgres.statement-opaque]`, async () => {
      const meaning = await world.understand(sql);
      assert.notEqual(meaning.undetermined, null);
      const on = (meaning.undeterminedOn ?? []).map(
        ({ type, path }) => `${type} ${path.filter((part) => part !== 'shop').join('.')}`,
      );
      assert.equal(on.toSorted().join(', '), what);
    });
  }
});
