/** Statements over the world's tables, written by hand for what columns can be used in, and made by a generator. */

/** Every one is accepted by the server. */
export const COLUMN_STATEMENTS: readonly string[] = [
  // Plain references, and what is found where.
  'SELECT a FROM t',
  'SELECT t.a, public.t.b FROM t',
  'SELECT x.p, a FROM t AS x (p, q), secret.t y',
  'SELECT p, q, c FROM t AS x (p, q)',
  'SELECT * FROM t',
  'SELECT x.* FROM t x, orders o',
  'SELECT t, count(*) FROM t GROUP BY t',
  'SELECT (t).b FROM t',
  'SELECT (x).* FROM t x',
  'SELECT row_to_json(x) FROM customers x',
  'SELECT ROW(t.*) FROM t',
  'SELECT t.ctid, t.tableoid, xmin FROM t',
  'SELECT count(*) FROM t',
  'SELECT count(t) FROM t',
  'SELECT 1 FROM t',
  'TABLE status',
  'SELECT status FROM status',
  'SELECT status.status, label FROM status',
  'SELECT last_value FROM seq',
  // Conditions, order, groups, limits.
  "SELECT id FROM customers WHERE ssn LIKE '1%' ORDER BY email",
  'SELECT id AS x FROM customers ORDER BY x',
  'SELECT id AS name FROM customers ORDER BY name',
  'SELECT id AS name FROM customers GROUP BY name, id',
  'SELECT id, name FROM customers ORDER BY 2, 1 DESC',
  'SELECT upper(name), count(*) FROM customers GROUP BY 1 HAVING max(ssn) > $$x$$ OR true',
  'SELECT DISTINCT a, b FROM t',
  'SELECT DISTINCT ON (c) a FROM t ORDER BY c, b',
  'SELECT a FROM t LIMIT (SELECT max(id) FROM orders) OFFSET (SELECT min(customer) FROM orders)',
  'SELECT a, b, sum(length(c)) FROM t GROUP BY ROLLUP (1, (a, b)), GROUPING SETS ((a), ())',
  'SELECT GROUPING(a) FROM t GROUP BY CUBE (a, b)',
  'SELECT CASE WHEN a > 1 THEN b ELSE length(c) END FROM t',
  'SELECT CASE a WHEN 1 THEN b END AS r FROM t',
  // Aggregates and windows.
  "SELECT sum(DISTINCT a), string_agg(c, ',' ORDER BY b) FILTER (WHERE a > 0) FROM t",
  'SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) FROM orders',
  'SELECT row_number() OVER (PARTITION BY a ORDER BY b), lag(c) OVER w FROM t WINDOW w AS (ORDER BY a)',
  'SELECT JSON_OBJECTAGG(c: a) FILTER (WHERE b > 1), JSON_ARRAYAGG(b ORDER BY c) FROM t',
  'SELECT JSON_OBJECT(c: a), JSON_ARRAY(a, b), JSON_ARRAY(SELECT id FROM orders) FROM t',
  'SELECT XMLELEMENT(NAME x, XMLATTRIBUTES(a AS y), c), XMLFOREST(b), GREATEST(a, b), NULLIF(a, b) FROM t',
  // Joins.
  'SELECT * FROM t JOIN secret.t s ON t.a = s.b',
  'SELECT * FROM t JOIN secret.t s USING (a, b)',
  'SELECT a FROM t LEFT JOIN secret.t s USING (a)',
  'SELECT a FROM t RIGHT JOIN secret.t s USING (a)',
  'SELECT a, s.c FROM t FULL JOIN secret.t s USING (a)',
  'SELECT j.a FROM t JOIN secret.t s USING (a) AS j',
  'SELECT * FROM orders NATURAL JOIN status',
  'SELECT status, label FROM orders NATURAL LEFT JOIN status',
  'SELECT j.x, j.z FROM (t CROSS JOIN status) AS j (x, y, z)',
  'SELECT o.id FROM t, orders o JOIN customers c ON o.customer = c.id',
  'SELECT 1 FROM t JOIN (orders o JOIN status s USING (status)) ON o.id = t.a AND s.label = t.c',
  // Subqueries in FROM.
  'SELECT y FROM (SELECT ssn AS y, name FROM customers) s',
  'SELECT s.x FROM (SELECT ssn, name FROM customers) s (x)',
  'SELECT * FROM (SELECT c.*, 1 AS one FROM customers c) s WHERE one = id',
  'SELECT ssn FROM (SELECT * FROM customers WHERE id = 1) ORDER BY email',
  'SELECT l.n FROM t, LATERAL (SELECT name AS n FROM customers WHERE id = t.a) l',
  'SELECT l.n FROM t LEFT JOIN LATERAL (SELECT ssn AS n FROM customers WHERE id = a) l ON l.n = c',
  'SELECT v.x FROM (VALUES (1, 2), (3, 4)) v (x, y) WHERE EXISTS (SELECT FROM t WHERE a = y)',
  'SELECT x FROM t, LATERAL (VALUES (a, c), (b, c)) v (x, y)',
  // Correlation, nearest level first.
  'SELECT (SELECT a FROM orders LIMIT 1) FROM t',
  'SELECT (SELECT total FROM orders WHERE id = a) FROM t',
  'SELECT id FROM customers WHERE id IN (SELECT id FROM orders)',
  'SELECT id FROM customers WHERE ssn = ANY (SELECT c FROM t WHERE id = b)',
  'SELECT a FROM t WHERE EXISTS (SELECT ssn FROM customers WHERE email = c)',
  'SELECT a FROM t WHERE (a, b) = (SELECT id, customer FROM orders WHERE status = c)',
  'SELECT ARRAY(SELECT name FROM customers ORDER BY email) FROM t',
  'SELECT (SELECT x FROM (SELECT b) s (x)) FROM t',
  'SELECT (SELECT max(a) FROM status) FROM t',
  'SELECT (SELECT count(*) FROM t, (SELECT id FROM orders) s WHERE a = label::int) FROM status',
  'SELECT (SELECT s.label FROM (SELECT label) s) FROM status',
  'SELECT (SELECT status FROM (SELECT status.label) status) FROM status',
  'SELECT 1 FROM t WHERE a IN (SELECT (SELECT b FROM orders WHERE id = a) FROM status WHERE label = c)',
  // WITH.
  'WITH x AS (SELECT a, b FROM t) SELECT b FROM x',
  'WITH x (p) AS (SELECT a, b FROM t) SELECT p, y.b FROM x JOIN x y USING (p)',
  'WITH t AS (SELECT id FROM orders) SELECT * FROM t',
  'WITH t AS (SELECT a FROM t) SELECT * FROM t',
  'WITH x AS (SELECT a FROM t), y AS (SELECT a FROM x WHERE a > 1) SELECT count(*) FROM y',
  'SELECT (WITH x AS (SELECT b) SELECT b FROM x) FROM t',
  'WITH RECURSIVE r AS (SELECT a, b FROM t UNION ALL SELECT t.a, r.b FROM t JOIN r ON t.b = r.a) SELECT b FROM r',
  'WITH RECURSIVE r (x, y) AS (SELECT a, b FROM t UNION SELECT y, x FROM r) SELECT x FROM r',
  'WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + a FROM r, t WHERE n < 3) SELECT n FROM r',
  'WITH RECURSIVE y AS (SELECT * FROM x), x AS (SELECT id FROM orders) SELECT * FROM y',
  'WITH RECURSIVE r AS (SELECT a, b FROM t UNION ALL SELECT t.a, t.b FROM t, r WHERE t.a = r.b) ' +
    'SEARCH DEPTH FIRST BY a SET o CYCLE b SET k USING p SELECT a, o, k, p FROM r ORDER BY o',
  'WITH d AS (DELETE FROM t WHERE a = 1 RETURNING b, c) SELECT c FROM d',
  'WITH x AS MATERIALIZED (SELECT ssn FROM customers) SELECT 1',
  // Set operations and VALUES.
  'SELECT a FROM t UNION SELECT id FROM orders ORDER BY a',
  'SELECT a, c FROM t UNION ALL SELECT id, status FROM orders UNION ALL SELECT 1, label FROM status',
  'SELECT ssn FROM customers EXCEPT SELECT c FROM t',
  'SELECT count(*) FROM (SELECT ssn FROM customers INTERSECT SELECT email FROM customers) s',
  '(SELECT a FROM t ORDER BY b LIMIT 1) UNION ALL SELECT id FROM orders ORDER BY 1',
  'WITH w AS (SELECT 1 AS one) SELECT a FROM t UNION (WITH v AS (SELECT one FROM w) SELECT one FROM v)',
  'VALUES (1, (SELECT max(ssn) FROM customers)), (2, NULL) ORDER BY column2',
  // Functions in FROM.
  'SELECT g FROM generate_series(1, 3) g',
  'SELECT g.n, a FROM t, generate_series(1, a) AS g (n)',
  'SELECT * FROM t, generate_series(1, b) WITH ORDINALITY AS g (n, o) WHERE o = a',
  'SELECT value, a FROM t, jsonb_each(to_jsonb(t.c)) WHERE key = c',
  "SELECT e FROM t, unnest(string_to_array(c, ',')) e",
  'SELECT x.i FROM t, ROWS FROM (json_to_record(to_json(c)) AS (i int, j text), generate_series(1, a)) x',
  "SELECT k FROM t, JSON_TABLE(to_jsonb(c), '$[*]' COLUMNS (k int PATH '$.k', NESTED PATH '$.n' COLUMNS (z int))) j",
  "SELECT q FROM t, XMLTABLE('/r' PASSING (c::xml) COLUMNS q text DEFAULT b::text) x",
  'SELECT a FROM t TABLESAMPLE bernoulli (10)',
  'SELECT u.name FROM (SELECT $$a$$ AS name) u, LATERAL generate_series(1, length(name))',
  // Relations of the server, views.
  "SELECT relname FROM pg_class WHERE relkind = 'r' ORDER BY oid",
  'SELECT number FROM people',
  'SELECT p.*, total FROM people p JOIN totals ON p.id = totals.customer',
  'SELECT id FROM parts',
  // Names of output columns.
  'SELECT a + 1, a::text, (a)::int8, -a, c COLLATE "C", upper(c), (SELECT 1), ARRAY[a], EXISTS (SELECT 1) FROM t',
  "SELECT current_date, current_user, COALESCE(c, 'x'), CASE WHEN true THEN a END, ROW(1, a), 'x'::text, 1 FROM t",
  'SELECT (SELECT c FROM t LIMIT 1), (ARRAY[a])[1], CAST(1 AS numeric(3, 2)), extract(year FROM now()) FROM t',
  // Writes.
  'INSERT INTO t VALUES (1, 2)',
  "INSERT INTO t (c, a) VALUES ('x', 1) RETURNING b, a + 1",
  'INSERT INTO t SELECT id, customer, status FROM orders WHERE total > 1',
  'INSERT INTO t DEFAULT VALUES RETURNING *',
  "INSERT INTO customers (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = customers.ssn WHERE customers.email <> 'y'",
  'INSERT INTO customers (id) VALUES (1) ON CONFLICT DO NOTHING',
  'UPDATE t SET a = 1',
  'UPDATE t SET a = b + 1, c = (SELECT name FROM customers WHERE id = t.b) WHERE a > 1 RETURNING c',
  'UPDATE t SET (a, b) = (SELECT id, customer FROM orders WHERE status = t.c), c = DEFAULT',
  'UPDATE t x SET (a, c) = ROW (o.id, o.status) FROM orders o WHERE o.customer = x.b',
  'DELETE FROM t USING orders o WHERE o.id = a RETURNING t.*, o.total',
  'WITH n AS (SELECT id FROM orders) INSERT INTO t (a) SELECT id FROM n',
  "MERGE INTO t USING orders o ON t.a = o.id WHEN MATCHED AND o.status = 'x' THEN UPDATE SET b = o.customer WHEN NOT MATCHED THEN INSERT (a, c) VALUES (o.id, 'z')",
  'UPDATE t SET a = 2 RETURNING old.a, new.b',
  'UPDATE t SET a = 2 RETURNING WITH (OLD AS o) o.c',
  // What is easily resolved wrongly.
  'SELECT (x).a FROM (SELECT t AS x FROM t) s',
  'SELECT (s.x).b, (s.x).* FROM (SELECT t AS x FROM t) s',
  'SELECT 1 FROM t a LEFT JOIN (orders b CROSS JOIN status d) ON a.c = d.label AND b.id = a.a',
  'SELECT z.* FROM (t a JOIN secret.t b USING (a)) AS z (k)',
  'SELECT q.a FROM (t JOIN secret.t s USING (a, c) AS q)',
  'SELECT 1 FROM t JOIN LATERAL (SELECT 1 FROM orders WHERE customer = t.b) x ON true JOIN status ON status.status = t.c',
  'SELECT a FROM t x WHERE EXISTS (SELECT 1 FROM t y WHERE y.a = x.b AND EXISTS (SELECT 1 FROM secret.t z WHERE z.c = x.c AND z.b = y.b))',
  'SELECT b AS a, count(*) FROM t GROUP BY a, b',
  'SELECT length(c) AS k FROM t GROUP BY k ORDER BY k',
  'SELECT a AS b, b AS a FROM t ORDER BY a',
  'SELECT a + 0 AS b, b AS z FROM t ORDER BY b + 1',
  'INSERT INTO t SELECT id, customer FROM orders ORDER BY total LIMIT 3 RETURNING (SELECT max(ssn) FROM customers WHERE customers.id = t.a)',
  'DELETE FROM t WHERE a IN (SELECT id FROM orders WHERE status = t.c) RETURNING *',
  'MERGE INTO t USING (SELECT id, name FROM customers WHERE ssn > $$a$$) s ON s.id = t.a WHEN MATCHED THEN UPDATE SET c = s.name WHEN NOT MATCHED BY SOURCE AND t.b > 1 THEN DELETE RETURNING merge_action(), t.c, s.name',
  'WITH a AS (SELECT id FROM customers), b AS (WITH a AS (SELECT a FROM t) SELECT a FROM a) SELECT id, b.a FROM a, b',
  'WITH x AS (INSERT INTO t (a) SELECT id FROM orders RETURNING a, b) UPDATE status SET label = $$k$$ FROM x WHERE x.b::text = status',
  'SELECT sum(sum(total)) OVER (ORDER BY min(id)) FROM orders GROUP BY status',
  'SELECT rank() OVER (w ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t WINDOW w AS (PARTITION BY (SELECT max(label) FROM status WHERE status = c) ORDER BY b)',
  'SELECT * FROM (SELECT a FROM t UNION ALL (SELECT id FROM orders EXCEPT SELECT customer FROM orders)) s WHERE a > 1',
  'SELECT x.* FROM (SELECT * FROM t NATURAL JOIN secret.t) x',
  'SELECT t FROM t ORDER BY t.*',
  'SELECT count(DISTINCT (a, b)) FROM t',
  'SELECT * FROM t WHERE t IS NOT NULL',
  'SELECT * FROM t WHERE ROW(t.*) IS DISTINCT FROM ROW(1,2,$$c$$)',
  'SELECT a FROM t WHERE t = ROW(1,2,$$a$$)::t',
  'SELECT to_json(s) FROM (SELECT a, c FROM t) s',
  'SELECT s.c FROM (SELECT a, c FROM t) s, LATERAL (SELECT s.a) q',
  'SELECT max(label) FILTER (WHERE status IN (SELECT c FROM t WHERE b = 1)) FROM status',
  'SELECT a BETWEEN SYMMETRIC b AND (SELECT id FROM orders LIMIT 1) FROM t',
  'SELECT c SIMILAR TO $$a$$, c LIKE ANY (ARRAY(SELECT name FROM customers)) FROM t',
  'SELECT c IS JSON OBJECT, XMLSERIALIZE(CONTENT XMLELEMENT(NAME k, a) AS text) FROM t',
  'SELECT overlay(c placing $$x$$ from a for b), substring(c from a), trim(both $$x$$ from c), position(c in $$abc$$) FROM t',
  'SELECT a AT TIME ZONE $$utc$$ FROM (SELECT now() AS a, id FROM orders) s WHERE (now(), now()) OVERLAPS (a, a)',
  'SELECT tableoid::regclass, ctid FROM t UNION ALL SELECT tableoid, ctid FROM status',
  "SELECT * FROM JSON_TABLE('[1]'::jsonb, '$[*]' COLUMNS (i FOR ORDINALITY, v int PATH '$', e int EXISTS PATH '$.x')) j JOIN t ON t.a = j.v",
  'SELECT d FROM current_date d, t WHERE d > to_date(c, $$YYYY$$)',
  'SELECT FROM t WHERE a = 1',
  "SELECT ('x' || t) FROM t",
  'SELECT a FROM ONLY t',
  'SELECT x.id, y.id FROM customers x, customers y WHERE x.ssn = y.email',
  'SELECT (SELECT sum(x.a) FROM secret.t) FROM t x',
  'SELECT (SELECT sum(x.a + s.b) FROM secret.t s) FROM t x',
  'SELECT n.nspname, c.relname FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE pg_table_is_visible(c.oid)',
  'SELECT table_name FROM information_schema.tables WHERE table_schema = $$public$$',
  'SELECT * FROM (VALUES (1), (2)) AS t (a) JOIN t AS u ON u.a = t.a',
  'SELECT orders.id FROM orders, (SELECT id FROM customers) AS o (orders) WHERE orders.id = o.orders',
  'SELECT status.status FROM (SELECT status FROM status) status',
];

