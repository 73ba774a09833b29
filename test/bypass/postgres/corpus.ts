/**
 * Statements that tried, or could try, to do something other than they look like, each with what it must be understood
 * to do. Only ever add to this table.
 *
 * `does` is the whole set of actions, in any order; `?…` is a statement whose effect must count as undeterminable, with
 * a part of the reason. `after` are texts the session sent before.
 */
export interface HostileStatement {
  readonly sql: string;
  readonly does: string;
  readonly after?: readonly string[];
}

/** One statement a line: `earlier >> sql ⇒ does`. */
export const statements = (text: string): HostileStatement[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [sql = '', does = ''] = line.split(' ⇒ ').map((part) => part.trim());
      const expand = (value: string) =>
        value.replaceAll('\\n', '\n').replaceAll('\\t', '\t').replaceAll('\\r', '\r').replaceAll('\\f', '\f');
      const parts = sql.split(' >> ').map(expand);
      return { sql: parts.at(-1) ?? '', does, after: parts.slice(0, -1) };
    });

/** Comments, white space and quoting that hide a word from whoever looks at the text. */
const disguises = statements(String.raw`
DROP/**/TABLE t ⇒ drop public.t
DROP/* /* nested */ still */TABLE t ⇒ drop public.t
DROP -- x\nTABLE t ⇒ drop public.t
DROP--\rTABLE t ⇒ drop public.t
DROP\tTABLE\ft ⇒ drop public.t
dRoP tAbLe T ⇒ drop public.t
DROP TABLE "t" ⇒ drop public.t
DROP TABLE U&"\0074" ⇒ drop public.t
DROP TABLE U&"!0074" UESCAPE '!' ⇒ drop public.t
DROP TABLE U&"d!0074" UESCAPE '!' ⇒ ?relation dt is not
/* SELECT */ DELETE FROM t ⇒ delete public.t
-- select 1\nDELETE FROM t ⇒ delete public.t
SELECT 1 -- ; DROP TABLE t ⇒ transact
SELECT 1 /* ; DROP TABLE t */ ⇒ transact
SELECT '; DROP TABLE t; --' ⇒ transact
SELECT $$; DROP TABLE t; $$ ⇒ transact
SELECT $a$ $$ ; DROP TABLE t; $a$ ⇒ transact
SELECT E'\\'; DROP TABLE t; --' ⇒ drop public.t
SELECT E'\'; DROP TABLE t; --' ⇒ transact
SELECT e'a\''; DROP TABLE t; --' ⇒ drop public.t
SELECT 'a\'; DROP TABLE t; --' ⇒ drop public.t
SELECT 1; DROP TABLE t ⇒ drop public.t
SELECT 1;; ;DROP TABLE t; ⇒ drop public.t
SELECT 1 /* x; */; DROP TABLE t -- ⇒ drop public.t
SELECT $1; DROP TABLE t ⇒ drop public.t
SELECT U&'\0027; DROP TABLE t; --' ⇒ transact
SELECT "a;DROP TABLE t" FROM (SELECT 1 AS "a;DROP TABLE t") x ⇒ transact
SELECT "a""; DROP TABLE t; --" FROM (SELECT 1 AS "a""; DROP TABLE t; --") x ⇒ transact
SELECT 'x' 'y'; DROP TABLE t ⇒ ?does not accept
SELECT 'x'\n'y; DROP TABLE t' ⇒ transact
SELECT /* /* */ 1; DROP TABLE t ⇒ ?does not accept
SELECT b'1; DROP TABLE t' ⇒ transact
SELECT x'1; DROP TABLE t' ⇒ transact
SELECT $x$; DROP TABLE t ⇒ ?does not accept
SELECT 'unterminated; DROP TABLE t ⇒ ?does not accept
SELECT N'x'; DROP TABLE t ⇒ drop public.t
SELECT 1::int4; DELETE FROM t ⇒ delete public.t
SELECT 1AS x; DELETE FROM t ⇒ ?does not accept
SELECT * FROM t WHERE a=1--1\n; DELETE FROM t ⇒ select public.t, delete public.t
SELECT 1 <-- 2\n 3 FROM t ⇒ select public.t
SELECT 4*/* c */2 FROM t ⇒ select public.t
SELECT a FROM t WHERE a=-1 /* + */ - -1 ⇒ select public.t
TABLE customers ⇒ select public.customers
(((SELECT 1 FROM secret.vault))) ⇒ select secret.vault
VALUES ((SELECT secret FROM secret.vault)) ⇒ select secret.vault
SELECT 1 FROM "secret"."vault" ⇒ select secret.vault
SELECT 1 FROM secret . vault ⇒ select secret.vault
SELECT 1 FROM shop.secret.vault ⇒ select secret.vault
SELECT 1 FROM other.secret.vault ⇒ ?another database
SELECT 1 FROM SECRET.VAULT ⇒ select secret.vault
SELECT 1 FROM "SECRET".vault ⇒ ?is not in the catalog
`);

