/** Statements over GENERATED_SCHEMA, made up from a seed: the same seed makes the same statements. */
import { Random } from './random.ts';
import { CALLS, type GeneratedRelation, RELATIONS } from './schema.ts';

/** Texts that one session sends one after the other; only the last is compared. */
export interface GeneratedCase {
  readonly before: readonly string[];
  readonly sql: string;
}

export function generatedCases(seed: number, count: number): readonly GeneratedCase[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => new Composer(random).one());
}

class Composer {
  readonly #random: Random;
  #aliases = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  one(): GeneratedCase {
    const random = this.#random;
    const kind = random.below(100);
    if (kind < 40) return { before: [], sql: this.#select(2) };
    if (kind < 70) return { before: [], sql: this.#write() };
    if (kind < 74)
      return { before: [], sql: `EXPLAIN (ANALYZE) ${random.chance(50) ? this.#write() : this.#select(1)}` };
    if (kind < 78)
      return {
        before: [`PREPARE g AS ${random.chance(50) ? this.#select(1) : this.#write()}`],
        sql: 'EXECUTE g',
      };
    if (kind < 81) return { before: [`DECLARE g CURSOR FOR ${this.#select(1)}`], sql: 'FETCH ALL FROM g' };
    if (kind < 84) return { before: [], sql: `COPY (${this.#select(1)}) TO STDOUT` };
    if (kind < 87) return { before: [], sql: this.#utility() };
    if (kind < 90)
      return {
        before: [`SET LOCAL search_path = ${random.pick(['app', 'hidden, app', 'api'])}`],
        sql: this.#unqualified(),
      };
    if (kind < 92) return { before: [], sql: `CREATE TEMP TABLE made AS ${this.#select(1)}` };
    return { before: [], sql: this.#definition() };
  }

  #alias(): string {
    this.#aliases += 1;
    return `t${this.#aliases}`;
  }

  #select(depth: number): string {
    const random = this.#random;
    const parts = Array.from({ length: 1 + random.below(depth + 1) }, () => this.#source(depth));
    const columns = parts.map(({ alias, columns: own }) =>
      random.chance(50) ? `${alias}.*` : `${alias}.${random.pick(own)}`,
    );
    if (random.chance(35)) columns.push(random.pick(CALLS));
    const first = parts[0] as { alias: string; columns: readonly string[] };
    const where = random.chance(50) ? ` WHERE ${this.#condition(first.alias, first.columns, depth)}` : '';
    const order = random.chance(15) ? ` ORDER BY (${random.pick(CALLS)})` : '';
    const locks = random.chance(5) ? ' FOR UPDATE' : '';
    const from = parts
      .map(({ text }, at) => (at === 0 ? text : `${random.pick([',', ' CROSS JOIN'])} ${text}`))
      .join('');
    const body = `SELECT ${columns.join(', ')} FROM ${from}${where}${order}${locks} LIMIT 50`;
    if (depth > 0 && random.chance(15)) {
      const name = this.#alias();
      return random.chance(50)
        ? `WITH ${name} AS (${this.#select(depth - 1)}) SELECT count(*) FROM ${name}`
        : `WITH ${name} AS (${this.#returning()}) SELECT count(*) FROM ${name}`;
    }
    if (depth > 0 && random.chance(8)) {
      return `SELECT count(*) FROM (${body}) a UNION ALL SELECT count(*) FROM (${this.#select(depth - 1)}) b`;
    }
    return body;
  }

  #source(depth: number): { text: string; alias: string; columns: readonly string[] } {
    const random = this.#random;
    const alias = this.#alias();
    if (random.chance(10)) return { text: `app.all_secrets() AS ${alias}`, alias, columns: ['id', 'word'] };
    if (depth > 0 && random.chance(15)) {
      const inner = this.#select(depth - 1);
      return { text: `LATERAL (SELECT count(*) AS n FROM (${inner}) x) AS ${alias}`, alias, columns: ['n'] };
    }
    const { name, columns } = random.pick(RELATIONS);
    const only = random.chance(8) ? 'ONLY ' : '';
    return { text: `${only}${name} AS ${alias}`, alias, columns };
  }

  #condition(alias: string, columns: readonly string[], depth: number): string {
    const random = this.#random;
    const column = `${alias}.${random.pick(columns)}`;
    const kind = random.below(depth > 0 ? 4 : 3);
    if (kind === 0) return `${column} IS NOT NULL`;
    if (kind === 1) return `(${random.pick(CALLS)}) IS NOT NULL`;
    if (kind === 2) return `${column}::text <> 'q'`;
    return `EXISTS (${this.#select(depth - 1)})`;
  }

