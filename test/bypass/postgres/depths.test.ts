import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DEPTHS, depths, opaque } from './depths.ts';
import { actionsOf, type StatementWorld, startStatementWorld } from './world.ts';

describe('statements that set something off', () => {
  let world: StatementWorld;
  before(async () => {
    world = await startStatementWorld(undefined, DEPTHS);
  });
  after(() => world.close());

  for (const [promise, cases] of Object.entries(depths)) {
    for (const { sql, does, after: earlier = [] } of cases) {
      const title = [...earlier, sql].join(' ⏎ ').replaceAll(/\s+/g, ' ');
      test(`follows ${title} [${promise}]`, async () => {
        const meaning = await world.understand(...earlier, sql);
        if (does.startsWith('?'))
          return assert.match(meaning.undetermined ?? 'determined', new RegExp(does.slice(1)));
        assert.equal(meaning.undetermined, null);
        const expected = does.split(',').map((line) => line.trim());
        assert.deepEqual(actionsOf(meaning), expected.toSorted());
      });
    }
  }

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