/** Writes and reads inside what looks like a read. */
const nested = statements(`
WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x ⇒ delete public.t, select public.t
WITH x AS (SELECT 1), y AS (UPDATE t SET a = 1) SELECT 1 ⇒ update public.t
WITH x AS (WITH y AS (INSERT INTO t VALUES (1)) SELECT 1) SELECT * FROM x ⇒ insert public.t
WITH t AS (SELECT 1) SELECT * FROM t ⇒ transact
WITH t AS (SELECT 1) SELECT * FROM public.t ⇒ select public.t
WITH t AS (SELECT * FROM t) SELECT * FROM t ⇒ select public.t
WITH RECURSIVE t AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM t) SELECT * FROM t ⇒ transact
WITH a AS (SELECT * FROM t), t AS (SELECT 1) SELECT * FROM a ⇒ select public.t
WITH RECURSIVE a AS (SELECT * FROM t), t AS (SELECT 1) SELECT * FROM a ⇒ transact
WITH t AS (SELECT 1) DELETE FROM t ⇒ delete public.t
WITH t AS (SELECT 1) INSERT INTO t SELECT * FROM t ⇒ insert public.t
WITH t AS (SELECT 1) SELECT (WITH u AS (SELECT * FROM t) SELECT 1 FROM u) ⇒ transact
SELECT (WITH t AS (SELECT 1) SELECT 1 FROM t), (SELECT a FROM t) ⇒ select public.t
SELECT * FROM (WITH t AS (SELECT 1) SELECT * FROM t) x, t ⇒ select public.t
SELECT CASE WHEN EXISTS (SELECT FROM secret.vault) THEN 1 END ⇒ select secret.vault
SELECT 1 WHERE 1 IN (SELECT 1 FROM secret.vault) ⇒ select secret.vault
SELECT 1 ORDER BY (SELECT secret FROM secret.vault) ⇒ select secret.vault
SELECT 1 LIMIT (SELECT 1 FROM secret.vault) ⇒ select secret.vault
SELECT 1 OFFSET (SELECT 1 FROM secret.vault) ⇒ select secret.vault
SELECT a FROM t GROUP BY a HAVING a > (SELECT 1 FROM secret.vault) ⇒ select public.t, select secret.vault
SELECT sum(a) FILTER (WHERE (SELECT true FROM secret.vault)) FROM t ⇒ select public.t, select secret.vault, call pg_catalog.sum
SELECT sum(a) OVER (PARTITION BY (SELECT 1 FROM secret.vault)) FROM t ⇒ select public.t, select secret.vault, call pg_catalog.sum
SELECT sum(a) OVER w FROM t WINDOW w AS (ORDER BY (SELECT 1 FROM secret.vault)) ⇒ select public.t, select secret.vault, call pg_catalog.sum
SELECT ARRAY(SELECT secret FROM secret.vault) ⇒ select secret.vault
SELECT ARRAY[(SELECT secret FROM secret.vault)] ⇒ select secret.vault
SELECT (SELECT ROW(v.*) FROM secret.vault v) ⇒ select secret.vault
SELECT 1 UNION SELECT 1 FROM secret.vault ⇒ select secret.vault
SELECT 1 FROM t JOIN secret.vault ON true ⇒ select public.t, select secret.vault
SELECT 1 FROM t, LATERAL (SELECT secret FROM secret.vault) v ⇒ select public.t, select secret.vault
SELECT 1 FROM t TABLESAMPLE system ((SELECT 1 FROM secret.vault)) ⇒ select public.t, select secret.vault, call pg_catalog.system
SELECT (ARRAY[1])[(SELECT 1 FROM secret.vault)] ⇒ select secret.vault
SELECT COALESCE(NULL, (SELECT secret FROM secret.vault)) ⇒ select secret.vault
SELECT xmlelement(name x, (SELECT secret FROM secret.vault)) ⇒ select secret.vault
SELECT JSON_OBJECT('a': (SELECT secret FROM secret.vault)) ⇒ select secret.vault
SELECT JSON_ARRAY(SELECT secret FROM secret.vault) ⇒ select secret.vault
SELECT JSON_VALUE((SELECT secret FROM secret.vault)::jsonb, '$.a' DEFAULT act(1) ON EMPTY) ⇒ select secret.vault, call public.act
SELECT * FROM JSON_TABLE((SELECT secret FROM secret.vault)::jsonb, '$' COLUMNS (a int PATH '$')) ⇒ select secret.vault
SELECT * FROM XMLTABLE('/a' PASSING ((SELECT secret FROM secret.vault)::xml) COLUMNS a text) ⇒ select secret.vault
SELECT * FROM ROWS FROM (generate_series(1, 2), act(3)) ⇒ call pg_catalog.generate_series, call public.act
SELECT GREATEST(1, act(2)) ⇒ call public.act
SELECT NULLIF(1, act(2)) ⇒ call public.act
SELECT 1 BETWEEN act(1) AND 3 ⇒ call public.act
SELECT act(1) IS NULL ⇒ call public.act
SELECT (act(1))::text COLLATE "C" ⇒ call public.act
SELECT DISTINCT ON (act(1)) 1 ⇒ call public.act
SELECT 1 FROM t FOR UPDATE ⇒ select public.t, lock public.t
SELECT 1 FROM t FOR SHARE OF t ⇒ select public.t, lock public.t
SELECT 1 FROM (SELECT 1 FROM t) x FOR UPDATE ⇒ select public.t, lock public.t
SELECT * INTO copied FROM t ⇒ create public.copied, select public.t
SELECT * INTO TEMP copied FROM t ⇒ create pg_temp.copied, select public.t
CREATE TABLE copied AS SELECT * FROM secret.vault ⇒ create public.copied, select secret.vault
CREATE TABLE copied AS EXECUTE p ⇒ ?prepared statement p
CREATE VIEW v AS SELECT * FROM secret.vault ⇒ create public.v, select secret.vault
CREATE MATERIALIZED VIEW v AS SELECT act(1) ⇒ create public.v, call public.act
EXPLAIN ANALYZE DELETE FROM t ⇒ delete public.t
EXPLAIN (ANALYZE, FORMAT json) INSERT INTO t SELECT * FROM secret.vault ⇒ insert public.t, select secret.vault
EXPLAIN (ANALYZE) EXECUTE nothing ⇒ ?prepared statement nothing
EXPLAIN DECLARE c CURSOR FOR SELECT * FROM secret.vault ⇒ select secret.vault
INSERT INTO t VALUES (1) RETURNING (SELECT secret FROM secret.vault) ⇒ insert public.t, select public.t, select secret.vault
INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = (SELECT 1 FROM secret.vault) ⇒ insert public.t, update public.t, select public.t, select secret.vault
INSERT INTO t DEFAULT VALUES ⇒ insert public.t
UPDATE t SET a = 1 ⇒ update public.t
UPDATE t SET (a, b) = (SELECT 1, 2 FROM secret.vault) ⇒ update public.t, select secret.vault
UPDATE t SET a = 1 FROM secret.vault ⇒ update public.t, select public.t, select secret.vault
UPDATE t SET a = b ⇒ update public.t, select public.t
DELETE FROM t USING secret.vault WHERE true ⇒ delete public.t, select public.t, select secret.vault
DELETE FROM t WHERE CURRENT OF c ⇒ delete public.t, select public.t
MERGE INTO t USING secret.vault v ON true WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (act(1)) ⇒ select public.t, select secret.vault, delete public.t, insert public.t, call public.act
MERGE INTO t USING (SELECT 1) s ON true WHEN MATCHED AND act(1) > 0 THEN UPDATE SET a = 2 WHEN NOT MATCHED BY SOURCE THEN DO NOTHING ⇒ select public.t, update public.t, call public.act
TRUNCATE t, secret.vault CASCADE ⇒ truncate public.t, truncate secret.vault
LOCK TABLE t ⇒ lock public.t
LOCK TABLE t IN ACCESS SHARE MODE ⇒ select public.t
`);

