import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reactions } from './lifecycle.ts';

test('nothing is written to a client that is gone, and only a request under way is refused [http.lifecycle]', () => {
  for (const [state, row] of Object.entries(reactions)) {
    assert.equal(row.gone, 'close');
    for (const reaction of Object.values(row)) {
      assert.equal(reaction === 'complain' && state !== 'idle', false);
      assert.equal(reaction === 'refuse' && (state === 'idle' || state === 'answering'), false);
    }
    assert.notEqual(row.ended, 'complain');
  }
});
