/**
 * What statements set off without naming it, each with what it must be understood to do. Only ever add to these tables.
 * The notation is that of corpus.ts; `… via a+b` names what leads there.
 */
import { statements } from './corpus.ts';

/** What the database of these statements has in it. */
export const DEPTHS = `
SET check_function_bodies = off;
CREATE SCHEMA secret;
CREATE SCHEMA app;
CREATE TABLE secret.vault (id int PRIMARY KEY, secret text);
CREATE TABLE secret.log (line text);
CREATE TABLE public.t (a int, b int, c text);
CREATE TABLE app.t (a int);
CREATE TABLE public.customers (id int PRIMARY KEY, name text, ssn text);
CREATE SEQUENCE app.numbers;

CREATE FUNCTION public.deep(int) RETURNS int LANGUAGE sql AS 'DELETE FROM secret.log; SELECT $1';
CREATE FUNCTION public.even(n int) RETURNS boolean LANGUAGE sql AS 'SELECT n = 0 OR public.odd(n - 1)' ;
CREATE FUNCTION public.odd(n int) RETURNS boolean LANGUAGE sql AS 'SELECT n <> 0 AND public.even(n - 1)' ;
CREATE FUNCTION public.unqualified() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t';
CREATE FUNCTION public.pathed() RETURNS bigint LANGUAGE sql SET search_path = app AS 'SELECT count(*) FROM t';
CREATE FUNCTION public.pathed_caller() RETURNS bigint LANGUAGE sql SET search_path = app AS 'SELECT public.unqualified()';
CREATE FUNCTION public.definer() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT secret FROM secret.vault LIMIT 1';
CREATE FUNCTION public.overloaded(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION public.overloaded(text) RETURNS int LANGUAGE sql AS 'DELETE FROM secret.log; SELECT 1';
CREATE FUNCTION public.with_default(a int DEFAULT public.deep(1)) RETURNS int LANGUAGE sql AS 'SELECT a';
CREATE FUNCTION public.sets_path() RETURNS text LANGUAGE sql AS 'SELECT set_config(''search_path'', ''app'', false)';
CREATE FUNCTION public.as_other() RETURNS int LANGUAGE sql SET role = 'postgres' AS 'SELECT 1';
CREATE FUNCTION public.reads_otherwise() RETURNS int LANGUAGE sql SET backslash_quote = on AS 'SELECT 1';
CREATE FUNCTION public.internal_one(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all';
CREATE FUNCTION public.adds(int, int) RETURNS int LANGUAGE sql AS 'SELECT public.deep($1) + $2';
CREATE AGGREGATE public.total(int) (SFUNC = public.adds, STYPE = int, INITCOND = '0');
CREATE FUNCTION public.dblink_like(text) RETURNS int LANGUAGE sql AS 'DELETE FROM secret.log; SELECT 1';
CREATE FUNCTION public.dblink_evil(text) RETURNS int LANGUAGE sql AS 'DELETE FROM secret.log; SELECT 1';

CREATE FUNCTION public.plain(a int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE r public.customers%ROWTYPE; n int := public.deep(1); k CURSOR FOR SELECT * FROM app.t;
BEGIN
  r.id := a;
  IF EXISTS (SELECT FROM public.t WHERE t.a = plain.a) THEN
    FOR r IN SELECT * FROM public.customers LOOP UPDATE public.t SET b = r.id; END LOOP;
  ELSE
    EXECUTE 'INSERT INTO secret.log VALUES (''x'')';
  END IF;
  RETURN n;
EXCEPTION WHEN others THEN PERFORM nextval('app.numbers'); RETURN 0;
END $$;
CREATE FUNCTION public.dynamic(name text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DELETE FROM ' || name; END $$;
CREATE FUNCTION public.dynamic_rows(name text) RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE name; END $$;
CREATE FUNCTION public.dynamic_loop(name text) RETURNS void LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN FOR r IN EXECUTE name LOOP NULL; END LOOP; END $$;
CREATE FUNCTION public.dynamic_cursor(name text) RETURNS void LANGUAGE plpgsql AS $$ DECLARE c refcursor; BEGIN OPEN c FOR EXECUTE name; END $$;
CREATE FUNCTION public.hides(a public.customers) RETURNS int LANGUAGE plpgsql AS $$
DECLARE arr int[]; BEGIN arr[public.deep(1)] := 2; RETURN a.plain_name; END $$;
CREATE FUNCTION public.plain_name(public.customers) RETURNS int LANGUAGE sql AS 'SELECT public.deep(2)';
CREATE FUNCTION public.makes_temporary() RETURNS void LANGUAGE plpgsql AS $$
BEGIN CREATE TEMP TABLE held AS SELECT * FROM secret.vault; INSERT INTO held VALUES (1, 'x'); END $$;
CREATE FUNCTION public.remakes() RETURNS void LANGUAGE plpgsql AS $$
BEGIN CREATE OR REPLACE FUNCTION public.overloaded(int) RETURNS int LANGUAGE sql AS 'TRUNCATE secret.vault; SELECT 1'; END $$;
CREATE FUNCTION public.broken() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM nowhere.nothing); END $$;
CREATE PROCEDURE public.commits() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO secret.log VALUES ('x'); COMMIT; END $$;

CREATE VIEW public.people AS SELECT id, ssn AS number FROM public.customers;
CREATE VIEW public.numbers AS SELECT number, public.deep(id) AS n FROM public.people;
CREATE MATERIALIZED VIEW public.kept AS SELECT number FROM public.numbers WITH NO DATA;
CREATE VIEW public.joined AS SELECT c.id FROM public.customers c JOIN public.t ON t.a = c.id;
CREATE VIEW public.checked AS SELECT id, name FROM public.customers WHERE public.deep(id) > 0 WITH CHECK OPTION;
CREATE VIEW public.mine AS SELECT * FROM pg_catalog.pg_class;

CREATE FUNCTION public.fire() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO secret.log VALUES (NEW.b::text); RETURN NEW; END $$;
CREATE TABLE public.watched (a int, b int);
CREATE TRIGGER g AFTER INSERT OR UPDATE ON public.watched FOR EACH ROW WHEN (public.deep(NEW.a) > 0) EXECUTE FUNCTION public.fire();
CREATE TABLE public.quiet (a int, b int);
CREATE TRIGGER g AFTER INSERT ON public.quiet FOR EACH ROW EXECUTE FUNCTION public.fire();
ALTER TABLE public.quiet DISABLE TRIGGER g;
CREATE VIEW public.defaulted AS SELECT a, b FROM public.quiet;
ALTER VIEW public.defaulted ALTER COLUMN a SET DEFAULT public.deep(1);
CREATE TABLE public.ruled (a int);
CREATE RULE r AS ON INSERT TO public.ruled DO ALSO DELETE FROM secret.vault WHERE vault.id = NEW.a;
CREATE TABLE public.emptied (a int);
CREATE TRIGGER g BEFORE TRUNCATE ON public.emptied EXECUTE FUNCTION public.fire();
CREATE VIEW public.door AS SELECT a, b FROM public.watched;
CREATE VIEW public.doorman AS SELECT id FROM public.customers;
CREATE TRIGGER g INSTEAD OF INSERT ON public.doorman FOR EACH ROW EXECUTE FUNCTION public.fire();

CREATE TABLE public.filled (
  id int DEFAULT nextval('app.numbers'), n int GENERATED ALWAYS AS IDENTITY, at timestamptz DEFAULT now(),
  low int GENERATED ALWAYS AS (abs(3)) STORED, v int CHECK (public.even(v)));
CREATE FUNCTION public.keyed(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE TABLE public.indexed (a int, b int);
CREATE INDEX ON public.indexed (public.keyed(a)) WHERE public.keyed(b) > 0;
CREATE FUNCTION public.compare(int, int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT public.deep($1)';
CREATE OPERATOR CLASS app.own FOR TYPE int USING btree AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 public.compare(int, int);
CREATE TYPE public.span AS RANGE (subtype = float8);
CREATE FUNCTION public.bucket(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT public.deep($1)';
CREATE TABLE public.buckets (a int, b int) PARTITION BY RANGE (public.bucket(a));
CREATE TABLE public.buckets_1 PARTITION OF public.buckets FOR VALUES FROM (0) TO (10);
CREATE TABLE public.measured (a int, b int);
CREATE STATISTICS public.measures ON (public.keyed(a)), b FROM public.measured;
CREATE TABLE public.tenants (a int, tenant text DEFAULT current_setting('app.secret'));
ALTER TABLE public.tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON public.tenants USING (tenant = current_setting('app.tenant'));
CREATE TABLE public.guarded (a int, owner text);
ALTER TABLE public.guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON public.guarded FOR SELECT USING (public.even(a));
CREATE POLICY q ON public.guarded FOR INSERT WITH CHECK (public.odd(a));

CREATE TABLE public.orders (id int PRIMARY KEY, customer int REFERENCES public.customers ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE public.lines (id int, "order" int REFERENCES public.orders ON DELETE SET NULL);
CREATE TABLE public.notes (id int, vault int REFERENCES secret.vault);

CREATE TABLE public.parts (id int, c text) PARTITION BY RANGE (id);
CREATE TABLE public.parts_1 PARTITION OF public.parts FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
CREATE TABLE secret.parts_11 PARTITION OF public.parts_1 FOR VALUES FROM (0) TO (5);
CREATE TABLE public.animals (name text);
CREATE TABLE public.cats (lives int) INHERITS (public.animals);

CREATE TABLE secret.safe (id int PRIMARY KEY);
CREATE TABLE public.shelves (id int, safe int CONSTRAINT kept REFERENCES secret.safe, note text) PARTITION BY RANGE (id);
CREATE TABLE public.shelves_1 PARTITION OF public.shelves FOR VALUES FROM (0) TO (10);
CREATE TABLE secret.shelves_d PARTITION OF public.shelves DEFAULT;
CREATE TABLE public.keys (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE secret.keys_1 PARTITION OF public.keys FOR VALUES FROM (0) TO (10);
CREATE TABLE public.locks (id int, key int CONSTRAINT fits REFERENCES public.keys);

CREATE SCHEMA attic;
CREATE TABLE attic.box (a int);
CREATE TYPE attic.size AS ENUM ('s', 'm');
CREATE FUNCTION attic.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION attic.ok(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 > 0';
CREATE TABLE public.sized (s attic.size);
CREATE TABLE public.fired (a int);
CREATE TRIGGER g BEFORE INSERT ON public.fired FOR EACH ROW EXECUTE FUNCTION attic.fire();
CREATE TABLE public.boxed (a int);
CREATE POLICY p ON public.boxed USING (a IN (SELECT a FROM attic.box));
CREATE TABLE public.okay (a int CHECK (attic.ok(a)));
CREATE VIEW public.okays AS SELECT attic.ok(1) AS ok;
CREATE FUNCTION public.sizes(attic.size) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION public.mentions() RETURNS int LANGUAGE sql AS 'SELECT count(*)::int FROM attic.box';

CREATE FUNCTION public.checks(text) RETURNS boolean LANGUAGE sql AS 'DELETE FROM secret.log; SELECT true';
CREATE DOMAIN public.word AS text CHECK (public.checks(VALUE));
CREATE TYPE public.pair AS (one public.word, two int);
CREATE TYPE public.mood AS ENUM ('sad', 'ok');
CREATE TABLE public.typed (w public.word, many public.word[], p public.pair);
CREATE FUNCTION public.to_pair(public.mood) RETURNS public.pair LANGUAGE sql AS 'SELECT NULL::public.pair';
CREATE CAST (public.mood AS public.pair) WITH FUNCTION public.to_pair(public.mood) AS IMPLICIT;
CREATE TABLE public.moods (m public.mood);
CREATE FUNCTION public.same(int, text) RETURNS boolean LANGUAGE sql AS 'DELETE FROM secret.log; SELECT true';
CREATE OPERATOR public.<-> (LEFTARG = int, RIGHTARG = text, FUNCTION = public.same);
CREATE OPERATOR app.~~~ (LEFTARG = int, RIGHTARG = text, FUNCTION = public.same);
CREATE OPERATOR public.!!! (RIGHTARG = text, FUNCTION = pg_catalog.pg_read_file);
CREATE OPERATOR public.!@ (RIGHTARG = text, FUNCTION = pg_catalog.upper);
CREATE FUNCTION public.takes(public.word) RETURNS int LANGUAGE sql AS 'SELECT 1';
`;

