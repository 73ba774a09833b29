import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statementsOf } from './psql-script.ts';

const sent = (script: string): readonly string[] =>
  statementsOf(script, { HOME: '/x' }).map(({ sql }) => sql);

test('cuts a file of psql into the statements psql sends [oracle.server]', () => {
  assert.deepEqual(sent("SELECT 1; SELECT ';'; -- ;\nSELECT $a$;$a$;"), [
    'SELECT 1',
    "SELECT ';'",
    'SELECT $a$;$a$',
  ]);
  assert.deepEqual(sent('SELECT /* ; /* ; */ */ 1;'), ['SELECT /* ; /* ; */ */ 1']);
  assert.deepEqual(sent("SELECT E'\\';'; SELECT 2;"), ["SELECT E'\\';'", 'SELECT 2']);
  assert.deepEqual(sent('CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);'), [
    'CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)',
  ]);
  assert.deepEqual(
    sent('CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;'),
    ['CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END'],
  );
  assert.deepEqual(sent('SELECT 1 \\g\n\\d t\nSELECT 2 \\; SELECT 3;'), ['SELECT 1', 'SELECT 2 ; SELECT 3']);
});

test('puts in what \\set and \\getenv gave a variable, and keeps the rows of a COPY [oracle.server]', () => {
  assert.deepEqual(sent("\\getenv home HOME\n\\set file :home '/data'\nCOPY t FROM :'file';"), [
    "COPY t FROM '/x/data'",
  ]);
  assert.deepEqual(sent('SELECT 1::int, a[1:2], :unknown;'), ['SELECT 1::int, a[1:2], :unknown']);
  const [copy, next] = statementsOf('COPY t FROM stdin;\n1\tx\n\\.\nSELECT 1;', {});
  assert.deepEqual([copy?.rows, next?.sql, next?.line], ['1\tx\n', 'SELECT 1', 4]);
});
