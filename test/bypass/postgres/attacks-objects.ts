/** What views, functions, operators, types and triggers do behind a name, and making such things. The language of these lines is in attacks.ts. Only ever add to them. */
export const objectAttacks = `
# Views, partitions, children, rules, policies
SELECT * FROM monitoring.plain_view ⇒ none
SELECT * FROM monitoring.barrier_view WHERE word LIKE 'p%' ⇒ none
SELECT * FROM monitoring.invoker_view ⇒ none
SELECT id FROM monitoring.deep_view ⇒ none
SELECT host FROM monitoring.mixed_view ⇒ none
SELECT count(*) FROM monitoring.mixed_view ⇒ none
SELECT * FROM monitoring.parent ⇒ none
SELECT * FROM ONLY vault.child ⇒ none
SELECT word FROM monitoring.ancestor ⇒ none
SELECT tableoid::regclass, word FROM monitoring.ancestor* ⇒ none
SELECT * FROM monitoring.guarded ⇒ none
COPY monitoring.parent TO STDOUT ⇒ none
COPY (TABLE monitoring.plain_view) TO STDOUT ⇒ none
COPY monitoring.ruled FROM STDIN ⇒ hold
INSERT INTO monitoring.ruled VALUES (2, 'x') ⇒ hold
INSERT INTO monitoring.parent VALUES (1, 'x') ⇒ hold
INSERT INTO monitoring.barrier_view VALUES (2, 'x') ⇒ hold
UPDATE monitoring.plain_view SET word = 'x' ⇒ none
DELETE FROM monitoring.plain_view ⇒ none
MERGE INTO monitoring.plain_view v USING monitoring.checks c ON v.word = c.host WHEN MATCHED THEN DELETE ⇒ none
UPDATE monitoring.ancestor SET word = 'x' ⇒ hold
DELETE FROM monitoring.parent ⇒ hold
TRUNCATE monitoring.parent ⇒ hold
LOCK TABLE monitoring.plain_view ⇒ hold
LOCK TABLE monitoring.checks IN ACCESS EXCLUSIVE MODE ⇒ hold
SELECT * FROM monitoring.plain_view FOR SHARE ⇒ none
PREPARE p AS SELECT * FROM monitoring.deep_view >> EXECUTE p ⇒ none
DECLARE c CURSOR FOR TABLE monitoring.plain_view >> FETCH c ⇒ none
EXPLAIN (VERBOSE) SELECT * FROM monitoring.plain_view ⇒ none
EXPLAIN (ANALYZE, FORMAT XML) TABLE monitoring.deep_view ⇒ none
# Functions, operators, casts, domains, aggregates, triggers, defaults
SELECT monitoring.tell() ⇒ none
SELECT * FROM monitoring.rows_of() ⇒ none
SELECT (monitoring.rows_of()).word ⇒ none
SELECT monitoring.run('SELECT word FROM vault.entries') ⇒ untold
SELECT c.word_of FROM monitoring.checks c ⇒ none
SELECT monitoring.word_of(c) FROM monitoring.checks c ⇒ none
SELECT word_of(c) FROM monitoring.checks c ⇒ none
SELECT (c).word_of FROM monitoring.checks c ⇒ none
SELECT lower(1) ⇒ none
SELECT public.lower(1) ⇒ none
SELECT "lower"(id) FROM monitoring.checks ⇒ none
SET search_path = tools, pg_catalog >> SELECT pg_sleep(0) ⇒ none
SELECT 'a' =~= 'b' ⇒ none
SELECT host =~= host FROM monitoring.checks ⇒ none
SELECT 'a'::text OPERATOR(tools.=~=) 'b' ⇒ none
SELECT host FROM monitoring.checks ORDER BY host USING =~= ⇒ none
SELECT 'a' =~= ANY (ARRAY['b']) ⇒ none
SELECT 1 FROM monitoring.checks a JOIN monitoring.checks b ON a.host =~= b.host ⇒ none
SELECT 1::told ⇒ none
SELECT CAST(1 AS public.told) ⇒ none
SELECT (1::public.told).word ⇒ none
SELECT ROW(1)::text, id::told FROM monitoring.checks ⇒ none
SELECT 'x'::checked_text ⇒ none
SELECT CAST(host AS public.checked_text) FROM monitoring.checks ⇒ none
SELECT ARRAY['x']::checked_text[] ⇒ none
SELECT NULL::public.checked_text ⇒ none
SELECT checked_text 'x' ⇒ none
SELECT * FROM json_to_record('{"a": "x"}') AS r(a public.checked_text) ⇒ none
SELECT * FROM jsonb_populate_record(NULL::public.told, '{}') ⇒ none
SELECT collected(host) FROM monitoring.checks ⇒ none
SELECT public.collected(host) OVER () FROM monitoring.checks ⇒ none
SELECT gather(host) FROM monitoring.checks ⇒ none
CALL monitoring.do_it() ⇒ none
INSERT INTO monitoring.triggered (id) VALUES (1) RETURNING word ⇒ none
UPDATE monitoring.triggered SET id = 2 RETURNING word ⇒ none
INSERT INTO monitoring.defaulted (id) VALUES (1) RETURNING word ⇒ none
INSERT INTO monitoring.defaulted DEFAULT VALUES RETURNING * ⇒ none
SELECT vault.tell() FROM monitoring.checks ⇒ none
SELECT * FROM vault.tell() WITH ORDINALITY ⇒ none
SELECT monitoring.tell() WHERE false ⇒ none
SELECT coalesce(NULL, monitoring.tell()) ⇒ none
SELECT host FROM monitoring.checks WHERE host = monitoring.tell() ⇒ none
SELECT host FROM monitoring.checks ORDER BY monitoring.tell() ⇒ none
SELECT count(*) FILTER (WHERE monitoring.tell() = 'a') FROM monitoring.checks ⇒ none
SELECT host FROM monitoring.checks LIMIT length(monitoring.tell()) ⇒ none
SELECT array_agg(host ORDER BY monitoring.tell()) FROM monitoring.checks ⇒ none
SELECT mode() WITHIN GROUP (ORDER BY monitoring.tell()) ⇒ none
SELECT string_agg(monitoring.tell(), ',') ⇒ none
SELECT * FROM monitoring.checks TABLESAMPLE SYSTEM (length(monitoring.tell())) ⇒ none
SELECT x.* FROM monitoring.checks, LATERAL monitoring.tell() x ⇒ none
SELECT nextval('monitoring.ticket') ⇒ hold
SELECT setval('monitoring.ticket', 1) ⇒ hold
SELECT last_value FROM monitoring.ticket >> SELECT nextval('monitoring.ticket'::text::regclass) ⇒ hold
# Making something others will run
CREATE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql AS 'SELECT word FROM vault.entries' ⇒ none
CREATE FUNCTION pg_temp.lower(text) RETURNS text LANGUAGE sql AS 'SELECT word FROM vault.entries' >> SELECT pg_temp.lower('a') ⇒ none
CREATE OR REPLACE FUNCTION monitoring.tell() RETURNS text LANGUAGE sql AS 'SELECT 1::text' ⇒ hold
CREATE FUNCTION monitoring.c() RETURNS int LANGUAGE c AS 'libc', 'system' ⇒ no-pivot
CREATE FUNCTION monitoring.i() RETURNS cstring LANGUAGE internal AS 'pg_read_file_all' ⇒ no-pivot
CREATE FUNCTION monitoring.d(text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN EXECUTE $1; END $$ ⇒ no-administration
CREATE PROCEDURE monitoring.p() BEGIN ATOMIC DELETE FROM vault.entries; END ⇒ hold
CREATE TRIGGER t AFTER INSERT ON monitoring.checks EXECUTE FUNCTION tools.copies() ⇒ none
CREATE CONSTRAINT TRIGGER t AFTER INSERT ON monitoring.checks DEFERRABLE FOR EACH ROW EXECUTE FUNCTION tools.copies() ⇒ none
CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION tools.copies() ⇒ none
CREATE RULE r AS ON SELECT TO public.notes DO INSTEAD SELECT id, word FROM vault.entries ⇒ none
CREATE RULE r AS ON UPDATE TO monitoring.checks DO ALSO NOTIFY leaked ⇒ hold
CREATE POLICY p ON vault.entries USING (true) ⇒ hold
ALTER POLICY peeks ON monitoring.guarded USING (true) ⇒ hold
ALTER TABLE monitoring.guarded DISABLE ROW LEVEL SECURITY ⇒ hold
ALTER TABLE monitoring.guarded NO FORCE ROW LEVEL SECURITY ⇒ hold
ALTER TABLE monitoring.checks ADD COLUMN w text DEFAULT monitoring.tell() ⇒ none
ALTER TABLE monitoring.checks ADD COLUMN w text GENERATED ALWAYS AS (public.lower(id)) STORED ⇒ none
ALTER TABLE monitoring.checks ADD CHECK (tools.checked(host)) ⇒ none
ALTER TABLE monitoring.checks ALTER host TYPE text USING monitoring.tell() ⇒ none
ALTER TABLE monitoring.checks ATTACH PARTITION vault.entries DEFAULT ⇒ hold
ALTER TABLE vault.entries INHERIT monitoring.ancestor ⇒ hold
ALTER TABLE vault.entries SET SCHEMA monitoring ⇒ hold
ALTER TABLE vault.entries RENAME TO checks ⇒ hold
ALTER TABLE vault.entries REPLICA IDENTITY FULL ⇒ hold
ALTER TABLE vault.entries OWNER TO robot ⇒ no-administration
ALTER VIEW monitoring.plain_view SET (security_invoker = true) ⇒ hold
ALTER FUNCTION monitoring.tell() SECURITY INVOKER ⇒ hold
ALTER FUNCTION monitoring.tell() SET search_path = vault ⇒ hold
ALTER FUNCTION monitoring.tell() LEAKPROOF ⇒ hold
ALTER SEQUENCE monitoring.ticket RESTART ⇒ hold
ALTER TYPE public.told ADD ATTRIBUTE x int CASCADE ⇒ untold
ALTER DOMAIN public.checked_text DROP CONSTRAINT checked_text_check ⇒ hold
CREATE VIEW monitoring.v AS SELECT * FROM vault.entries ⇒ none
CREATE OR REPLACE VIEW monitoring.plain_view AS SELECT host AS word FROM monitoring.checks ⇒ hold
CREATE MATERIALIZED VIEW monitoring.m AS SELECT * FROM vault.entries WITH NO DATA ⇒ none
REFRESH MATERIALIZED VIEW CONCURRENTLY monitoring.kept ⇒ no-administration
CREATE INDEX ON monitoring.checks (public.lower(id)) ⇒ none
CREATE INDEX ON monitoring.checks ((monitoring.tell())) ⇒ none
CREATE UNIQUE INDEX CONCURRENTLY i ON vault.entries (word) ⇒ hold
CREATE STATISTICS s ON (tools.checked(host)), id FROM monitoring.checks ⇒ none
CREATE CAST (text AS int) WITH INOUT AS IMPLICIT ⇒ untold
CREATE CAST (int AS text) WITHOUT FUNCTION AS IMPLICIT ⇒ untold
CREATE OPERATOR pg_temp.= (LEFTARG = text, RIGHTARG = text, FUNCTION = tools.same) ⇒ none
CREATE OPERATOR CLASS x FOR TYPE text USING btree AS OPERATOR 1 <, FUNCTION 1 bttextcmp(text, text) ⇒ untold
CREATE AGGREGATE pg_temp.a(text) (SFUNC = tools.collect, STYPE = text) ⇒ none
CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal)) ⇒ no-pivot
CREATE CONVERSION c FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1 ⇒ untold
CREATE ACCESS METHOD am TYPE TABLE HANDLER heap_tableam_handler ⇒ no-pivot
CREATE TEXT SEARCH TEMPLATE t (LEXIZE = dsimple_lexize) ⇒ hold
CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype) ⇒ hold
CREATE COLLATION pg_temp.c (provider = icu, locale = 'und') ⇒ hold
CREATE SCHEMA AUTHORIZATION robot CREATE VIEW v AS TABLE vault.entries ⇒ untold
CREATE TABLE monitoring.t (LIKE vault.entries INCLUDING ALL) ⇒ none
CREATE TABLE monitoring.t PARTITION OF monitoring.parent DEFAULT ⇒ hold
CREATE TABLE monitoring.t (id int REFERENCES vault.entries) ⇒ hold
CREATE TABLE monitoring.t (a text CHECK (tools.checked(a)), b text DEFAULT monitoring.tell()) ⇒ none
CREATE TEMP TABLE checks (id int, host text) >> INSERT INTO checks SELECT * FROM vault.entries ⇒ hold
CREATE TYPE pg_temp.t AS (a vault.entries) ⇒ hold
CREATE FOREIGN TABLE monitoring.f (a int) SERVER s ⇒ no-pivot
COMMENT ON COLUMN vault.entries.word IS 'x' ⇒ hold
SECURITY LABEL FOR x ON TABLE vault.entries IS 'y' ⇒ hold
DO $$ BEGIN PERFORM 1; END $$ ⇒ none
DO LANGUAGE plpgsql $x$ DECLARE r text; BEGIN EXECUTE 'SELECT word FROM ' || 'vault.entries' INTO r; RAISE '%', r; END $x$ ⇒ untold
DO $$ BEGIN EXECUTE format('TABLE %I.%I', 'vault', 'entries'); END $$ ⇒ untold
`;