export const views = statements(`
SELECT * FROM people ⇒ select public.people, select public.customers via public.people
SELECT 1 FROM numbers ⇒ select public.numbers, select public.people via public.numbers, select public.customers via public.numbers+public.people, call public.deep via public.numbers, delete secret.log via public.deep+public.numbers
TABLE kept ⇒ select public.kept
REFRESH MATERIALIZED VIEW kept ⇒ maintain public.kept, select public.numbers via public.kept, select public.people via public.kept+public.numbers, select public.customers via public.kept+public.numbers+public.people, call public.deep via public.kept+public.numbers, delete secret.log via public.deep+public.kept+public.numbers
UPDATE people SET number = 1 WHERE id = 1 ⇒ update public.people, select public.people, select public.customers via public.people, update public.customers via public.people, update public.orders via public.customers+public.people, select public.lines via public.customers+public.orders+public.people, select public.customers via public.customers+public.orders+public.people
DELETE FROM people ⇒ delete public.people, select public.customers via public.people, delete public.customers via public.people, delete public.orders via public.customers+public.people, update public.lines via public.customers+public.orders+public.people, select public.orders via public.customers+public.lines+public.orders+public.people
INSERT INTO checked VALUES (1, 'x') ⇒ insert public.checked, insert public.customers via public.checked, select public.customers via public.checked, call public.deep via public.checked, delete secret.log via public.checked+public.deep
INSERT INTO joined VALUES (1) ⇒ insert public.joined
LOCK TABLE joined ⇒ lock public.joined, lock public.customers via public.joined, lock public.t via public.joined
CREATE VIEW fresh AS SELECT * FROM secret.vault >> SELECT * FROM fresh ⇒ select public.fresh, select secret.vault via public.fresh, call public.to_pair via public.pair, call public.to_pair via public.mood, call public.to_pair via public.mood+public.pair, call public.checks via public.pair+public.word, delete secret.log via public.checks+public.pair+public.word
CREATE TEMP VIEW fresh AS SELECT secret FROM secret.vault >> SELECT 1 FROM fresh ⇒ select pg_temp.fresh, select secret.vault via pg_temp.fresh, call public.to_pair via public.pair, call public.to_pair via public.mood, call public.to_pair via public.mood+public.pair, call public.checks via public.pair+public.word, delete secret.log via public.checks+public.pair+public.word
CREATE OR REPLACE VIEW people AS SELECT id, secret AS number FROM secret.vault >> TABLE people ⇒ select public.people, select secret.vault via public.people, select public.customers via public.people
CREATE OR REPLACE VIEW people AS SELECT id, secret AS number FROM secret.vault >> SELECT 1 FROM numbers ⇒ select public.numbers, select public.people via public.numbers, select secret.vault via public.numbers+public.people, select public.customers via public.numbers+public.people, call public.deep via public.numbers, delete secret.log via public.deep+public.numbers
SELECT relname FROM mine ⇒ select public.mine, select pg_catalog.pg_class via public.mine
SELECT * FROM pg_tables ⇒ select pg_catalog.pg_tables
SELECT * FROM information_schema.columns ⇒ select information_schema.columns
COPY people TO STDOUT ⇒ select public.people, select public.customers via public.people
WITH p AS (TABLE people) SELECT 1 FROM p ⇒ select public.people, select public.customers via public.people
DROP TABLE customers CASCADE ⇒ drop public.customers, alter public.orders via public.customers, drop public.people via public.customers, drop public.numbers via public.customers+public.people, drop public.kept via public.customers+public.numbers+public.people, drop public.joined via public.customers, drop public.checked via public.customers, drop public.doorman via public.customers, drop public.hides via public.customers, drop public.plain_name via public.customers
DROP VIEW joined ⇒ drop public.joined
`);