interface Column {
  readonly name: string;
  readonly type: 'int' | 'text';
}

interface Ranged {
  readonly sql: string;
  readonly alias: string;
  readonly columns: readonly Column[];
}

const int = (...names: string[]): Column[] => names.map((name) => ({ name, type: 'int' }));
const text = (...names: string[]): Column[] => names.map((name) => ({ name, type: 'text' }));

const TABLES: Readonly<Record<string, readonly Column[]>> = {
  customers: [...int('id'), ...text('name', 'ssn', 'email')],
  t: [...int('a', 'b'), ...text('c')],
  'secret.t': [...int('a', 'b'), ...text('c')],
  orders: [...int('id', 'customer'), ...text('status')],
  status: text('status', 'label'),
  people: [...int('id'), ...text('number')],
};

/** Makes SELECTs from a seed: most of them are accepted by a server, and few names in them are unambiguous by themselves. */
export class QueryGenerator {
  #state: number;
  #aliases = 0;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  query(): string {
    this.#aliases = 0;
    return this.#query(3, [], []).sql;
  }

  /** mulberry32 */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  #chance(of: number): boolean {
    return this.#random() < of;
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)] as T;
  }

  /** A query of one to three columns; `outer` is in sight and `ctes` can be read. */
  #query(depth: number, outer: readonly Ranged[], ctes: readonly Ranged[]): Ranged {
    const own: Ranged[] = [...ctes];
    let head = '';
    if (depth > 1 && this.#chance(0.25)) {
      const inner = this.#query(depth - 1, [], ctes);
      // The name of a table hides it.
      const alias = this.#chance(0.3) ? this.#pick(['t', 'orders', 'status']) : this.#alias('w');
      head = `WITH ${alias} AS (${inner.sql}) `;
      own.push({ ...inner, sql: alias, alias });
    }
    if (depth > 1 && this.#chance(0.15)) {
      const [one, other] = [this.#query(depth - 1, outer, own), this.#query(depth - 1, outer, own)];
      const op = this.#pick(['UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT']);
      return {
        ...one,
        sql: `${head}(${one.sql}) ${op} (${other.sql})${this.#chance(0.4) ? ' ORDER BY 1' : ''}`,
      };
    }
    const from = this.#from(depth, outer, own);
    const inside = [...from.ranges, ...outer];
    const count = 1 + Math.floor(this.#random() * 3);
    const columns: Column[] = [];
    const targets: string[] = [];
    const grouped = this.#chance(0.2);
    for (let at = 0; at < count; at += 1) {
      const type = this.#pick(['int', 'text'] as const);
      const value = this.#value(type, depth, inside, own);
      const name = this.#chance(0.5)
        ? this.#pick(['a', 'b', 'c', 'id', 'status', 'x', 'y'])
        : this.#alias('k');
      columns.push({ name, type });
      targets.push(`${grouped ? `max(${value})` : value} AS ${name}`);
    }
    const where = this.#chance(0.5) ? ` WHERE ${this.#condition(depth, inside, own)}` : '';
    const order = this.#chance(0.3) ? ` ORDER BY ${this.#pick(['1', columns[0]?.name ?? '1'])}` : '';
    const sql = `${head}SELECT ${targets.join(', ')} FROM ${from.sql}${where}${order}`;
    return { sql, alias: '', columns };
  }

  #alias(prefix: string): string {
    this.#aliases += 1;
    return `${prefix}${this.#aliases}`;
  }

  #from(depth: number, outer: readonly Ranged[], ctes: readonly Ranged[]): { sql: string; ranges: Ranged[] } {
    const ranges = [this.#range(depth, outer, ctes)];
    let sql = ranges[0]?.sql ?? '';
    while (this.#chance(0.45) && ranges.length < 4) {
      const lateral = this.#chance(0.25);
      const next = this.#range(depth, lateral ? [...ranges, ...outer] : outer, ctes, lateral);
      const shared = next.columns.filter(({ name }) =>
        ranges.some((one) => one.columns.some((c) => c.name === name)),
      );
      const how = this.#random();
      if (how < 0.3) sql += `, ${next.sql}`;
      else if (how < 0.5 && shared.length > 0) sql += ` JOIN ${next.sql} USING (${this.#pick(shared).name})`;
      else if (how < 0.55) sql += ` NATURAL JOIN ${next.sql}`;
      else {
        const on = this.#condition(0, [...ranges.slice(-1), next], ctes);
        sql += ` ${this.#pick(['JOIN', 'LEFT JOIN'])} ${next.sql} ON ${on}`;
      }
      ranges.push(next);
    }
    return { sql, ranges };
  }

  #range(depth: number, outer: readonly Ranged[], ctes: readonly Ranged[], lateral = false): Ranged {
    if (lateral || (depth > 1 && this.#chance(0.3))) {
      const inner = this.#query(Math.max(1, depth - 1), outer, ctes);
      const alias = this.#alias('s');
      if (!this.#chance(0.3))
        return { ...inner, sql: `${lateral ? 'LATERAL ' : ''}(${inner.sql}) ${alias}`, alias };
      const columns = inner.columns.map(({ type }) => ({ name: this.#pick(['a', 'b', 'id', 'z']), type }));
      const names = columns.map(({ name }) => name).join(', ');
      return { sql: `${lateral ? 'LATERAL ' : ''}(${inner.sql}) ${alias} (${names})`, alias, columns };
    }
    if (ctes.length > 0 && this.#chance(0.4)) {
      const cte = this.#pick(ctes);
      const alias = this.#alias('q');
      return { sql: `${cte.sql} ${alias}`, alias, columns: cte.columns };
    }
    const [name, columns] = this.#pick(Object.entries(TABLES));
    if (this.#chance(0.4)) return { sql: name, alias: name, columns };
    const alias = this.#alias('r');
    return { sql: `${name} ${alias}`, alias, columns };
  }

  #column(type: Column['type'], ranges: readonly Ranged[]): string | null {
    const all = ranges.flatMap((range) =>
      range.columns.filter((column) => column.type === type).map(({ name }) => [range.alias, name] as const),
    );
    if (all.length === 0) return null;
    const [alias, name] = this.#pick(all);
    // A name that is there more than once may be ambiguous, or hidden by a nearer one.
    const bare = all.filter((one) => one[1] === name).length === 1 ? 0.7 : 0.15;
    return this.#chance(bare) ? name : `${alias}.${name}`;
  }

  #value(type: Column['type'], depth: number, ranges: readonly Ranged[], ctes: readonly Ranged[]): string {
    const column = this.#column(type, ranges);
    const how = this.#random();
    if (column !== null && how < 0.55) return column;
    if (depth > 1 && how < 0.7) {
      const inner = this.#query(depth - 1, ranges, ctes);
      const match = inner.columns[0]?.type === type;
      const value = match ? 'u1' : type === 'int' ? 'length(u1)' : 'u1::text';
      // One row, and always the same whatever order rows are in.
      return `(SELECT max(${value}) FROM (${inner.sql}) u (u1))`;
    }
    if (type === 'int') return this.#chance(0.5) ? '1' : `length(${this.#value('text', 0, ranges, ctes)})`;
    if (how < 0.85) return `upper(${column ?? "'x'"})`;
    return `CASE WHEN ${this.#condition(0, ranges, ctes)} THEN ${column ?? "'x'"} ELSE 'z' END`;
  }

  #condition(depth: number, ranges: readonly Ranged[], ctes: readonly Ranged[]): string {
    const type = this.#pick(['int', 'text'] as const);
    const one = this.#value(type, 0, ranges, ctes);
    if (depth > 1 && this.#chance(0.3)) return `EXISTS (${this.#query(depth - 1, ranges, ctes).sql})`;
    return `${one} ${this.#pick(['=', '<', '<>'])} ${this.#value(type, 0, ranges, ctes)}`;
  }
}