/** Functions that do more than compute. */
const functions = statements(`
SELECT pg_read_file('/etc/passwd') ⇒ server_file /etc/passwd
SELECT pg_catalog.pg_read_file('/etc/' || 'passwd') ⇒ server_file *
SELECT "pg_read_file"('/x') ⇒ server_file /x
SELECT PG_READ_FILE('/x') ⇒ server_file /x
SELECT pg_read_file(filename => '/x') ⇒ server_file *
SELECT * FROM pg_ls_dir('/') ⇒ server_file /
SELECT * FROM pg_ls_waldir() ⇒ server_file *
SELECT lo_import('/x') ⇒ server_file /x
SELECT lo_export(1, '/x') ⇒ server_file /x
SELECT lo_get(1) ⇒ select pg_catalog.pg_largeobject
SELECT lo_put(1, 0, 'x') ⇒ update pg_catalog.pg_largeobject
SELECT pg_terminate_backend(1) ⇒ signal
SELECT pg_cancel_backend(pid) FROM pg_stat_activity ⇒ signal, select pg_catalog.pg_stat_activity
SELECT pg_reload_conf() ⇒ signal
SELECT pg_sleep(1) ⇒ call pg_catalog.pg_sleep
SELECT nextval('seq') ⇒ advance public.seq
SELECT nextval('public.seq'::regclass) ⇒ advance public.seq
SELECT setval('"seq"', 1) ⇒ advance public.seq
SELECT nextval('se' || 'q') ⇒ ?other than a plain constant
SELECT nextval($1) ⇒ ?other than a plain constant
SELECT nextval('nowhere.seq') ⇒ ?is not in the catalog
SELECT set_config('role', 'admin', false) ⇒ set_role admin
SELECT pg_catalog.set_config('ROLE', 'admin', false) ⇒ set_role admin
SELECT set_config('session_authorization', 'admin', false) ⇒ set_role admin
SELECT set_config('ro' || 'le', 'admin', false) ⇒ ?other than a plain constant
SELECT set_config(setting_name => 'role', new_value => 'x', is_local => false) ⇒ ?other than a plain constant
SELECT set_config('role'::char(2), 'x', false) ⇒ ?other than a plain constant
SELECT set_config('client_encoding', 'SJIS', false) ⇒ ?pinned
SELECT set_config('standard_conforming_strings', 'off', false) ⇒ ?pinned
SELECT set_config('default_transaction_read_only', 'off', false) ⇒ ?pinned
SELECT set_config('search_path', c, false) FROM t ⇒ ?search_path
SELECT set_config('work_mem', '1MB', false) ⇒ set work_mem
SELECT set_config(name, 'x', false) FROM pg_settings ⇒ ?other than a plain constant
SELECT set_config(name, 'x', false) FROM pg_settings WHERE name = 'work_mem' ⇒ set work_mem, select pg_catalog.pg_settings
SELECT set_config(name, 'x', false) FROM pg_settings WHERE name = 'work_mem' OR true ⇒ ?other than a plain constant
SELECT set_config(name, 'x', false) FROM t x(name) WHERE name = 'work_mem' ⇒ ?other than a plain constant
SELECT set_config(setting, 'x', false) FROM pg_settings WHERE name = 'work_mem' ⇒ ?other than a plain constant
UPDATE pg_settings SET setting = 'admin' WHERE name = 'role' ⇒ ?SET
SELECT current_setting('data_directory') ⇒ show data_directory
SELECT current_setting(c) FROM t ⇒ show *, select public.t
SELECT pg_notify('c', 'x') ⇒ notify c
SELECT pg_notify(c, 'x') FROM t ⇒ notify *, select public.t
SELECT query_to_xml('DELETE FROM t', true, true, '') ⇒ delete public.t
SELECT query_to_xml('SELECT * FROM secret.vault', true, true, '') ⇒ select secret.vault
SELECT query_to_xml('SELECT query_to_xml(''DROP TABLE t'', true, true, '''')', true, true, '') ⇒ drop public.t
SELECT query_to_xml(c, true, true, '') FROM t ⇒ ?not a constant
SELECT query_to_xml('not sql', true, true, '') ⇒ ?not SQL
WITH t AS (SELECT 1) SELECT query_to_xml('SELECT * FROM t', true, true, '') ⇒ select public.t
SELECT query_to_xml('SET role admin', true, true, '') ⇒ set_role admin
SELECT table_to_xml('secret.vault', true, true, '') ⇒ select secret.vault
SELECT table_to_xml(c::regclass, true, true, '') FROM t ⇒ ?other than a plain constant
SELECT schema_to_xml('secret', true, true, '') ⇒ ?do not name
SELECT database_to_xml(true, true, '') ⇒ ?do not name
SELECT cursor_to_xml('c', 1, true, true, '') ⇒ ?cursor
SELECT ts_stat('SELECT secret::tsvector FROM secret.vault') ⇒ select secret.vault
SELECT ts_rewrite('a'::tsquery, 'SELECT secret, secret FROM secret.vault') ⇒ select secret.vault
SELECT * FROM dblink('host=x', 'SELECT 1') AS x(a int) ⇒ foreign_server *
SELECT secret.dblink_exec('DROP TABLE x') ⇒ foreign_server *
SELECT * FROM crosstab('SELECT 1, 2, secret FROM secret.vault', 'DELETE FROM t RETURNING 1') AS x(a int) ⇒ select secret.vault, delete public.t, select public.t
SELECT get_raw_page('customers', 0) ⇒ ?raw storage
SELECT pg_logical_slot_peek_changes('s', NULL, NULL) ⇒ ?every table
SELECT pg_stat_reset() ⇒ maintain
SELECT pg_hba_file_rules() ⇒ credentials pg_catalog.pg_hba_file_rules
SELECT lower('X') ⇒ call pg_catalog.lower
SELECT secret.lower('X') ⇒ call secret.lower
SET search_path = secret >> SELECT lower('X') ⇒ call pg_catalog.lower, call secret.lower
SELECT nothing_known(1) ⇒ ?is not in the catalog
SELECT 1 OPERATOR(secret.+) 2 ⇒ ?operator secret.+ is not in the catalog
SELECT 1 OPERATOR(pg_catalog.+) 2 ⇒ transact
SELECT 1 ORDER BY 1 USING OPERATOR(secret.<) ⇒ ?operator
SELECT 1 = ANY (SELECT 1), 1 OPERATOR(secret.=) ANY (SELECT 1) ⇒ ?operator
SELECT act(act(1)) ⇒ call public.act
SELECT c.leak FROM customers c ⇒ select public.customers, call public.leak
SELECT (c).leak FROM customers c ⇒ select public.customers, call public.leak
SELECT c.row_to_json FROM customers c ⇒ select public.customers, call pg_catalog.row_to_json
SELECT c.name FROM customers c ⇒ select public.customers
SELECT 'secret.vault'::regclass ⇒ transact
CALL work() ⇒ call public.work, delete public.t via public.work
CALL nowhere.work() ⇒ ?is not in the catalog
DO $$ BEGIN DELETE FROM t; END $$ ⇒ run_block, delete public.t
DO LANGUAGE plpgsql 'BEGIN NULL; END' ⇒ run_block
`);