export const functions = statements(`
SELECT deep(1) ⇒ call public.deep, delete secret.log via public.deep
SELECT even(2) ⇒ call public.even, call public.odd via public.even, call public.even via public.even+public.odd, call public.odd via public.even+public.odd
SELECT unqualified() ⇒ call public.unqualified, call pg_catalog.count via public.unqualified, select public.t via public.unqualified
SET search_path = app >> SELECT public.unqualified() ⇒ call public.unqualified, call pg_catalog.count via public.unqualified, select public.t via public.unqualified, select app.t via public.unqualified
SELECT pathed() ⇒ call public.pathed, call pg_catalog.count via public.pathed, select app.t via public.pathed
SELECT pathed_caller() ⇒ call public.pathed_caller, call public.unqualified via public.pathed_caller, call pg_catalog.count via public.pathed_caller+public.unqualified, select app.t via public.pathed_caller+public.unqualified
SELECT definer() ⇒ call public.definer, select secret.vault via public.definer
SELECT overloaded(1) ⇒ call public.overloaded, delete secret.log via public.overloaded
SELECT with_default() ⇒ call public.with_default, call public.deep via public.with_default, delete secret.log via public.deep+public.with_default
SELECT sets_path(), unqualified() ⇒ call public.sets_path, set search_path via public.sets_path, call public.unqualified, call pg_catalog.count via public.unqualified, select public.t via public.unqualified, select app.t via public.unqualified
SELECT sets_path() >> SELECT 1 FROM t ⇒ select public.t, select app.t
SELECT as_other() ⇒ call public.as_other, set_role postgres via public.as_other
SELECT total(a) FROM t ⇒ select public.t, call public.total, call public.adds via public.total, call public.deep via public.adds+public.total, delete secret.log via public.adds+public.deep+public.total
SELECT total(a) OVER () FROM t ⇒ select public.t, call public.total, call public.adds via public.total, call public.deep via public.adds+public.total, delete secret.log via public.adds+public.deep+public.total
SELECT dblink_evil('x') ⇒ foreign_server *, call public.dblink_evil, delete secret.log via public.dblink_evil
SELECT plain(1) ⇒ call public.plain, call public.deep via public.plain, delete secret.log via public.deep+public.plain, select app.t via public.plain, select public.t via public.plain, select public.customers via public.plain, update public.t via public.plain, insert secret.log via public.plain, advance app.numbers via public.plain
SELECT hides(c) FROM customers c ⇒ select public.customers, call public.hides, call public.deep via public.hides, delete secret.log via public.deep+public.hides, call public.plain_name via public.hides, call public.deep via public.hides+public.plain_name, delete secret.log via public.deep+public.hides+public.plain_name
SELECT c.plain_name FROM customers c ⇒ select public.customers, call public.plain_name, call public.deep via public.plain_name, delete secret.log via public.deep+public.plain_name
SELECT makes_temporary() ⇒ call public.makes_temporary, create pg_temp.held via public.makes_temporary, select secret.vault via public.makes_temporary, insert pg_temp.held via public.makes_temporary, call public.checks via public.makes_temporary+public.word, delete secret.log via public.checks+public.makes_temporary+public.word, call public.to_pair via public.makes_temporary+public.pair, call public.to_pair via public.makes_temporary+public.mood
SELECT makes_temporary() >> SELECT * FROM held ⇒ select pg_temp.held, call public.to_pair via public.pair, call public.to_pair via public.mood, call public.to_pair via public.mood+public.pair, call public.checks via public.pair+public.word, delete secret.log via public.checks+public.pair+public.word
CALL commits() ⇒ call public.commits, insert secret.log via public.commits, transact via public.commits
SELECT remakes(), overloaded(1) ⇒ call public.remakes, create public.overloaded via public.remakes, call public.overloaded, delete secret.log via public.overloaded, truncate secret.vault via public.overloaded
SELECT remakes() >> SELECT overloaded(1) ⇒ call public.overloaded, delete secret.log via public.overloaded, truncate secret.vault via public.overloaded
CREATE OR REPLACE FUNCTION overloaded(int) RETURNS int LANGUAGE sql AS 'TRUNCATE secret.vault; SELECT 1'; SELECT overloaded(1) ⇒ create public.overloaded, call public.overloaded, delete secret.log via public.overloaded, truncate secret.vault via public.overloaded
CREATE FUNCTION fresh(a int) RETURNS int LANGUAGE plpgsql AS 'BEGIN a := 1; DELETE FROM secret.log; RETURN a; END' >> SELECT fresh(1) ⇒ call public.fresh, delete secret.log via public.fresh
SELECT 1 WHERE deep(1) = 1 ORDER BY deep(2) ⇒ call public.deep, delete secret.log via public.deep
COPY t FROM STDIN WHERE deep(a) > 1 ⇒ insert public.t, copy_in public.t, call public.deep, delete secret.log via public.deep
CREATE TRIGGER g BEFORE INSERT ON t EXECUTE FUNCTION fire() ⇒ alter public.t, call public.fire, insert secret.log via public.fire
CREATE INDEX ON t (deep(a)) ⇒ create public.t, call public.deep, delete secret.log via public.deep
EXPLAIN ANALYZE SELECT deep(1) ⇒ call public.deep, delete secret.log via public.deep
PREPARE p AS SELECT deep(1) >> EXECUTE p ⇒ call public.deep, delete secret.log via public.deep
DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM secret.vault LOOP PERFORM deep(r.id); END LOOP; END $$ ⇒ run_block, select secret.vault, call public.deep, delete secret.log via public.deep
DO $$ DECLARE r customers%ROWTYPE; BEGIN r.id := deep(1); END $$ ⇒ run_block, call public.deep, delete secret.log via public.deep
CREATE FUNCTION fresh() RETURNS int LANGUAGE plpgsql AS 'DECLARE r customers%ROWTYPE; BEGIN r.id := deep(1); RETURN r.id; END' >> SELECT fresh() ⇒ call public.fresh, call public.deep via public.fresh, delete secret.log via public.deep+public.fresh
DO $$ BEGIN EXECUTE 'DO ''BEGIN DELETE FROM secret.log; END'''; END $$ ⇒ run_block, delete secret.log
`);

