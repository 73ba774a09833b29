/** Making things out of the values, and asking those. */
import { group } from '../attack.ts';

export const definitions = [
  ...group('definition', [
    ['CREATE VIEW v1 AS SELECT email AS a FROM person', 'SELECT a FROM v1'],
    ['CREATE VIEW v2 AS SELECT upper(phone) AS name FROM person', 'SELECT name FROM v2'],
    ['CREATE TEMP VIEW v3 AS SELECT email AS a FROM person', 'SELECT a FROM v3'],
    ['CREATE VIEW v4 AS SELECT p AS q FROM person p', 'SELECT (q).email FROM v4'],
    [
      'CREATE VIEW v5 AS SELECT email FROM person',
      'ALTER VIEW v5 RENAME COLUMN email TO note',
      'SELECT note FROM v5',
    ],
    [
      'CREATE VIEW v6 AS SELECT name FROM person',
      'CREATE OR REPLACE VIEW v6 AS SELECT email AS name FROM person',
      'SELECT name FROM v6',
    ],
    ['CREATE TABLE t1 AS SELECT email FROM person', 'SELECT email FROM t1'],
    ['CREATE TABLE t2 AS SELECT email AS note FROM person', 'SELECT note FROM t2'],
    ['CREATE TABLE t3 AS TABLE person', 'SELECT * FROM t3'],
    ['CREATE TABLE t4 (LIKE person)', 'INSERT INTO t4 SELECT * FROM person', 'SELECT * FROM t4'],
    ['SELECT email INTO t5 FROM person', 'TABLE t5'],
    ['SELECT upper(email) AS note INTO TEMP t6 FROM person', 'TABLE t6'],
    ['CREATE TEMP TABLE t7 AS SELECT email AS note FROM person', 'SELECT note FROM t7'],
    ['CREATE TEMP TABLE t8 (note text)', 'INSERT INTO t8 SELECT email FROM person', 'SELECT note FROM t8'],
    ['CREATE TEMP TABLE t9 (note text)', 'INSERT INTO t9 SELECT email FROM person', 'COPY t9 TO STDOUT'],
    ['CREATE MATERIALIZED VIEW m1 AS SELECT email AS note FROM person', 'SELECT note FROM m1'],
    [
      'CREATE TABLE person_copy () INHERITS (person)',
      "INSERT INTO person_copy (id, name, email) SELECT 50, 'x', email || 'z' FROM person WHERE id = 1",
      'SELECT email FROM person_copy',
    ],
    [
      'CREATE TABLE g1 (a text, b text GENERATED ALWAYS AS (upper(a)) STORED)',
      'INSERT INTO g1 SELECT email FROM person',
      'SELECT b FROM g1',
    ],
    [
      "ALTER TABLE person ADD COLUMN seen text GENERATED ALWAYS AS (email || '!') STORED",
      'SELECT seen FROM person',
    ],
    [
      "ALTER TABLE person ADD COLUMN seen text GENERATED ALWAYS AS (email || '!') VIRTUAL",
      'SELECT seen FROM person',
    ],
    ['ALTER TABLE person RENAME COLUMN email TO note', 'SELECT note FROM person'],
    ['ALTER TABLE person RENAME TO human', 'SELECT email FROM human'],
    ['CREATE SCHEMA other', 'ALTER TABLE person SET SCHEMA other', 'SELECT email FROM other.person'],
    ['ALTER TABLE heir NO INHERIT ancestor', 'SELECT secret FROM heir'],
    ['ALTER TABLE event DETACH PARTITION event_low', 'SELECT secret FROM event_low'],
    ['ALTER TABLE event ALTER COLUMN note TYPE text USING secret', 'SELECT note FROM event'],
    [
      'CREATE FUNCTION f1() RETURNS text LANGUAGE sql AS $$SELECT email FROM person WHERE id = 1$$',
      'SELECT f1()',
    ],
    [
      "CREATE FUNCTION f2() RETURNS SETOF text LANGUAGE plpgsql AS 'BEGIN RETURN QUERY SELECT email FROM person; END'",
      'SELECT * FROM f2()',
    ],
    [
      'CREATE FUNCTION f3(out a text) LANGUAGE sql BEGIN ATOMIC SELECT phone FROM person WHERE id = 2; END',
      'SELECT * FROM f3()',
    ],
    ['CREATE AGGREGATE glue(text) (SFUNC = textcat, STYPE = text)', 'SELECT glue(email) FROM person'],
    [
      'CREATE AGGREGATE glued(text) (SFUNC = textcat, STYPE = text)',
      'CREATE VIEW v7 AS SELECT glued(email) AS name FROM person',
      'SELECT name FROM v7',
    ],
    [
      'CREATE FUNCTION same(text) RETURNS text LANGUAGE sql AS $$SELECT $1$$',
      'SELECT same(email) FROM person',
    ],
    [
      "CREATE FUNCTION shout(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$",
      'CREATE OPERATOR =!= (LEFTARG = text, RIGHTARG = text, FUNCTION = shout)',
      "SELECT id FROM person WHERE email =!= 'x'",
    ],
    [
      "CREATE FUNCTION cheap(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$",
      'SELECT id FROM person_view WHERE cheap(mail_address)',
    ],
    [
      "CREATE FUNCTION note_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', NEW; RETURN NEW; END $$",
      'CREATE TRIGGER note_it BEFORE UPDATE ON person FOR EACH ROW EXECUTE FUNCTION note_it()',
      'UPDATE person SET name = name',
    ],
    [
      'CREATE RULE also AS ON UPDATE TO scratch DO ALSO SELECT email FROM person',
      'UPDATE scratch SET note = note',
    ],
    [
      'CREATE TABLE d1 (id int, note text DEFAULT email_of(1))',
      'INSERT INTO d1 VALUES (1)',
      'SELECT note FROM d1',
    ],
    ['CREATE TYPE pair AS (a text, b text)', 'SELECT (email, phone)::pair FROM person'],
    [
      'CREATE TABLE p1 (id int, secret text)',
      'INSERT INTO p1 SELECT id, email FROM person',
      'ALTER TABLE p1 INHERIT ancestor',
      'ALTER TABLE p1 NO INHERIT ancestor',
      'SELECT secret FROM p1',
    ],
    ["COMMENT ON COLUMN person.email IS ''", 'SELECT email FROM person'],
  ]),
];