/** What runs under a name given earlier, and settings that change how names and texts are read. */
const sessions = statements(`
EXECUTE p ⇒ ?prepared statement p
PREPARE p AS DELETE FROM t >> EXECUTE p ⇒ delete public.t
PREPARE p AS DELETE FROM t >> DEALLOCATE p >> PREPARE p AS SELECT 1 >> EXECUTE p ⇒ delete public.t, transact
PREPARE p AS SELECT a FROM t >> EXECUTE p (act(1)) ⇒ select public.t, call public.act
PREPARE p(int) AS SELECT a FROM t >> EXECUTE p(act(1)) ⇒ select public.t, call public.act
PREPARE "P" AS DELETE FROM t >> EXECUTE p ⇒ ?prepared statement p
PREPARE p AS SELECT * FROM t >> SET search_path = secret >> EXECUTE p ⇒ select public.t, select secret.t
PREPARE p AS SELECT 1; EXECUTE p ⇒ transact
PREPARE p AS SELECT 1; EXECUTE p >> EXECUTE p ⇒ transact
PREPARE p AS SELECT * FROM t >> SET search_path = secret; EXECUTE p ⇒ select public.t, select secret.t, set search_path
DECLARE c CURSOR WITH HOLD FOR SELECT * FROM secret.vault ⇒ select secret.vault
DECLARE c CURSOR FOR SELECT * FROM secret.vault >> FETCH ALL FROM c ⇒ select secret.vault
DECLARE c CURSOR FOR SELECT * FROM secret.vault >> MOVE 1 IN c ⇒ select secret.vault
FETCH ALL FROM c ⇒ ?cursor c
FETCH ALL FROM "<unnamed portal 1>" ⇒ ?cursor
CLOSE c ⇒ ?cursor c
CLOSE ALL ⇒ transact
SET search_path = secret >> SELECT * FROM t ⇒ select public.t, select secret.t
SET search_path TO secret, public >> SELECT * FROM t ⇒ select public.t, select secret.t
SET LOCAL search_path = 'secret' >> SELECT * FROM vault ⇒ select secret.vault
SELECT set_config('search_path', 'secret', true) >> SELECT * FROM vault ⇒ select secret.vault
SELECT set_config('search_path', '', false) >> SELECT * FROM t ⇒ select public.t
SET search_path = secret; SELECT * FROM t ⇒ select public.t, select secret.t, set search_path
BEGIN; SET LOCAL search_path = secret; SELECT * FROM vault; COMMIT ⇒ select secret.vault, set search_path, transact
SET search_path = "$user" >> SELECT * FROM t ⇒ select public.t
SET search_path = 'secret, public' >> SELECT * FROM vault ⇒ ?is not in the catalog
SELECT * FROM vault ⇒ ?is not in the catalog
CREATE TEMP TABLE customers (a int) >> SELECT * FROM customers ⇒ select pg_temp.customers, select public.customers
CREATE TEMP TABLE x AS SELECT * FROM secret.vault >> SELECT * FROM x ⇒ select pg_temp.x
CREATE TEMP TABLE x (a int) >> SELECT * FROM pg_temp.x ⇒ select pg_temp.x
CREATE TABLE pg_temp.x (a int) >> SELECT * FROM x ⇒ select pg_temp.x
SELECT * FROM pg_temp.nothing ⇒ ?is not in the catalog
SELECT * FROM pg_temp_3.t ⇒ ?is not in the catalog
CREATE TABLE fresh (a int) >> INSERT INTO fresh VALUES (1) ⇒ insert public.fresh
ALTER TABLE t RENAME TO renamed >> SELECT * FROM renamed ⇒ ?commit it first
CREATE FUNCTION fresh() RETURNS int LANGUAGE sql AS 'SELECT 1' >> SELECT fresh() ⇒ call public.fresh
SET ROLE admin ⇒ set_role admin
SET LOCAL ROLE admin ⇒ set_role admin
SET role = 'admin' ⇒ set_role admin
SET "role" TO admin ⇒ set_role admin
RESET ROLE ⇒ set_role *
SET SESSION AUTHORIZATION admin ⇒ set_role admin
SET SESSION AUTHORIZATION DEFAULT ⇒ set_role *
SET standard_conforming_strings = off ⇒ ?pinned
SET standard_conforming_strings = on ⇒ set standard_conforming_strings
SET STANDARD_CONFORMING_STRINGS TO 'off' ⇒ ?pinned
RESET standard_conforming_strings ⇒ ?pinned
SET client_encoding = 'SJIS' ⇒ ?pinned
SET NAMES 'GBK' ⇒ ?pinned
SET NAMES 'utf8' ⇒ set client_encoding
SET client_encoding TO DEFAULT ⇒ ?pinned
SET backslash_quote = on ⇒ ?pinned
SET session_replication_role = replica ⇒ ?pinned
SET default_transaction_read_only = off ⇒ ?pinned
SET transaction_read_only = off ⇒ ?pinned
SET transaction_read_only = 0 ⇒ ?pinned
SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE ⇒ ?pinned
SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY ⇒ set default_transaction_read_only
SET TRANSACTION READ WRITE ⇒ transact, transact_writable
BEGIN READ WRITE; DELETE FROM t; COMMIT ⇒ transact, transact_writable, delete public.t
PREPARE TRANSACTION 'x' ⇒ two_phase
COMMIT PREPARED 'x' ⇒ two_phase
ROLLBACK PREPARED 'x' ⇒ two_phase
BEGIN READ ONLY ⇒ transact
SET local_preload_libraries = 'x' ⇒ ?load code
RESET ALL ⇒ ?RESET ALL
DISCARD ALL ⇒ ?DISCARD ALL
DISCARD PLANS ⇒ transact
SET statement_timeout = 0 ⇒ set statement_timeout
SHOW ALL ⇒ show *
SHOW search_path ⇒ show search_path
LISTEN c ⇒ listen c
NOTIFY c, 'x' ⇒ notify c
`);

