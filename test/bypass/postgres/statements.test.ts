import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { corpus } from './corpus.ts';
import { actionsOf, type StatementWorld, startStatementWorld } from './world.ts';

describe('statements that are not what they look like', () => {
  let world: StatementWorld;
  before(async () => {
    world = await startStatementWorld();
  });
  after(() => world.close());

  for (const { sql, does, after: earlier = [] } of corpus) {
    const title = [...earlier, sql].join(' ⏎ ').replaceAll(/\s+/g, ' ');
    test(`understands ${title} [postgres.statement-actions]`, async () => {
      const meaning = await world.understand(...earlier, sql);
      if (does.startsWith('?')) {
        assert.match(meaning.undetermined ?? 'determined', new RegExp(does.slice(1)));
      } else {
        assert.equal(meaning.undetermined, null);
        assert.deepEqual(
          actionsOf(meaning),
          does
            .split(',')
            .map((one) => one.trim())
            .sort(),
        );
      }
      assert.ok(meaning.evaluations.length > 0, 'a statement with nothing to judge');
      assert.ok(Object.isFrozen(meaning));
    });
  }

  test('holds at least 150 of them [postgres.statement-actions]', () => {
    assert.ok(corpus.length >= 150, `${corpus.length}`);
  });
});
