/** What hangs on a temporary relation is in no catalog that anyone else can read: writing to it is never taken for harmless. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type StatementWorld, startStatementWorld } from './world.ts';

const ACTIVE: readonly (readonly string[])[] = [
  ['CREATE TEMP VIEW v AS SELECT * FROM customers', 'INSERT INTO v VALUES (1)'],
  ['CREATE TEMP VIEW v AS SELECT * FROM customers', 'UPDATE v SET ssn = NULL'],
  ['CREATE VIEW pg_temp.v AS SELECT * FROM customers', 'DELETE FROM pg_temp.v'],
  ['SET search_path = pg_temp', 'CREATE VIEW v AS SELECT * FROM public.customers', 'DELETE FROM v'],
  ['CREATE TEMP VIEW v AS SELECT * FROM customers; DELETE FROM v'],
  ['CREATE TEMP VIEW v AS SELECT * FROM customers', 'WITH w AS (DELETE FROM v RETURNING 1) SELECT * FROM w'],
  [
    'CREATE TEMP TABLE x (a int)',
    'CREATE RULE r AS ON INSERT TO x DO ALSO DELETE FROM customers',
    'INSERT INTO x VALUES (1)',
  ],
  [
    'CREATE TEMP TABLE x (a int)',
    'CREATE TRIGGER r BEFORE INSERT ON x FOR EACH ROW EXECUTE FUNCTION fire()',
    'COPY x FROM STDIN',
  ],
  [
    'CREATE TEMP TABLE x (a int); CREATE RULE r AS ON INSERT TO x DO ALSO DELETE FROM t; INSERT INTO x VALUES (1)',
  ],
  ['CREATE TEMP TABLE x (a int DEFAULT act(1))', 'INSERT INTO x DEFAULT VALUES'],
  ['CREATE TEMP TABLE x (a int)', 'ALTER TABLE x ALTER a SET DEFAULT act(1)', 'INSERT INTO x DEFAULT VALUES'],
  ['CREATE TEMP TABLE y (a int PRIMARY KEY)', 'CREATE TEMP TABLE x (a int REFERENCES y)', 'DELETE FROM y'],
  [
    'CREATE TEMP TABLE y (a int)',
    'CREATE RULE r AS ON INSERT TO y DO ALSO DELETE FROM t',
    'ALTER TABLE y RENAME TO x',
    'INSERT INTO x VALUES (1)',
  ],
  [
    'CREATE TEMP TABLE y (a int)',
    'CREATE TEMP TABLE x () INHERITS (y)',
    'CREATE RULE r AS ON DELETE TO x DO ALSO DELETE FROM t',
    'DELETE FROM y',
  ],
  ['CREATE TEMP TABLE x (a int CHECK (act(a) > 0))', 'UPDATE x SET a = 1'],
];

const PLAIN: readonly (readonly string[])[] = [
  ['CREATE TEMP VIEW v AS SELECT * FROM customers', 'SELECT * FROM v'],
  [
    'CREATE TEMP TABLE x (a int DEFAULT 1, b serial, c text DEFAULT lower($$A$$))',
    'CREATE INDEX ON x (a)',
    'ALTER TABLE x ADD COLUMN d text',
    'INSERT INTO x VALUES (1)',
  ],
  [
    'CREATE TEMP TABLE x AS SELECT * FROM customers',
    'INSERT INTO x SELECT * FROM customers',
    'DELETE FROM x',
  ],
  ['CREATE TEMP TABLE x (a int); INSERT INTO x VALUES (1)'],
];

describe('temporary relations', () => {
  let world: StatementWorld;
  before(async () => {
    world = await startStatementWorld();
  });
  after(() => world.close());

  for (const texts of ACTIVE) {
    test(`does not say what the last of these does: ${texts.join(' | ')} [postgres.statement-temporary]`, async () => {
      const { undetermined } = await world.understand(...texts);
      assert.match(
        undetermined ?? '',
        /what writing to temporary \w sets off is not followed|commit it first/,
      );
    });
  }
  const inherited = [
    ['CREATE TEMP TABLE y (a int)', 'CREATE TEMP TABLE x () INHERITS (y)', 'DELETE FROM y'],
    [
      'CREATE TEMP TABLE y (a int) PARTITION BY LIST (a)',
      'CREATE TEMP TABLE x PARTITION OF y DEFAULT',
      'INSERT INTO y VALUES (1)',
    ],
    ['CREATE TEMP TABLE x () INHERITS (t)', 'SELECT * FROM t'],
  ];
  for (const texts of inherited) {
    test(`names the temporary child in the last of these: ${texts.join(' | ')} [postgres.statement-temporary]`, async () => {
      const { evaluations, undetermined } = await world.understand(...texts);
      assert.equal(undetermined, null);
      assert.ok(evaluations.some(({ resource }) => resource.path.join('.').endsWith('pg_temp.x')));
    });
  }
  for (const texts of PLAIN) {
    test(`understands the last of these: ${texts.join(' | ')} [postgres.statement-temporary]`, async () => {
      assert.equal((await world.understand(...texts)).undetermined, null);
    });
  }
});