export const triggers = statements(`
INSERT INTO watched VALUES (1) ⇒ insert public.watched, call public.fire via public.watched, insert secret.log via public.fire+public.watched, call public.deep via public.watched, delete secret.log via public.deep+public.watched
UPDATE watched SET a = 1 ⇒ update public.watched, call public.fire via public.watched, insert secret.log via public.fire+public.watched, call public.deep via public.watched, delete secret.log via public.deep+public.watched
DELETE FROM watched ⇒ delete public.watched
COPY watched FROM STDIN ⇒ insert public.watched, copy_in public.watched, call public.fire via public.watched, insert secret.log via public.fire+public.watched, call public.deep via public.watched, delete secret.log via public.deep+public.watched
INSERT INTO quiet VALUES (1) ⇒ insert public.quiet
ALTER TABLE quiet ENABLE TRIGGER g ⇒ alter public.quiet, call public.fire via public.quiet, insert secret.log via public.fire+public.quiet
INSERT INTO ruled VALUES (1) ⇒ insert public.ruled, delete secret.vault via public.ruled, select secret.vault via public.ruled, select public.notes via public.ruled+secret.vault
TRUNCATE emptied ⇒ truncate public.emptied, call public.fire via public.emptied, insert secret.log via public.emptied+public.fire
CREATE OR REPLACE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN TRUNCATE secret.vault; RETURN NEW; END' >> TRUNCATE emptied ⇒ truncate public.emptied, call public.fire via public.emptied, insert secret.log via public.emptied+public.fire, truncate secret.vault via public.emptied+public.fire
INSERT INTO defaulted (b) VALUES (1) ⇒ insert public.defaulted, insert public.quiet via public.defaulted, call public.deep via public.defaulted, delete secret.log via public.deep+public.defaulted
INSERT INTO door VALUES (1, 2) ⇒ insert public.door, insert public.watched via public.door, call public.fire via public.door+public.watched, insert secret.log via public.door+public.fire+public.watched, call public.deep via public.door+public.watched, delete secret.log via public.deep+public.door+public.watched
INSERT INTO doorman VALUES (1) ⇒ insert public.doorman, call public.fire via public.doorman, insert secret.log via public.doorman+public.fire
MERGE INTO watched w USING t ON w.a = t.a WHEN NOT MATCHED THEN INSERT VALUES (1, 2) ⇒ select public.watched, select public.t, insert public.watched, call public.fire via public.watched, insert secret.log via public.fire+public.watched, call public.deep via public.watched, delete secret.log via public.deep+public.watched
WITH x AS (INSERT INTO ruled VALUES (1)) SELECT 1 ⇒ insert public.ruled, delete secret.vault via public.ruled, select secret.vault via public.ruled, select public.notes via public.ruled+secret.vault
`);