  #written(): GeneratedRelation {
    return this.#random.pick(RELATIONS.filter(({ writable }) => writable));
  }

  #write(): string {
    const kind = this.#random.below(10);
    if (kind < 3) return this.#insert();
    if (kind < 6) return this.#update();
    if (kind < 8) return this.#delete();
    if (kind < 9) return this.#merge();
    return `WITH w AS (${this.#returning()}) ${this.#random.chance(50) ? this.#insert() : this.#select(1)}`;
  }

  #returning(): string {
    const kind = this.#random.below(3);
    const body = kind === 0 ? this.#insert() : kind === 1 ? this.#update() : this.#delete();
    return body.includes(' RETURNING ') ? body : `${body} RETURNING 1 AS one`;
  }

  #insert(): string {
    const random = this.#random;
    const forms = [
      "INSERT INTO app.customers (id, name) VALUES (100, 'new')",
      'INSERT INTO app.orders (customer, total) VALUES (1, 10)',
      "INSERT INTO app.lines (orders, product) VALUES (1, 'x')",
      "INSERT INTO app.notes VALUES (9, 1, 'x')",
      "INSERT INTO app.events VALUES (50, '2025-03-03', 'a')",
      "INSERT INTO app.events VALUES (51, '2024-03-03', 'b')",
      "INSERT INTO app.inbox VALUES (1, 'hello')",
      'INSERT INTO app.named (id) VALUES (1)',
      "INSERT INTO app.named VALUES (1, 'x', 2)",
      "INSERT INTO api.people (id, name, region) VALUES (101, 'new', 1)",
      "INSERT INTO api.people_here VALUES (102, 'new', 1)",
      "INSERT INTO app.keyed VALUES (2, 'Word')",
      "INSERT INTO app.dogs VALUES (9, 'x', 'y')",
      'INSERT INTO app.guarded VALUES (2)',
      "INSERT INTO app.customers (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = excluded.name",
      "INSERT INTO app.customers (id, name) VALUES (1, 'x') ON CONFLICT DO NOTHING",
      'INSERT INTO app.notes (id) SELECT id FROM api.people',
      'INSERT INTO hidden.secrets SELECT 90, word FROM api.words LIMIT 1',
      'INSERT INTO app.animals (id) SELECT app.plain(1)',
    ];
    return `${random.pick(forms)}${random.chance(20) ? ` RETURNING (${random.pick(CALLS)})` : ''}`;
  }

  #update(): string {
    const random = this.#random;
    const { name, columns } = this.#written();
    const column = random.pick(columns.filter((one) => one !== 'at' && one !== 'total'));
    const alias = this.#alias();
    const value = random.chance(60) ? `${alias}.${column}` : 'NULL';
    const from = random.chance(20) ? `, (SELECT count(*) FROM ${random.pick(RELATIONS).name}) AS f` : '';
    const where = random.chance(60) ? ` WHERE ${this.#condition(alias, columns, 1)}` : '';
    return `UPDATE ${name} AS ${alias} SET ${column} = ${value}${from === '' ? '' : ` FROM ${from.slice(2)}`}${where}`;
  }

  #delete(): string {
    const random = this.#random;
    const { name, columns } = this.#written();
    const alias = this.#alias();
    const using = random.chance(20) ? ` USING ${random.pick(RELATIONS).name} AS u` : '';
    const where = random.chance(60) ? ` WHERE ${this.#condition(alias, columns, 1)}` : '';
    return `DELETE FROM ${name} AS ${alias}${using}${where}`;
  }

  #merge(): string {
    const random = this.#random;
    const target = random.pick(['app.customers', 'app.keyed', 'app.guarded', 'app.notes']);
    const source = random.pick(['api.people', 'hidden.secrets', 'app.animals']);
    const matched = random.pick(['DELETE', 'DO NOTHING', 'UPDATE SET id = t.id']);
    return (
      `MERGE INTO ${target} t USING ${source} s ON t.id = s.id WHEN MATCHED THEN ${matched} ` +
      `WHEN NOT MATCHED AND (${random.pick(CALLS)}) IS NULL THEN DO NOTHING`
    );
  }

  #utility(): string {
    return this.#random.pick([
      'TRUNCATE app.customers CASCADE',
      'TRUNCATE app.events',
      'TRUNCATE app.animals',
      'TRUNCATE ONLY app.animals',
      'LOCK TABLE api.people IN SHARE MODE',
      'LOCK TABLE app.events',
      "CALL app.tidy('2024-08-01')",
      'REFRESH MATERIALIZED VIEW api.totals',
      'ANALYZE app.events',
      'REINDEX TABLE app.keyed',
      'CLUSTER app.orders USING orders_pkey',
      'COPY app.orders TO STDOUT',
      'COPY app.events_2025 (id) TO STDOUT',
      "SELECT setval('app.ticket', 5)",
      'DO $$ BEGIN DELETE FROM app.notes; END $$',
    ]);
  }

  #unqualified(): string {
    return this.#random.pick([
      'SELECT * FROM customers',
      'SELECT * FROM orders, notes',
      'SELECT * FROM secrets',
      'SELECT * FROM people',
      'DELETE FROM orders WHERE id = 1',
      'SELECT reads_secret()',
      "SELECT bump('q')",
      'INSERT INTO named (id) VALUES (3)',
      "SELECT 'a' === 'b'",
      'TABLE words',
      'SELECT 1::pair',
    ]);
  }

  #definition(): string {
    const random = this.#random;
    return random.pick([
      'ALTER TABLE app.customers ADD COLUMN more int DEFAULT 1',
      'ALTER TABLE app.orders ALTER COLUMN status TYPE varchar USING upper(status)',
      'ALTER TABLE app.events ADD COLUMN more int',
      'ALTER TABLE app.animals ADD COLUMN more int',
      'ALTER TABLE app.events DETACH PARTITION app.events_2024',
      'ALTER TABLE app.notes ADD FOREIGN KEY (id) REFERENCES hidden.secrets',
      'ALTER TABLE app.keyed ADD CHECK (app.known(word))',
      'ALTER TABLE app.lines DROP CONSTRAINT lines_orders_fkey',
      'ALTER TABLE app.customers RENAME TO clients',
      'ALTER VIEW api.people RENAME TO persons',
      'CREATE TABLE app.fresh (id int REFERENCES app.customers, name app.known_name)',
      'CREATE TABLE app.fresh (LIKE app.orders INCLUDING ALL)',
      'CREATE TABLE app.fresh AS SELECT * FROM api.deep',
      'CREATE TABLE app.fresh () INHERITS (app.animals)',
      "CREATE TABLE app.events_2026 PARTITION OF app.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
      'CREATE INDEX ON app.keyed (app.key_of(word))',
      'CREATE INDEX ON app.events (id)',
      'CREATE VIEW app.fresh AS SELECT * FROM api.deep',
      'CREATE MATERIALIZED VIEW app.fresh AS SELECT * FROM api.words',
      "CREATE FUNCTION app.fresh() RETURNS int LANGUAGE sql AS 'SELECT 1'",
      "CREATE OR REPLACE FUNCTION app.plain(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'",
      'CREATE TYPE app.fresh AS (a int)',
      'CREATE DOMAIN app.fresh AS int CHECK (VALUE > 0)',
      'CREATE TRIGGER fresh BEFORE INSERT ON app.keyed FOR EACH ROW EXECUTE FUNCTION hidden.log_change()',
      'CREATE RULE fresh AS ON UPDATE TO app.inbox DO ALSO DELETE FROM hidden.audit',
      'CREATE POLICY fresh ON app.guarded USING (app.known(owner))',
      'CREATE SEQUENCE app.fresh OWNED BY app.keyed.id',
      'CREATE SCHEMA fresh',
      'DROP TABLE app.inbox',
      'DROP TABLE app.events',
      'DROP TABLE app.customers CASCADE',
      'DROP TABLE app.animals CASCADE',
      'DROP VIEW api.people CASCADE',
      'DROP FUNCTION app.known(text) CASCADE',
      'DROP FUNCTION app.dynamic(text)',
      'DROP SCHEMA api CASCADE',
      'DROP SCHEMA hidden CASCADE',
      'DROP TYPE app.mood',
      'DROP DOMAIN app.known_name CASCADE',
      'DROP OPERATOR app.=== (text, text)',
      'DROP CAST (int AS app.pair)',
      'DROP TRIGGER logged ON app.orders',
      'DROP INDEX app.keyed_word',
      'DROP SEQUENCE app.ticket',
      "COMMENT ON TABLE hidden.secrets IS 'x'",
      'GRANT SELECT ON hidden.secrets TO PUBLIC',
    ]);
  }
}
