-- source: postgres_exporter
SELECT datname, numbackends, xact_commit, xact_rollback, blks_read, blks_hit, tup_returned, tup_fetched, tup_inserted, tup_updated, tup_deleted, conflicts, temp_files, temp_bytes, deadlocks, stats_reset FROM pg_stat_database
-- ⏎
SELECT pg_database.datname, tmp.mode, COALESCE(count, 0) AS count FROM (VALUES ('accesssharelock'), ('rowsharelock'), ('rowexclusivelock'), ('accessexclusivelock')) AS tmp(mode) CROSS JOIN pg_database LEFT JOIN (SELECT database, lower(mode) AS mode, count(*) AS count FROM pg_locks WHERE database IS NOT NULL GROUP BY database, lower(mode)) AS tmp2 ON tmp.mode = tmp2.mode AND pg_database.oid = tmp2.database ORDER BY 1
-- ⏎
SELECT pg_database.datname, pg_database_size(pg_database.datname) AS size FROM pg_database
-- ⏎
SELECT schemaname, relname, seq_scan, seq_tup_read, idx_scan, n_live_tup, n_dead_tup, last_vacuum, last_autovacuum, last_analyze FROM pg_stat_user_tables
-- ⏎
SELECT CASE WHEN NOT pg_is_in_recovery() THEN 0 ELSE GREATEST(0, EXTRACT(EPOCH FROM (now() - pg_last_xact_replay_timestamp()))) END AS lag
-- ⏎
SELECT slot_name, slot_type, active, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) AS behind FROM pg_replication_slots
-- ⏎
SELECT name, setting, COALESCE(unit, '') AS unit, short_desc, vartype FROM pg_settings WHERE vartype IN ('bool', 'integer', 'real')
-- ⏎
SELECT application_name, client_addr, state, sync_state, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) FROM pg_stat_replication
-- ⏎
SELECT schemaname, relname, indexrelname, idx_scan, idx_tup_read FROM pg_stat_user_indexes WHERE idx_scan = 0
-- ⏎
SELECT sum(heap_blks_hit) / nullif(sum(heap_blks_hit) + sum(heap_blks_read), 0) AS ratio FROM pg_statio_user_tables
-- ⏎
-- source: operators' queries: sessions and locks
SELECT pid, usename, application_name, client_addr, state, wait_event_type, wait_event, now() - xact_start AS age, left(query, 60) FROM pg_stat_activity WHERE state <> 'idle' ORDER BY xact_start
-- ⏎
SELECT state, count(*) FROM pg_stat_activity GROUP BY state
-- ⏎
SELECT blocked.pid AS blocked_pid, blocking.pid AS blocking_pid, blocked.query FROM pg_stat_activity blocked JOIN pg_stat_activity blocking ON blocking.pid = ANY (pg_blocking_pids(blocked.pid))
-- ⏎
SELECT locktype, relation::regclass, mode, granted, pid FROM pg_locks WHERE NOT granted
-- ⏎
-- source: operators' queries: sizes and bloat
SELECT relname, pg_size_pretty(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' ORDER BY pg_total_relation_size(oid) DESC LIMIT 20
-- ⏎
SELECT nspname, relname, (cc.relpages - otta)::bigint AS wasted FROM (SELECT n.nspname, c.relname, c.relpages, ceil((c.reltuples * 40) / (current_setting('block_size')::numeric - 20)) AS otta FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r') AS x JOIN LATERAL (SELECT x.relpages) cc ON true WHERE cc.relpages > otta
-- ⏎
SELECT schemaname, tablename, attname, null_frac, avg_width, n_distinct FROM pg_stats WHERE schemaname = 'public'
-- ⏎
SELECT relname, age(relfrozenxid) AS xid_age, pg_size_pretty(pg_table_size(oid)) FROM pg_class WHERE relkind IN ('r', 't') ORDER BY 2 DESC LIMIT 20
-- ⏎
SELECT checkpoints_done FROM (SELECT num_done AS checkpoints_done FROM pg_stat_checkpointer) c
-- ⏎
SELECT indexrelid::regclass, indrelid::regclass, array_agg(attname) FROM pg_index, unnest(indkey) k JOIN pg_attribute a ON a.attnum = k WHERE a.attrelid = indrelid GROUP BY 1, 2
-- ⏎
SELECT n_live_tup::float / nullif(n_dead_tup, 0) FROM pg_stat_all_tables WHERE relid = 'public.orders'::regclass
-- ⏎
SELECT backend_type, object, context, reads, writes FROM pg_stat_io
-- ⏎
SELECT * FROM pg_stat_progress_vacuum
-- ⏎
SELECT * FROM pg_available_extensions WHERE installed_version IS NOT NULL
-- ⏎
SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'
-- ⏎
SELECT txid_current_if_assigned(), pg_current_snapshot(), pg_current_wal_lsn()
-- ⏎
SELECT last_value, is_called FROM public.orders_id_seq
-- ⏎
SELECT sequencename, last_value FROM pg_sequences
-- ⏎
SELECT * FROM pg_timezone_names LIMIT 5
-- ⏎
SELECT grantee, privilege_type FROM information_schema.role_table_grants WHERE table_name = 'orders'
-- ⏎