export const constraints = statements(`
INSERT INTO filled VALUES (1) ⇒ insert public.filled, advance app.numbers via public.filled, advance public.filled_n_seq via public.filled, call pg_catalog.now via public.filled, call pg_catalog.abs via public.filled, call public.even via public.filled, call public.odd via public.even+public.filled, call public.even via public.even+public.filled+public.odd, call public.odd via public.even+public.filled+public.odd
UPDATE filled SET v = 1 ⇒ update public.filled, call pg_catalog.abs via public.filled, call public.even via public.filled, call public.odd via public.even+public.filled, call public.even via public.even+public.filled+public.odd, call public.odd via public.even+public.filled+public.odd
TRUNCATE filled RESTART IDENTITY ⇒ truncate public.filled, advance public.filled_n_seq via public.filled
SELECT * FROM filled ⇒ select public.filled
UPDATE indexed SET a = 1 ⇒ update public.indexed, call public.keyed via public.indexed
REINDEX TABLE indexed ⇒ maintain public.indexed, call public.keyed via public.indexed
ANALYZE indexed ⇒ maintain public.indexed, call public.keyed via public.indexed
REINDEX INDEX indexed_keyed_idx ⇒ maintain public.indexed_keyed_idx, maintain public.indexed via public.indexed_keyed_idx, call public.keyed via public.indexed+public.indexed_keyed_idx
DROP INDEX indexed_keyed_idx ⇒ drop public.indexed_keyed_idx, alter public.indexed via public.indexed_keyed_idx, call public.keyed via public.indexed+public.indexed_keyed_idx
VACUUM ⇒ maintain, maintain public.indexed, call public.keyed via public.indexed, maintain public.buckets, maintain public.buckets_1 via public.buckets, call public.bucket via public.buckets, call public.deep via public.bucket+public.buckets, delete secret.log via public.bucket+public.buckets+public.deep
REINDEX DATABASE postgres ⇒ maintain, maintain public.indexed, call public.keyed via public.indexed, maintain public.buckets, maintain public.buckets_1 via public.buckets, call public.bucket via public.buckets, call public.deep via public.bucket+public.buckets, delete secret.log via public.bucket+public.buckets+public.deep
INSERT INTO buckets_1 VALUES (1) ⇒ insert public.buckets_1, insert public.buckets via public.buckets_1, call public.bucket via public.buckets+public.buckets_1, call public.deep via public.bucket+public.buckets+public.buckets_1, delete secret.log via public.bucket+public.buckets+public.buckets_1+public.deep
ANALYZE measured ⇒ maintain public.measured, call public.keyed via public.measured
INSERT INTO measured VALUES (1) ⇒ insert public.measured
SELECT 1 FROM tenants ⇒ select public.tenants
INSERT INTO tenants VALUES (1) ⇒ insert public.tenants, show app.secret via public.tenants
ALTER TABLE orders VALIDATE CONSTRAINT orders_customer_fkey ⇒ alter public.orders, select public.customers via public.orders
CREATE INDEX ON t (a app.own) ⇒ create public.t, call public.compare via app.own, call public.deep via app.own+public.compare, delete secret.log via app.own+public.compare+public.deep
SELECT span(1, 2) ⇒ call public.span
SELECT 1 FROM indexed ⇒ select public.indexed
SELECT 1 FROM guarded ⇒ select public.guarded, call public.even via public.guarded, call public.odd via public.even+public.guarded, call public.even via public.even+public.guarded+public.odd, call public.odd via public.even+public.guarded+public.odd
INSERT INTO orders VALUES (1, 2) ⇒ insert public.orders, select public.customers via public.orders
DELETE FROM customers ⇒ delete public.customers, delete public.orders via public.customers, update public.lines via public.customers+public.orders, select public.orders via public.customers+public.lines+public.orders
UPDATE customers SET name = 'x' WHERE id = 1 ⇒ update public.customers, select public.customers
UPDATE customers SET id = 2 ⇒ update public.customers, update public.orders via public.customers, select public.customers via public.customers+public.orders, select public.lines via public.customers+public.orders
DELETE FROM secret.vault ⇒ delete secret.vault, select public.notes via secret.vault
TRUNCATE customers CASCADE ⇒ truncate public.customers, truncate public.orders via public.customers, truncate public.lines via public.customers+public.orders
TRUNCATE customers ⇒ truncate public.customers
`);

