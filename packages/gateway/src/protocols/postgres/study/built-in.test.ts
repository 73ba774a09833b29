import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshCatalog } from '../../../../../../test/fixtures/fresh-catalog.ts';
import { builtInCatalog } from './built-in.ts';
import { withBuiltIn, withoutBuiltIn } from './delta.ts';

test('the catalog that ships is that of a fresh database [tools.built-in]', async () => {
  const shipped = builtInCatalog();
  const fresh = await freshCatalog();
  const questions = (of: typeof fresh) => of.answers.map(({ question }) => question);
  assert.deepEqual(questions(shipped), questions(fresh), 'run node tools/built-in-catalog.ts');
  for (const [at, { rows }] of fresh.answers.entries()) {
    const known = new Set(shipped.answers[at]?.rows.map((row) => JSON.stringify(row)));
    assert.deepEqual(
      rows.filter((row) => !known.has(JSON.stringify(row))),
      [],
      'run node tools/built-in-catalog.ts',
    );
    assert.equal(rows.length, known.size);
  }
});

test('what is saved against it comes back whole, and against another one is refused [tools.catalog]', () => {
  const builtIn = builtInCatalog();
  const [answer] = builtIn.answers;
  assert.ok(answer !== undefined);
  const rows = [...answer.rows.slice(3), ['r', '1', 'public', 'mine', 'r', '-1', '']];
  const own = { ...builtIn, answers: [{ ...answer, rows }] };
  const small = withoutBuiltIn(own, builtIn);
  assert.equal(small.answers[0]?.rows.length, 1);
  assert.deepEqual(withBuiltIn(small, builtIn).answers[0]?.rows, rows);
  const other = { ...builtIn, answers: [{ ...answer, rows: answer.rows.slice(1) }] };
  assert.throws(() => withBuiltIn(small, other), /saved by another version: save it again/);
});
