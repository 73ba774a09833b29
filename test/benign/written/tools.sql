-- source: Grafana, time series
SELECT floor(extract(epoch from "time")/60)*60 AS "time", host AS metric, avg(value) AS "value" FROM monitoring.metrics WHERE "time" BETWEEN '2026-01-01T00:00:00Z' AND '2026-01-01T06:00:00Z' AND name = 'cpu' GROUP BY 1, 2 ORDER BY 1, 2
-- ⏎
SELECT "time" AS "time", value FROM monitoring.metrics WHERE "time" BETWEEN '2026-01-01T00:00:00Z' AND '2026-01-01T06:00:00Z' AND host IN ('web-1','web-2') ORDER BY 1
-- ⏎
SELECT date_trunc('hour', time) AS time, percentile_disc(0.99) WITHIN GROUP (ORDER BY value) FROM monitoring.metrics WHERE extract(epoch from time) >= 1767225600 AND extract(epoch from time) <= 1767247200 GROUP BY 1 ORDER BY 1
-- ⏎
SELECT DISTINCT host FROM monitoring.metrics ORDER BY 1
-- ⏎
SELECT time, state AS text, 'alert' AS tags FROM (SELECT at AS time, state FROM monitoring.alerts) a WHERE time > now() - interval '1 hour'
-- ⏎
-- source: Grafana, query editor
SELECT quote_ident(table_name) AS "table" FROM information_schema.tables WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog', '_timescaledb_cache', '_timescaledb_catalog', '_timescaledb_internal') AND table_type = 'BASE TABLE' ORDER BY 1
-- ⏎
SELECT quote_ident(column_name) AS "column", data_type AS "type" FROM information_schema.columns WHERE quote_ident(table_schema) = 'monitoring' AND quote_ident(table_name) = 'metrics'
-- ⏎
SELECT current_setting('server_version_num')::int/100 as version
-- ⏎
SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'
-- ⏎
-- source: Metabase
SELECT "public"."orders"."status" AS "status", CAST("public"."orders"."placed_at" AS date) AS "placed_at", SUM("public"."orders"."total") AS "sum" FROM "public"."orders" LEFT JOIN "public"."customers" AS "Customers" ON "public"."orders"."customer_id" = "Customers"."id" WHERE "Customers"."active" = TRUE GROUP BY "public"."orders"."status", CAST("public"."orders"."placed_at" AS date) ORDER BY "public"."orders"."status" ASC LIMIT 2000
-- ⏎
SELECT "substring"."name" FROM (SELECT SUBSTRING("public"."customers"."name", 1, 1234) AS "name" FROM "public"."customers") AS "substring" LIMIT 10000
-- ⏎
SELECT nspname, relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AND c.relkind IN ('r','v','p','f','m')
-- ⏎
-- source: DBeaver
SELECT n.oid, n.*, d.description FROM pg_catalog.pg_namespace n LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = n.oid AND d.objsubid = 0 AND d.classoid = 'pg_namespace'::regclass ORDER BY nspname
-- ⏎
SELECT db.oid, db.* FROM pg_catalog.pg_database db WHERE datallowconn AND NOT datistemplate OR db.datname = 'shop' ORDER BY db.datname
-- ⏎
SELECT c.oid, c.*, d.description, pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS partition_expr, pg_catalog.pg_get_partkeydef(c.oid) AS partition_key FROM pg_catalog.pg_class c LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass WHERE c.relnamespace = 2200 AND c.relkind NOT IN ('i','I','c')
-- ⏎
SELECT c.relname, a.*, pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) AS def_value, dsc.description, dep.objid FROM pg_catalog.pg_attribute a INNER JOIN pg_catalog.pg_class c ON (a.attrelid = c.oid) LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid = ad.adrelid AND a.attnum = ad.adnum) LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid = dsc.objoid AND a.attnum = dsc.objsubid) LEFT OUTER JOIN pg_depend dep ON dep.refobjid = a.attrelid AND dep.deptype = 'i' AND dep.refobjsubid = a.attnum AND dep.classid = dep.refclassid WHERE NOT a.attisdropped AND c.oid = 16390 ORDER BY a.attnum
-- ⏎
SELECT t.oid, t.*, c.relkind, format_type(nullif(t.typbasetype, 0), t.typtypmod) AS base_type_name, d.description FROM pg_catalog.pg_type t LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid = t.typelem LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid = t.typrelid LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid = d.objoid WHERE t.typname IS NOT NULL AND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C')
-- ⏎
SELECT p.oid AS poid, p.*, pg_catalog.pg_get_expr(p.proargdefaults, 0) AS arg_defaults, d.description FROM pg_catalog.pg_proc p LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = p.oid WHERE p.pronamespace = 2200
-- ⏎
SELECT rolname, rolsuper, rolcanlogin FROM pg_catalog.pg_roles ORDER BY rolname
-- ⏎
SELECT a.oid, a.* FROM pg_catalog.pg_am a ORDER BY a.oid
-- ⏎
SELECT SESSION_USER, CURRENT_USER, current_schemas(false)
-- ⏎
SELECT x.* FROM public.orders x LIMIT 200
-- ⏎
-- source: pgAdmin 4
SELECT db.oid AS did, db.datname, db.datallowconn, pg_encoding_to_char(db.encoding) AS serverencoding, has_database_privilege(db.oid, 'CREATE') AS cancreate, datistemplate FROM pg_catalog.pg_database db WHERE db.datname = current_database()
-- ⏎
SELECT roles.oid AS id, roles.rolname AS name, roles.rolsuper AS is_superuser, CASE WHEN roles.rolsuper THEN true ELSE roles.rolcreaterole END AS can_create_role, CASE WHEN roles.rolsuper THEN true ELSE roles.rolcreatedb END AS can_create_db FROM pg_catalog.pg_roles AS roles WHERE rolname = current_user
-- ⏎
SELECT nsp.oid, nsp.nspname AS name, has_schema_privilege(nsp.oid, 'CREATE') AS can_create, has_schema_privilege(nsp.oid, 'USAGE') AS has_usage, nsp.nspname LIKE 'pg\_%' AS is_sys_object FROM pg_catalog.pg_namespace nsp WHERE nspname NOT LIKE E'pg\\_%' AND nsp.nspname <> 'information_schema' ORDER BY nspname
-- ⏎
SELECT rel.oid, rel.relname AS name, (SELECT count(*) FROM pg_catalog.pg_trigger WHERE tgrelid = rel.oid AND tgisinternal = FALSE) AS triggercount, (SELECT count(1) FROM pg_catalog.pg_inherits WHERE inhrelid = rel.oid LIMIT 1) AS is_inherits FROM pg_catalog.pg_class rel WHERE rel.relkind IN ('r','s','t','p') AND rel.relnamespace = 2200::oid AND NOT rel.relispartition ORDER BY rel.relname
-- ⏎
SET DateStyle=ISO; SET client_min_messages=notice; SELECT set_config('bytea_output','hex',false) FROM pg_settings WHERE name = 'bytea_output'; SET client_encoding='utf-8';
-- ⏎
SELECT 'session_stats' AS chart_name, row_to_json(t) AS chart_data FROM (SELECT (SELECT numbackends FROM pg_stat_database WHERE datname = 'shop') AS "Total", 0 AS "Idle") t
-- ⏎
-- source: Superset
SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace WHERE pg_catalog.pg_class.relkind = ANY (ARRAY['r', 'p']) AND pg_catalog.pg_class.relpersistence != 't' AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid) AND pg_catalog.pg_namespace.nspname != 'pg_catalog'
-- ⏎
SELECT DATE_TRUNC('week', day) AS __timestamp, sum(total) AS "SUM(total)" FROM public.daily_sales WHERE day >= TO_TIMESTAMP('2025-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') GROUP BY DATE_TRUNC('week', day) ORDER BY "SUM(total)" DESC LIMIT 10000
-- ⏎
SELECT * FROM (SELECT id, name FROM order_totals) AS virtual_table LIMIT 100
-- ⏎