export const families = statements(`
SELECT 1 FROM parts ⇒ select public.parts, select public.parts_1 via public.parts, select secret.parts_11 via public.parts+public.parts_1
SELECT 1 FROM ONLY parts ⇒ select public.parts
SELECT 1 FROM secret.parts_11 ⇒ select secret.parts_11, select public.parts_1 via secret.parts_11, select public.parts via public.parts_1+secret.parts_11
INSERT INTO parts VALUES (1) ⇒ insert public.parts, insert public.parts_1 via public.parts, insert secret.parts_11 via public.parts+public.parts_1
INSERT INTO animals VALUES ('x') ⇒ insert public.animals
INSERT INTO cats VALUES ('x', 9) ⇒ insert public.cats, insert public.animals via public.cats
DELETE FROM animals ⇒ delete public.animals, delete public.cats via public.animals
DELETE FROM ONLY animals ⇒ delete public.animals
TRUNCATE parts ⇒ truncate public.parts, truncate public.parts_1 via public.parts, truncate secret.parts_11 via public.parts+public.parts_1
DROP TABLE parts_1 ⇒ drop public.parts_1, drop secret.parts_11 via public.parts_1, drop public.parts via public.parts_1
ALTER TABLE animals ADD COLUMN x int ⇒ alter public.animals, alter public.cats via public.animals
ALTER TABLE parts DETACH PARTITION parts_1 ⇒ alter public.parts, alter public.parts_1, alter secret.parts_11 via public.parts_1
COPY parts TO STDOUT ⇒ select public.parts, select public.parts_1 via public.parts, select secret.parts_11 via public.parts+public.parts_1
LOCK TABLE parts ⇒ lock public.parts, lock public.parts_1 via public.parts, lock secret.parts_11 via public.parts+public.parts_1
SELECT table_to_xml('parts', true, true, '') ⇒ select public.parts, select public.parts_1 via public.parts, select secret.parts_11 via public.parts+public.parts_1
`);