/** COPY, definitions, and everything that reaches outside the database. */
const reach = statements(String.raw`
COPY t TO PROGRAM 'sh' ⇒ program *, select public.t
COPY t FROM PROGRAM 'sh' ⇒ program *, insert public.t, copy_in public.t
COPY (SELECT * FROM secret.vault) TO PROGRAM 'sh' ⇒ program *, select secret.vault
COPY t TO '/tmp/x' ⇒ server_file /tmp/x, select public.t
COPY t FROM '/etc/passwd' ⇒ server_file /etc/passwd, insert public.t, copy_in public.t
COPY t TO STDOUT ⇒ select public.t
COPY t (a, b) FROM STDIN ⇒ insert public.t, copy_in public.t
COPY t FROM STDIN WHERE act(a) > 1 ⇒ insert public.t, copy_in public.t, call public.act
COPY (DELETE FROM t RETURNING *) TO STDOUT ⇒ delete public.t, select public.t
COPY (SELECT pg_read_file('/x')) TO STDOUT ⇒ server_file /x
COPY pg_authid TO STDOUT ⇒ select pg_catalog.pg_authid, credentials pg_catalog.pg_authid
COPY t TO STDOUT (FORMAT csv, NONSENSE) ⇒ ?option of COPY
COPY BINARY t TO STDOUT ⇒ select public.t
SELECT * FROM pg_authid ⇒ select pg_catalog.pg_authid, credentials pg_catalog.pg_authid
SELECT * FROM pg_catalog.pg_shadow ⇒ select pg_catalog.pg_shadow, credentials pg_catalog.pg_shadow
SELECT umoptions FROM pg_user_mapping ⇒ select pg_catalog.pg_user_mapping, credentials pg_catalog.pg_user_mapping
SELECT * FROM pg_subscription ⇒ select pg_catalog.pg_subscription, credentials pg_catalog.pg_subscription
SELECT subname FROM pg_subscription ⇒ select pg_catalog.pg_subscription
SELECT * FROM pg_hba_file_rules ⇒ select pg_catalog.pg_hba_file_rules, credentials pg_catalog.pg_hba_file_rules
SELECT most_common_vals FROM pg_stats ⇒ select pg_catalog.pg_stats, credentials pg_catalog.pg_stats
SELECT * FROM pg_toast.pg_toast_1262 ⇒ ?pg_toast
SELECT * FROM information_schema.tables ⇒ select information_schema.tables
DROP DATABASE shop ⇒ drop_database
DROP DATABASE IF EXISTS other WITH (FORCE) ⇒ drop_database other
CREATE DATABASE other ⇒ create other
ALTER DATABASE other SET search_path = x ⇒ alter_database other
DROP SCHEMA secret CASCADE ⇒ drop secret, drop secret.lower via secret, drop secret.t via secret, drop secret.vault via secret
DROP SCHEMA secret ⇒ drop secret
DROP TABLE IF EXISTS nowhere ⇒ drop public.nowhere, drop reader.nowhere
DROP TABLE secret.vault, t ⇒ drop secret.vault, drop public.t
DROP VIEW people ⇒ drop public.people
DROP FUNCTION act(int) ⇒ drop public.act
DROP SEQUENCE seq ⇒ drop public.seq
DROP OWNED BY admin ⇒ ?what the role owns
ALTER TABLE t ADD COLUMN d int DEFAULT act(1) ⇒ alter public.t, call public.act
ALTER TABLE t ALTER COLUMN a TYPE text USING (SELECT secret FROM secret.vault) ⇒ alter public.t, select public.t, select secret.vault
ALTER TABLE t OWNER TO admin ⇒ alter public.t, grant admin
ALTER TABLE t ENABLE ROW LEVEL SECURITY ⇒ alter public.t
ALTER TABLE t DISABLE TRIGGER ALL ⇒ alter public.t
ALTER TABLE parts ATTACH PARTITION t DEFAULT ⇒ alter public.parts, alter public.t
ALTER TABLE t INHERIT secret.t ⇒ alter public.t, alter secret.t
ALTER TABLE t SET SCHEMA secret ⇒ alter public.t, create secret, create secret.t
ALTER FUNCTION act(int) OWNER TO admin ⇒ alter public.act, grant admin
CREATE TABLE x (a int CHECK (act(a) > 0), b int REFERENCES secret.t (a)) ⇒ create public.x, call public.act, alter secret.t
CREATE TABLE x (LIKE secret.vault) ⇒ create public.x, select secret.vault
CREATE TABLE x () INHERITS (secret.t) ⇒ create public.x, alter secret.t
CREATE TABLE x PARTITION OF parts FOR VALUES FROM (10) TO (20) ⇒ create public.x, alter public.parts
CREATE INDEX ON t (act(a)) WHERE act(b) > 0 ⇒ create public.t, call public.act
CREATE RULE r AS ON SELECT TO t DO INSTEAD SELECT * FROM secret.vault ⇒ alter public.t, select secret.vault
CREATE RULE r AS ON INSERT TO t DO ALSO DELETE FROM customers WHERE id = new.a ⇒ alter public.t, delete public.customers, select public.customers
CREATE TRIGGER g BEFORE INSERT ON t EXECUTE FUNCTION fire() ⇒ alter public.t, call public.fire
CREATE POLICY p ON t USING (act(a) > 0) ⇒ alter public.t, call public.act
CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x', 'y' ⇒ ?not in the catalog
CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS 'x' ⇒ ?not in the catalog
CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT secret FROM secret.vault' ⇒ create public.f, select secret.vault via public.f
CREATE OR REPLACE FUNCTION act(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN DELETE FROM t; RETURN 1; END' ⇒ create public.act, delete public.t via public.act
CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN EXECUTE $1; RETURN 1; END' ⇒ ?not a constant
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1' ⇒ create public.f
CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1' ⇒ create public.f, grant *
CREATE FUNCTION f(a int DEFAULT act(1)) RETURNS int RETURN a + (SELECT a FROM t) ⇒ create public.f, call public.act, select public.t
CREATE FUNCTION f() RETURNS void BEGIN ATOMIC DELETE FROM t; END ⇒ create public.f, delete public.t
CREATE CAST (text AS int) WITH FUNCTION act(int) ⇒ ?cast
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = act) ⇒ create public, create reader, call public.act
CREATE AGGREGATE ag(int) (SFUNC = act, STYPE = int) ⇒ create public.ag, call public.act
CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION fire() ⇒ create, call public.fire
CREATE EXTENSION dblink ⇒ load_code dblink
CREATE LANGUAGE plperlu ⇒ load_code plperlu
LOAD 'x' ⇒ load_code x, server_file x
CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw ⇒ foreign_server s
CREATE USER MAPPING FOR public SERVER s OPTIONS (password 'x') ⇒ foreign_server s
CREATE FOREIGN TABLE x (a int) SERVER s ⇒ foreign_server s, create public.x
IMPORT FOREIGN SCHEMA x FROM SERVER s INTO public ⇒ foreign_server s, create public
CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p ⇒ foreign_server s
CREATE PUBLICATION p FOR TABLE secret.vault ⇒ create, select secret.vault
CREATE PUBLICATION p FOR ALL TABLES ⇒ create, select *.*
CREATE PUBLICATION p FOR TABLES IN SCHEMA secret ⇒ create, select secret.*
CREATE TABLESPACE x LOCATION '/x' ⇒ server_file /x
ALTER SYSTEM SET archive_command = 'sh' ⇒ alter_system archive_command
ALTER SYSTEM RESET ALL ⇒ alter_system *
GRANT ALL ON secret.vault TO PUBLIC ⇒ grant *
GRANT admin TO reader ⇒ grant admin, grant reader
REVOKE ALL ON t FROM reader ⇒ grant reader
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO reader ⇒ grant reader
REASSIGN OWNED BY a TO b ⇒ grant a, grant b
CREATE ROLE x SUPERUSER ⇒ create_role x
CREATE USER x PASSWORD 'y' ⇒ create_role x
ALTER ROLE x SUPERUSER ⇒ alter_role x
ALTER ROLE ALL SET search_path = x ⇒ alter_role *
ALTER USER CURRENT_USER PASSWORD 'x' ⇒ alter_role *
DROP ROLE x, y ⇒ drop_role x, drop_role y
ALTER ROLE x RENAME TO y ⇒ alter_role x
COMMENT ON TABLE secret.vault IS 'x' ⇒ comment secret.vault
COMMENT ON COLUMN secret.vault.secret IS 'x' ⇒ comment secret.vault
SECURITY LABEL ON TABLE t IS 'x' ⇒ alter public.t
VACUUM ⇒ maintain
VACUUM FULL t ⇒ maintain public.t
ANALYZE t (a) ⇒ maintain public.t
CLUSTER t ⇒ maintain public.t
REINDEX TABLE t ⇒ maintain public.t
REINDEX DATABASE shop ⇒ maintain
REFRESH MATERIALIZED VIEW totals ⇒ maintain public.totals, select public.orders via public.totals, call pg_catalog.sum via public.totals
CHECKPOINT ⇒ maintain
CREATE STATISTICS st ON a, b FROM t ⇒ create public, create reader, alter public.t
CREATE SCHEMA x AUTHORIZATION admin ⇒ create x, grant admin
CREATE SCHEMA x CREATE TABLE y (a int) ⇒ ?one by one
CREATE TYPE x AS ENUM ('a') ⇒ create public, create reader
CREATE DOMAIN d AS int CHECK (act(value) > 0) ⇒ create public, create reader, call public.act
START_REPLICATION SLOT s LOGICAL 0/0 ⇒ ?does not accept
\copy t to 'x' ⇒ ?does not accept
`);

export const corpus: readonly HostileStatement[] = [
  ...disguises,
  ...nested,
  ...functions,
  ...sessions,
  ...reach,
];
