/** How a text is written, and every shape a read has. The language of these lines is in attacks.ts. Only ever add to them. */
export const textAttacks = String.raw`
# Comments, white space and quoting
SEL/**/ECT * FROM vault.entries ⇒ untold
SELECT/*/**/*/*/**/FROM/**/vault/**/./**/entries ⇒ none
SELECT--\n*--\nFROM--\nvault.entries ⇒ none
SELECT\u00a0* FROM vault.entries ⇒ untold
SELECT\u200b* FROM vault.entries ⇒ untold
SELECT * FROM vault\u2024entries ⇒ untold
SELECT * FROM ｖault.entries ⇒ untold
SELECT * FROM vаult.entries ⇒ untold
ＳＥＬＥＣＴ * FROM vault.entries ⇒ untold
SELECT * FROM "vault" . "entries" ⇒ none
SELECT * FROM vault."entries" "monitoring.checks" ⇒ none
SELECT * FROM U&"\0076ault".U&"entr\0069es" ⇒ none
SELECT * FROM U&"!0076ault" UESCAPE '!'.entries ⇒ none
SELECT * FROM U&"\+000076ault".entries ⇒ none
SELECT * FROM u&"va\0075lt"."entries" AS "monitoring" ⇒ none
SELECT $a$'$a$, word FROM vault.entries -- ' ⇒ none
SELECT $$ $a$ $$, $a$ $$ $a$, word FROM vault.entries ⇒ none
SELECT $tag$ $tag $tag$, (SELECT word FROM vault.entries) ⇒ none
SELECT E'\'', word FROM vault.entries --' ⇒ none
SELECT E'\\', word FROM vault.entries --' ⇒ none
SELECT E'\x27', word FROM vault.entries ⇒ none
SELECT E'\047; --', word FROM vault.entries ⇒ none
SELECT 'a'\n'b', word FROM vault.entries ⇒ none
SELECT U&'\0027', word FROM vault.entries ⇒ none
SELECT U&'d!0061t\+000061' UESCAPE '!', word FROM vault.entries ⇒ none
SELECT B'101', X'1FF', N'x', word FROM vault.entries ⇒ none
SELECT 1;SELECT word FROM vault.entries ⇒ none
SELECT host FROM monitoring.checks; SELECT word FROM vault.entries; SELECT 1 ⇒ none
; ; ; SELECT word FROM vault.entries ; ; ⇒ none
SELECT 1\u0000; SELECT word FROM vault.entries ⇒ untold
SELECT '\ud800', word FROM vault.entries ⇒ untold
SELECT word FROM vault.entries\\g ⇒ untold
\ufeffSELECT word FROM vault.entries ⇒ untold
SELECT 0x1F, 1_000, 0o17, word FROM vault.entries ⇒ none
SELECT 1a FROM vault.entries ⇒ untold
SELECT word/**/FROM/**/vault.entries/**/WHERE/**/1=1 ⇒ none
SELECT(word)FROM(vault.entries) ⇒ untold
SELECT word FROM vault.entries e(id,word) ⇒ none
SELECT +word FROM vault.entries ⇒ none
SELECT-1,word FROM vault.entries ⇒ none
SELECT word"w"FROM vault.entries ⇒ none
SELECT/*; */word FROM vault.entries ⇒ none
SELECT 'a' /* ' */, word FROM vault.entries /* ' */ ⇒ none
SELECT "a""b" FROM (SELECT word AS "a""b" FROM vault.entries) x ⇒ none
TABLE/**/vault.entries ⇒ none
VALUES(1),((SELECT id FROM vault.entries LIMIT 1)) ⇒ none
DELETE/* SELECT */FROM monitoring.checks ⇒ hold
/*! SELECT */ DELETE FROM monitoring.checks ⇒ hold
/*+ SeqScan(x) */ DELETE FROM monitoring.checks ⇒ hold
--+ hint\nTRUNCATE monitoring.checks ⇒ hold
explain/**/analyze/**/delete/**/from/**/monitoring.checks ⇒ hold
EXPLAIN (ANALYZE OFF, ANALYZE ON) DELETE FROM monitoring.checks ⇒ hold
EXPLAIN (ANALYZE 0, ANALYZE) DELETE FROM monitoring.checks ⇒ hold
EXPLAIN (ANALYZE FALSE) DELETE FROM monitoring.checks ⇒ hold
EXPLAIN ANALYZE VERBOSE INSERT INTO monitoring.checks SELECT 9, word FROM vault.entries ⇒ none
EXPLAIN (GENERIC_PLAN) SELECT word FROM vault.entries WHERE id = $1 ⇒ none
# Shapes of a read
SELECT * FROM ONLY (vault.entries) ⇒ none
SELECT * FROM vault.entries* ⇒ none
SELECT e.* FROM monitoring.checks c LEFT JOIN vault.entries e USING (id) ⇒ none
SELECT * FROM monitoring.checks NATURAL FULL JOIN vault.entries ⇒ none
SELECT * FROM monitoring.checks c WHERE EXISTS (TABLE vault.entries) ⇒ none
SELECT * FROM monitoring.checks c WHERE (c.id, c.host) IN (TABLE vault.entries) ⇒ none
SELECT * FROM monitoring.checks WHERE id = ANY (SELECT id FROM vault.entries) ⇒ none
SELECT * FROM monitoring.checks WHERE id = ALL (ARRAY(SELECT id FROM vault.entries)) ⇒ none
SELECT * FROM monitoring.checks WHERE ROW(id) = (SELECT id FROM vault.entries) ⇒ none
SELECT * FROM monitoring.checks FETCH FIRST (SELECT count(*) FROM vault.entries) ROWS ONLY ⇒ none
SELECT * FROM monitoring.checks FETCH FIRST (SELECT 1 FROM vault.entries) ROWS WITH TIES ⇒ untold
SELECT max(id) OVER (ORDER BY (SELECT 1 FROM vault.entries) ROWS (SELECT id FROM vault.entries) PRECEDING) FROM monitoring.checks ⇒ none
SELECT GROUPING(id) FROM monitoring.checks GROUP BY CUBE (id, (SELECT 1 FROM vault.entries)) ⇒ none
SELECT id FROM monitoring.checks GROUP BY GROUPING SETS ((id), ((SELECT 1 FROM vault.entries))) ⇒ none
WITH RECURSIVE g(id, w) AS (SELECT id, word FROM vault.entries UNION SELECT id + 1, w FROM g WHERE id < 3) SEARCH DEPTH FIRST BY id SET s CYCLE id SET c USING p SELECT * FROM g ⇒ none
WITH RECURSIVE r AS (SELECT 1 AS id UNION ALL SELECT e.id FROM r JOIN vault.entries e ON e.id = r.id + 1) TABLE r ⇒ none
WITH monitoring AS (SELECT * FROM vault.entries) SELECT * FROM monitoring ⇒ none
WITH checks AS MATERIALIZED (TABLE vault.entries) SELECT * FROM checks ⇒ none
WITH w AS NOT MATERIALIZED (SELECT word FROM vault.entries) SELECT host FROM monitoring.checks WHERE host IN (TABLE w) ⇒ none
SELECT * FROM XMLTABLE('/x' PASSING (SELECT xmlelement(name x, word) FROM vault.entries) COLUMNS w text PATH '.') ⇒ none
SELECT * FROM JSON_TABLE((SELECT to_jsonb(e) FROM vault.entries e), '$' COLUMNS (w text PATH '$.word')) ⇒ none
SELECT JSON_QUERY((SELECT to_jsonb(e) FROM vault.entries e), '$.word') ⇒ none
SELECT JSON_ARRAYAGG(word) FROM vault.entries ⇒ none
SELECT JSON_OBJECTAGG(id : word) FROM vault.entries ⇒ none
SELECT XMLAGG(XMLFOREST(word)) FROM vault.entries ⇒ none
SELECT * FROM monitoring.checks TABLESAMPLE BERNOULLI ((SELECT 100 FROM vault.entries)) REPEATABLE (1) ⇒ none
SELECT * FROM vault.entries TABLESAMPLE SYSTEM_ROWS (10) ⇒ untold
SELECT * FROM generate_series(1, (SELECT max(id) FROM vault.entries)) ⇒ none
SELECT * FROM unnest(ARRAY(SELECT word FROM vault.entries)) WITH ORDINALITY ⇒ none
SELECT * FROM ROWS FROM (generate_series(1, 2), unnest(ARRAY(SELECT word FROM vault.entries))) ⇒ none
SELECT (SELECT e FROM vault.entries e LIMIT 1).word ⇒ none
SELECT ((SELECT ROW(e.*) FROM vault.entries e LIMIT 1)).f1 ⇒ none
SELECT CASE (SELECT word FROM vault.entries LIMIT 1) WHEN 'a' THEN 1 ELSE 1 / 0 END ⇒ none
SELECT 1 FROM monitoring.checks HAVING (SELECT true FROM vault.entries) ⇒ none
SELECT DISTINCT ON ((SELECT word FROM vault.entries)) id FROM monitoring.checks ⇒ none
SELECT id FROM monitoring.checks EXCEPT SELECT id FROM vault.entries ⇒ none
SELECT id FROM monitoring.checks INTERSECT ALL (SELECT id FROM vault.entries) ⇒ none
SELECT host COLLATE "C" FROM monitoring.checks UNION (VALUES ((SELECT word FROM vault.entries))) ⇒ none
SELECT id FROM monitoring.checks FOR UPDATE ⇒ hold
SELECT id FROM monitoring.checks FOR NO KEY UPDATE SKIP LOCKED ⇒ hold
SELECT id FROM monitoring.checks FOR KEY SHARE NOWAIT ⇒ hold
SELECT id INTO UNLOGGED monitoring.stolen FROM vault.entries ⇒ none
SELECT (SELECT string_agg(word, ',') FROM vault.entries) INTO TEMP stolen ⇒ none
CREATE TABLE monitoring.stolen (w) AS TABLE vault.entries WITH NO DATA ⇒ none
CREATE UNLOGGED TABLE IF NOT EXISTS monitoring.stolen AS VALUES ((SELECT word FROM vault.entries)) ⇒ none
CREATE TEMP TABLE stolen ON COMMIT DROP AS SELECT * FROM vault.entries ⇒ none
CREATE RECURSIVE VIEW pg_temp.v (w) AS SELECT word FROM vault.entries ⇒ none
CREATE TEMP VIEW v WITH (security_barrier) AS TABLE vault.entries ⇒ none
`;