export const definitions = statements(`
CREATE TABLE shelves_2 PARTITION OF shelves FOR VALUES FROM (10) TO (20) ⇒ create public.shelves_2, alter public.shelves, alter secret.shelves_d via public.shelves, alter secret.safe via public.shelves
ALTER TABLE shelves ATTACH PARTITION parts DEFAULT ⇒ alter public.shelves, alter secret.shelves_d via public.shelves, alter secret.safe via public.shelves, alter public.parts, alter public.parts_1 via public.parts, alter secret.parts_11 via public.parts+public.parts_1
ALTER TABLE shelves DETACH PARTITION shelves_1 ⇒ alter public.shelves, alter secret.shelves_d via public.shelves, alter secret.safe via public.shelves, alter public.shelves_1, alter secret.safe via public.shelves_1
DROP TABLE shelves_1 ⇒ drop public.shelves_1, drop public.shelves via public.shelves_1, alter secret.shelves_d via public.shelves, alter secret.safe via public.shelves_1
CREATE TABLE keys_2 PARTITION OF keys FOR VALUES FROM (10) TO (20) ⇒ create public.keys_2, alter public.keys, alter public.locks via public.keys
DROP TABLE secret.keys_1 ⇒ drop secret.keys_1, drop public.keys via secret.keys_1, alter public.locks via secret.keys_1
CREATE TABLE n (k int REFERENCES keys) ⇒ create public.n, alter public.keys, alter secret.keys_1 via public.keys
DROP TABLE notes ⇒ drop public.notes, alter secret.vault via public.notes
DROP TABLE locks ⇒ drop public.locks, alter public.keys via public.locks, alter secret.keys_1 via public.locks, alter secret.keys_1 via public.keys+public.locks
ALTER TABLE shelves DROP CONSTRAINT kept ⇒ alter public.shelves, alter public.shelves_1 via public.shelves, alter secret.shelves_d via public.shelves, alter secret.safe via public.shelves, alter secret.safe via public.shelves+public.shelves_1, alter secret.safe via public.shelves+secret.shelves_d
ALTER TABLE ONLY shelves DROP CONSTRAINT kept ⇒ alter public.shelves, alter public.shelves_1 via public.shelves, alter secret.shelves_d via public.shelves, alter secret.safe via public.shelves
ALTER TABLE notes DROP COLUMN vault ⇒ alter public.notes, alter secret.vault via public.notes
ALTER TABLE notes DROP COLUMN id ⇒ alter public.notes
ALTER TABLE notes ADD COLUMN x int ⇒ alter public.notes
ALTER TABLE notes ALTER COLUMN vault TYPE bigint ⇒ alter public.notes, alter secret.vault via public.notes
ALTER TABLE notes ALTER COLUMN vault SET NOT NULL ⇒ alter public.notes
ALTER TABLE secret.safe ALTER COLUMN id TYPE bigint ⇒ alter secret.safe, alter public.shelves via secret.safe, alter public.shelves_1 via secret.safe, alter public.shelves_1 via public.shelves+secret.safe, alter secret.shelves_d via secret.safe, alter secret.shelves_d via public.shelves+secret.safe
ALTER TABLE secret.safe DROP CONSTRAINT safe_pkey CASCADE ⇒ alter secret.safe, alter public.shelves via secret.safe, alter public.shelves_1 via secret.safe, alter public.shelves_1 via public.shelves+secret.safe, alter secret.shelves_d via secret.safe, alter secret.shelves_d via public.shelves+secret.safe
ALTER TABLE customers DROP COLUMN ssn ⇒ alter public.customers
ALTER TABLE t DROP COLUMN a CASCADE ⇒ alter public.t, drop public.joined via public.t
DROP TABLE attic.box CASCADE ⇒ drop attic.box, alter public.boxed via attic.box
DROP SEQUENCE app.numbers CASCADE ⇒ drop app.numbers, alter public.filled via app.numbers
ALTER TABLE parts DISABLE TRIGGER ALL ⇒ alter public.parts, alter public.parts_1 via public.parts, alter secret.parts_11 via public.parts+public.parts_1
DROP SCHEMA attic CASCADE ⇒ drop attic, drop attic.box via attic, drop attic.fire via attic, drop attic.ok via attic, alter public.sized via attic, alter public.fired via attic, alter public.boxed via attic, alter public.boxed via attic+attic.box, alter public.okay via attic, drop public.okays via attic, drop public.sizes via attic
CREATE TEMP TABLE kid () INHERITS (animals) >> SELECT 1 FROM animals ⇒ select public.animals, select public.cats via public.animals, select pg_temp.kid via public.animals
CREATE TEMP TABLE kid () INHERITS (animals) >> SELECT 1 FROM ONLY animals ⇒ select public.animals
CREATE TEMP TABLE kid () INHERITS (animals) >> INSERT INTO animals VALUES ('x') ⇒ insert public.animals
CREATE TABLE fresh (id int, secret text) >> ALTER TABLE secret.vault INHERIT fresh >> DELETE FROM fresh WHERE id = 1 ⇒ delete public.fresh, delete secret.vault via public.fresh, select public.notes via public.fresh+secret.vault, select public.fresh, select secret.vault via public.fresh, call public.to_pair via public.pair, call public.to_pair via public.mood, call public.to_pair via public.mood+public.pair, call public.checks via public.pair+public.word, delete secret.log via public.checks+public.pair+public.word
ALTER TABLE secret.vault INHERIT animals; DELETE FROM animals ⇒ alter secret.vault, alter public.animals, delete public.animals, delete public.cats via public.animals, delete secret.vault via public.animals, select public.notes via public.animals+secret.vault
ALTER TABLE ONLY parts ALTER c DROP NOT NULL ⇒ alter public.parts, alter public.parts_1 via public.parts, alter secret.parts_11 via public.parts+public.parts_1
ALTER TABLE t SET SCHEMA app ⇒ alter public.t, create app, create app.t
ALTER FUNCTION deep(int) SET SCHEMA app ⇒ alter public.deep, create app, create app.deep
ALTER TYPE pair ADD ATTRIBUTE x int CASCADE ⇒ ?which tables of a type
ALTER PUBLICATION p SET TABLE t ⇒ ?use ADD and DROP
`);

