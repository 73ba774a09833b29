/** What an earlier statement of the session changes for a later one. The language of these lines is in attacks.ts. Only ever add to them. */
export const sessionAttacks = String.raw`
# Names that mean something else later
SET search_path = vault >> SELECT word FROM entries ⇒ none
SET search_path TO 'vault' >> TABLE entries ⇒ none
SET search_path TO "vault", pg_catalog >> SELECT * FROM entries ⇒ none
SET SEARCH_PATH TO VAULT >> SELECT * FROM entries ⇒ none
SET LOCAL search_path = vault, monitoring >> SELECT * FROM entries, checks ⇒ none
SET SESSION search_path = vault >> BEGIN >> SELECT * FROM entries ⇒ none
SET schema 'vault' >> SELECT * FROM entries ⇒ none
SELECT set_config('search_path', 'vault', true) >> SELECT * FROM entries ⇒ none
SELECT pg_catalog.set_config('Search_Path', 'vault', false) >> SELECT * FROM entries ⇒ none
SELECT set_config('search_' || 'path', 'vault', false) ⇒ untold
SELECT set_config(c.host, 'vault', false) FROM monitoring.checks c ⇒ untold
SELECT set_config(NULLIF('search_path', ''), 'vault', false) ⇒ untold
WITH s AS (SELECT set_config('search_path', 'vault', false)) SELECT * FROM s >> TABLE entries ⇒ none
BEGIN >> SET search_path = vault >> ROLLBACK >> SELECT * FROM entries ⇒ none
SAVEPOINT a >> SET search_path = vault >> ROLLBACK TO a >> TABLE entries ⇒ none
SET search_path = vault; TABLE entries ⇒ none
RESET search_path >> SELECT * FROM vault.entries ⇒ none
SET search_path TO DEFAULT >> TABLE vault.entries ⇒ none
SET search_path = pg_temp >> SELECT * FROM entries ⇒ untold
# Statements under a name
PREPARE p AS SELECT host FROM monitoring.checks >> DEALLOCATE p >> PREPARE p AS SELECT word FROM vault.entries >> EXECUTE p ⇒ none
PREPARE p AS SELECT 1 >> PREPARE p AS TABLE vault.entries >> EXECUTE p ⇒ none
PREPARE "p" AS TABLE vault.entries >> EXECUTE p ⇒ none
PREPARE p AS TABLE vault.entries; EXECUTE p ⇒ none
PREPARE p (text) AS SELECT $1 >> EXECUTE p ((SELECT word FROM vault.entries)) ⇒ none
PREPARE p (text) AS SELECT monitoring.run($1) >> EXECUTE p ('SELECT word FROM vault.entries') ⇒ untold
PREPARE p AS DELETE FROM monitoring.checks >> EXPLAIN ANALYZE EXECUTE p ⇒ hold
PREPARE p AS SELECT word FROM vault.entries >> CREATE TABLE pg_temp.t AS EXECUTE p ⇒ none
PREPARE p AS SELECT word FROM vault.entries >> EXPLAIN EXECUTE p ⇒ none
EXECUTE never_prepared ⇒ untold
EXECUTE "p; DROP" ⇒ untold
CREATE TEMP TABLE t AS EXECUTE never_prepared ⇒ untold
DECLARE c CURSOR WITH HOLD FOR SELECT word FROM vault.entries >> COMMIT >> FETCH c ⇒ none
DECLARE c INSENSITIVE SCROLL CURSOR FOR SELECT word FROM vault.entries ⇒ none
DECLARE c BINARY CURSOR FOR TABLE vault.entries ⇒ none
FETCH ALL FROM never_opened ⇒ untold
MOVE FORWARD ALL FROM never_opened ⇒ untold
DELETE FROM monitoring.checks WHERE CURRENT OF c ⇒ hold
UPDATE monitoring.checks SET host = 'x' WHERE CURRENT OF c ⇒ hold
SELECT cursor_to_xml('c', 1, true, false, '') ⇒ untold
DECLARE c CURSOR FOR SELECT host FROM monitoring.checks >> CLOSE c >> DECLARE c CURSOR FOR TABLE vault.entries >> FETCH c ⇒ none
# Settings that change how texts are read, or take protection away
SET standard_conforming_strings = off ⇒ untold
SET standard_conforming_strings TO OFF; SELECT '\'', word FROM vault.entries --' ⇒ untold
SET LOCAL standard_conforming_strings = 'false' ⇒ untold
SELECT set_config('standard_conforming_strings', 'off', false) ⇒ untold
SET escape_string_warning = off ⇒ none
SET backslash_quote = 'on' ⇒ untold
SET client_encoding = 'SJIS' ⇒ untold
SET client_encoding TO BIG5 ⇒ untold
SET NAMES 'GBK' ⇒ untold
SET CLIENT_ENCODING = 'GB18030' ⇒ untold
SELECT set_config('client_encoding', 'JOHAB', false) ⇒ untold
SET transform_null_equals = on ⇒ none
SET xmlbinary = hex ⇒ none
SET session_replication_role = replica ⇒ untold
SET session_preload_libraries = 'auto_explain' ⇒ untold
SET local_preload_libraries TO 'x' ⇒ untold
SET dynamic_library_path = '/tmp' ⇒ untold
SET default_transaction_read_only = off ⇒ untold
SET transaction_read_only = false ⇒ untold
SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE ⇒ untold
BEGIN READ WRITE >> DELETE FROM monitoring.checks ⇒ hold
START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE, DEFERRABLE >> INSERT INTO monitoring.checks VALUES (3, 'x') ⇒ hold
SET TRANSACTION READ WRITE >> DELETE FROM monitoring.checks ⇒ hold
SELECT pg_export_snapshot() >> TABLE vault.entries ⇒ none
RESET ALL ⇒ untold
DISCARD ALL ⇒ untold
RESET transaction_read_only ⇒ untold
RESET default_transaction_read_only ⇒ untold
RESET SESSION AUTHORIZATION ⇒ no-administration
RESET ROLE ⇒ no-administration
SET ROLE robot ⇒ no-administration
SET ROLE NONE ⇒ no-administration
SET ROLE "robot" ⇒ no-administration
SET LOCAL ROLE robot ⇒ no-administration
SET SESSION ROLE 'robot' ⇒ no-administration
SET role TO robot ⇒ no-administration
SET SESSION AUTHORIZATION 'robot' ⇒ no-administration
SET LOCAL SESSION AUTHORIZATION robot ⇒ no-administration
SELECT set_config('role', 'robot', false) ⇒ no-administration
SELECT set_config('session_authorization', 'robot', true) ⇒ no-administration
SELECT set_config('is_superuser', 'on', false) ⇒ none
ALTER ROLE robot SUPERUSER ⇒ no-administration
ALTER ROLE robot SET search_path = vault ⇒ no-administration
ALTER ROLE ALL IN DATABASE shop SET search_path = vault ⇒ no-administration
ALTER DATABASE shop SET search_path = vault ⇒ no-administration
ALTER DATABASE shop SET default_transaction_read_only = off ⇒ no-administration
ALTER SYSTEM SET shared_preload_libraries = 'x' ⇒ no-administration
ALTER SYSTEM RESET ALL ⇒ no-administration
SET row_security = off >> SELECT * FROM monitoring.guarded ⇒ none
SET plpgsql.variable_conflict = use_column ⇒ none
SET check_function_bodies = off ⇒ none
SET allow_system_table_mods = on ⇒ none
SET zero_damaged_pages = on ⇒ none
SET ignore_checksum_failure = on ⇒ none
SET log_statement = 'none' ⇒ none
SET log_min_duration_statement = -1 ⇒ none
SET app.word = 'x' ⇒ none
SELECT current_setting('app.word') ⇒ none
SHOW app.word ⇒ none
SHOW ALL ⇒ none
SET temp_tablespaces = 'pg_global' ⇒ none
SET lo_compat_privileges = on ⇒ none
SET event_triggers = off ⇒ none
SET constraint_exclusion = off ⇒ none
SET CONSTRAINTS ALL DEFERRED >> DELETE FROM monitoring.checks ⇒ hold
SET jit_provider = 'x' ⇒ untold
SET createrole_self_grant = 'set' ⇒ none
# Locks, channels, two phases
PREPARE TRANSACTION 'a' ⇒ no-administration
COMMIT PREPARED 'a' ⇒ no-administration
ROLLBACK PREPARED 'somebody elses' ⇒ no-administration
LISTEN secrets ⇒ none
LISTEN "*" ⇒ none
NOTIFY secrets, 'x' ⇒ hold
SELECT pg_notify('secrets', host) FROM monitoring.checks ⇒ hold
SELECT pg_notify('secrets', (SELECT word FROM vault.entries)) ⇒ none
BEGIN >> DELETE FROM monitoring.checks >> PREPARE TRANSACTION 'a' ⇒ hold
SELECT pg_sleep(1); SELECT word FROM vault.entries ⇒ none
BEGIN; SELECT word FROM vault.entries; COMMIT ⇒ none
COMMIT AND CHAIN; TABLE vault.entries ⇒ none
SELECT pg_stat_get_backend_activity(1) ⇒ no-value-leaking-catalogs
SELECT pg_terminate_backend(pid) FROM pg_stat_activity ⇒ no-value-leaking-catalogs
SELECT pg_cancel_backend(1) ⇒ no-administration
`;
