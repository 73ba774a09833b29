-- source: ActiveRecord 7
SELECT "schema_migrations"."version" FROM "schema_migrations" ORDER BY "schema_migrations"."version" ASC
-- ⏎
SELECT "ar_internal_metadata"."value" FROM "ar_internal_metadata" WHERE "ar_internal_metadata"."key" = $1
-- ⏎
SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod, c.collname, col_description(a.attrelid, a.attnum) AS comment, attidentity AS identity, attgenerated AS attgenerated FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum LEFT JOIN pg_type t ON a.atttypid = t.oid LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation WHERE a.attrelid = '"users"'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
-- ⏎
SELECT a.attname FROM (SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx FROM pg_index WHERE indrelid = '"users"'::regclass AND indisprimary) i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[i.idx] ORDER BY i.idx
-- ⏎
SELECT distinct i.relname, d.indisunique, d.indkey, pg_get_indexdef(d.indexrelid), pg_catalog.obj_description(i.oid, 'pg_class') AS comment, d.indisvalid FROM pg_class t INNER JOIN pg_index d ON t.oid = d.indrelid INNER JOIN pg_class i ON d.indexrelid = i.oid LEFT JOIN pg_namespace n ON n.oid = t.relnamespace WHERE i.relkind IN ('i', 'I') AND d.indisprimary = 'f' AND t.relname = 'orders' AND n.nspname = ANY (current_schemas(false)) ORDER BY i.relname
-- ⏎
SELECT c.relname FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (current_schemas(false)) AND c.relname = 'users' AND c.relkind IN ('r','v','m','p','f')
-- ⏎
SELECT t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype FROM pg_type as t LEFT JOIN pg_range as r ON oid = rngtypid WHERE t.typname IN ('int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'numeric', 'bool')
-- ⏎
SELECT t2.oid::regclass::text AS to_table, a1.attname AS column, a2.attname AS primary_key, c.conname AS name, c.confupdtype AS on_update, c.confdeltype AS on_delete, c.convalidated AS valid FROM pg_constraint c JOIN pg_class t1 ON c.conrelid = t1.oid JOIN pg_class t2 ON c.confrelid = t2.oid JOIN pg_attribute a1 ON a1.attnum = c.conkey[1] AND a1.attrelid = t1.oid JOIN pg_attribute a2 ON a2.attnum = c.confkey[1] AND a2.attrelid = t2.oid JOIN pg_namespace t3 ON c.connamespace = t3.oid WHERE c.contype = 'f' AND t1.relname = 'posts' AND t3.nspname = ANY (current_schemas(false)) ORDER BY c.conname
-- ⏎
SELECT "users".* FROM "users" WHERE "users"."email" = $1 LIMIT $2
-- ⏎
SELECT "posts".* FROM "posts" WHERE "posts"."user_id" IN ($1, $2, $3) ORDER BY "posts"."created_at" DESC
-- ⏎
SELECT 1 AS one FROM "users" WHERE "users"."email" = $1 LIMIT $2
-- ⏎
SELECT COUNT(DISTINCT "users"."id") FROM "users" LEFT OUTER JOIN "posts" ON "posts"."user_id" = "users"."id" WHERE "posts"."published" = TRUE
-- ⏎
SELECT "users"."id" AS t0_r0, "users"."email" AS t0_r1, "posts"."id" AS t1_r0, "posts"."title" AS t1_r1 FROM "users" LEFT OUTER JOIN "posts" ON "posts"."user_id" = "users"."id" WHERE (posts.title ILIKE '%rails%') ORDER BY "users"."id" ASC
-- ⏎
SELECT DATE_TRUNC('day', created_at AT TIME ZONE 'UTC') AS d, COUNT(*) FROM "posts" GROUP BY 1 ORDER BY 1 DESC LIMIT 30
-- ⏎
-- source: Hibernate 6
select c1_0.id,c1_0.active,c1_0.created_at,c1_0.email,c1_0.name from customers c1_0 where c1_0.id=$1
-- ⏎
select o1_0.id,o1_0.customer_id,c1_0.id,c1_0.name,o1_0.placed_at,o1_0.total from orders o1_0 left join customers c1_0 on c1_0.id=o1_0.customer_id where o1_0.id=$1
-- ⏎
select count(o1_0.id) from orders o1_0 where o1_0.status=$1::order_status and o1_0.placed_at>localtimestamp
-- ⏎
select p1_0.id,p1_0.title from products p1_0 where upper(p1_0.title) like upper($1) escape '\' order by p1_0.title offset $2 rows fetch first $3 rows only
-- ⏎
select distinct u1_0.id,u1_0.email,p1_0.user_id,p1_0.id,p1_0.title from users u1_0 join posts p1_0 on u1_0.id=p1_0.user_id where exists(select 1 from comments c1_0 where c1_0.post_id=p1_0.id)
-- ⏎
select * from information_schema.sequences
-- ⏎
-- source: Flyway
SELECT "installed_rank","version","description","type","script","checksum","installed_on","installed_by","execution_time","success" FROM "public"."flyway_schema_history" WHERE "installed_rank" > 0 ORDER BY "installed_rank"
-- ⏎
SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relname = 'flyway_schema_history' AND c.relkind = 'r')
-- ⏎
-- source: Alembic
SELECT alembic_version.version_num FROM alembic_version
-- ⏎
-- source: Prisma 5
SELECT "public"."User"."id", "public"."User"."email", "public"."User"."name" FROM "public"."User" WHERE ("public"."User"."email" = $1 AND 1=1) LIMIT $2 OFFSET $3
-- ⏎
SELECT "t1"."id", "t1"."title", "t1"."authorId" FROM "public"."Post" AS "t1" LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('id', "t3"."id", 'name', "t3"."name") AS "__prisma_data__" FROM (SELECT "t2".* FROM "public"."User" AS "t2" WHERE "t1"."authorId" = "t2"."id" LIMIT 1) AS "t3") AS "Post_author" ON TRUE
-- ⏎
SELECT COUNT(*) FROM (SELECT "public"."Post"."id" FROM "public"."Post" WHERE "public"."Post"."published" = $1 OFFSET $2) AS "sub"
-- ⏎
SELECT EXISTS(SELECT 1 FROM pg_namespace WHERE nspname = $1), version(), current_setting('server_version_num')::integer as numeric_version
-- ⏎
SELECT "id", "checksum", "finished_at", "migration_name", "logs", "rolled_back_at", "started_at", "applied_steps_count" FROM "_prisma_migrations" ORDER BY "started_at" ASC
-- ⏎
SELECT tbl.relname AS table_name, namespace.nspname AS namespace, (tbl.relhassubclass AND tbl.relkind = 'p') AS is_partition, tbl.relrowsecurity AS has_row_level_security, description.description FROM pg_class AS tbl INNER JOIN pg_namespace AS namespace ON namespace.oid = tbl.relnamespace LEFT JOIN pg_description description ON description.objoid = tbl.oid AND description.objsubid = 0 WHERE (tbl.relkind = 'r' OR tbl.relkind = 'p') AND namespace.nspname = ANY ($1) ORDER BY namespace, table_name
-- ⏎
SELECT conname AS constraint_name, child.relname AS child_table, conrelid::regclass::text FROM pg_constraint con JOIN pg_class child ON con.conrelid = child.oid WHERE con.contype = 'f' AND array_length(con.conkey, 1) > 0
-- ⏎
-- source: drizzle
select "users"."id", "users"."email", "posts"."title" from "users" left join "posts" on "users"."id" = "posts"."user_id" where ("users"."email" like $1 and "posts"."published" = $2) limit $3
-- ⏎
select "id", (select count(*) from "posts" where "posts"."user_id" = "users"."id") as "n" from "users"
-- ⏎
-- source: full text search and JSON, as applications write them
SELECT id, title, ts_rank(search, q) AS rank FROM products, websearch_to_tsquery('english', $1) AS q WHERE search @@ q ORDER BY rank DESC LIMIT 10
-- ⏎
SELECT id, settings->>'theme' AS theme, settings @> '{"beta": true}' AS beta FROM customers WHERE settings ? 'theme' AND tags && ARRAY['vip']
-- ⏎
SELECT c.id, t.key, t.value FROM customers c CROSS JOIN LATERAL jsonb_each_text(c.settings) AS t
-- ⏎
SELECT full_name(u) FROM users u
-- ⏎
SELECT name, total, rank() OVER (ORDER BY total DESC), lag(total) OVER w FROM order_totals WINDOW w AS (ORDER BY total) LIMIT 10
-- ⏎
WITH RECURSIVE days AS (SELECT current_date - 7 AS d UNION ALL SELECT d + 1 FROM days WHERE d < current_date) SELECT d, coalesce(sum(o.total), 0) FROM days LEFT JOIN orders o ON o.placed_at::date = d GROUP BY d ORDER BY d
-- ⏎
SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY total), stddev(total), grouping(status) FROM orders GROUP BY ROLLUP (status)
-- ⏎
EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM orders WHERE customer_id = 5
-- ⏎
COPY (SELECT id, name FROM customers ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER)
-- ⏎
PREPARE by_customer (bigint) AS SELECT * FROM orders WHERE customer_id = $1
-- ⏎
DECLARE c NO SCROLL CURSOR FOR SELECT * FROM orders
-- ⏎