export const types = statements(`
SELECT 'x'::word ⇒ call public.checks via public.word, delete secret.log via public.checks+public.word
SELECT NULL::pair ⇒ call public.checks via public.word, delete secret.log via public.checks+public.word, call public.to_pair via public.mood+public.pair, call public.to_pair via public.pair
INSERT INTO typed (w) VALUES ('x') ⇒ insert public.typed, call public.checks via public.typed+public.word, delete secret.log via public.checks+public.typed+public.word, call public.to_pair via public.pair+public.typed, call public.to_pair via public.mood+public.pair+public.typed
SELECT !!! '/etc/passwd' ⇒ call pg_catalog.pg_read_file via public.!!!, server_file * via public.!!!
SELECT !@ 'x' ⇒ transact
SELECT takes('x') ⇒ call public.takes, call public.checks via public.word, delete secret.log via public.checks+public.word
SELECT jsonb_populate_record(NULL::typed, '{"w":"x"}') ⇒ call pg_catalog.jsonb_populate_record, call public.checks via public.word, delete secret.log via public.checks+public.word, call public.to_pair via public.pair, call public.to_pair via public.mood+public.pair
SELECT 1 <-> 'x' ⇒ call public.same via public.<->, delete secret.log via public.<->+public.same
CREATE OR REPLACE FUNCTION same(int, text) RETURNS boolean LANGUAGE sql AS 'TRUNCATE secret.vault; SELECT true' >> SELECT 1 <-> 'x' ⇒ call public.same via public.<->, delete secret.log via public.<->+public.same, truncate secret.vault via public.<->+public.same
SELECT 1 ~~~ 'x' ⇒ transact
SET search_path = app >> SELECT 1 ~~~ 'x' ⇒ call public.same via app.~~~, delete secret.log via app.~~~+public.same
SELECT 1 OPERATOR(app.~~~) 'x' ⇒ call public.same via app.~~~, delete secret.log via app.~~~+public.same
SELECT 1 OPERATOR(app.+) 'x' ⇒ ?operator app.\\+ is not in the catalog
CREATE TABLE n (w word DEFAULT 'x') ⇒ create public.n, call public.checks via public.word, delete secret.log via public.checks+public.word
DO $$ DECLARE w word := 'x'; BEGIN NULL; END $$ ⇒ run_block, call public.checks via public.word, delete secret.log via public.checks+public.word
`);

/** `sql ⇒ what cannot be told`, as resource type and path. */
export const opaque: readonly (readonly [string, string])[] = [
  ["SELECT dynamic('t')", 'Function public.dynamic'],
  ["SELECT dynamic_rows('SELECT 1')", 'Function public.dynamic_rows'],
  ["SELECT dynamic_loop('SELECT 1')", 'Function public.dynamic_loop'],
  ["SELECT dynamic_cursor('SELECT 1')", 'Function public.dynamic_cursor'],
  ["SELECT internal_one('/etc/passwd')", 'Function public.internal_one'],
  ['SELECT reads_otherwise()', 'Function public.reads_otherwise'],
  ['SELECT broken()', 'Function public.broken'],
  ["DO $$ BEGIN EXECUTE 'DELETE FROM ' || current_user; END $$", 'Database '],
  ["DO LANGUAGE plperl 'x'", 'Database '],
  ["DO 'this is no PL/pgSQL'", 'Database '],
  ["SELECT dynamic('t'); SELECT nothing_known()", 'Function public.dynamic, Target '],
  ["DO $$ BEGIN PERFORM dynamic('t'); END $$", 'Function public.dynamic'],
];
