import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { shapeOf } from './grammar.ts';
import { TOP, understands, walkStatements } from './walk.ts';

/** Every interface of the parser's own type definitions, with its fields. */
function parserTypes(): Map<string, string[]> {
  const path = createRequire(import.meta.url).resolve('@pgsql/types/types.d.ts');
  const types = new Map<string, string[]>();
  for (const match of readFileSync(path, 'utf8').matchAll(/export interface (\w+) \{([^}]*)\}/g)) {
    const fields = [...(match[2] ?? '').matchAll(/(\w+)\?:/g)].map((field) => field[1] ?? '');
    types.set(match[1] ?? '', fields);
  }
  return types;
}

test('has an answer for every kind of statement [postgres.statement-grammar]', () => {
  const statements = [...parserTypes().keys()].filter((tag) => tag.endsWith('Stmt'));
  // The first is what a statement comes in; the others only appear after analysis or inside PL/pgSQL.
  const never = ['RawStmt', 'SetOperationStmt', 'PLAssignStmt'];
  assert.deepEqual(
    statements.filter((tag) => !understands(tag) && !never.includes(tag)),
    [],
  );
  assert.ok(statements.length > 100);
});

test('knows every field of every node it understands [postgres.statement-grammar]', () => {
  const missing: string[] = [];
  for (const [tag, fields] of parserTypes()) {
    const shape = shapeOf(tag);
    if (shape === undefined) continue;
    for (const field of fields) {
      // `xpr` is the base of nodes that only exist after analysis.
      if (field !== 'xpr' && !shape.has(field)) missing.push(`${tag}.${field}`);
    }
  }
  // Fields of types that the parser only fills in after analysis.
  assert.deepEqual(missing, ['IntoClause.viewQuery', 'CallStmt.funcexpr']);
});

const walk = (statement: unknown) =>
  walkStatements([statement], 'shop', '', { sql: () => [], plpgsql: () => [] });

test('does not pass over a node it does not know [postgres.statement-grammar]', () => {
  const unknown = { SelectStmt: { targetList: [{ ResTarget: { val: { NewSyntax: {} } } }] } };
  assert.equal(walk(unknown).undetermined, 'NewSyntax is not understood');
  assert.equal(walk({ NewStmt: {} }).undetermined, 'NewStmt is not understood');
});

test('does not pass over a field it does not know [postgres.statement-grammar]', () => {
  const unknown = { SelectStmt: { targetList: [], newClause: [{ FuncCall: {} }] } };
  assert.equal(walk(unknown).undetermined, 'SelectStmt.newClause is not understood');
  const disguised = { SelectStmt: { limitOption: { FuncCall: {} } } };
  assert.equal(walk(disguised).undetermined, 'SelectStmt.limitOption is not understood');
});

test('does not pass over a tree of the wrong form [postgres.statement-grammar]', () => {
  for (const odd of [[], 'x', 1, null, { A: 1 }, { A: {}, B: {} }]) {
    assert.notEqual(walk(odd).undetermined, null, JSON.stringify(odd));
  }
  assert.equal(TOP.names.size, 0);
});
