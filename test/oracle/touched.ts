/**
 * What a statement touched, as the server itself says: the locks its transaction holds afterwards, the rows it counted,
 * the functions it ran, the definitions its event triggers saw.
 */
import type { PostgresServer } from '../fixtures/postgres-server.ts';
import { type Answer, OracleSession } from './session.ts';

/** Lock modes of tables, weakest first. */
export const LOCK_MODES = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
] as const;
export type LockMode = (typeof LOCK_MODES)[number];

export interface ServerRelation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** pg_class.relkind. */
  readonly kind: string;
  /** The table an index, a TOAST table or an owned sequence belongs to. */
  readonly owner: number | null;
  /** What it inherits from, or is a partition of. */
  readonly parents: readonly number[];
  /** Whether it is a partition, so that its rows move when its parent's are updated. */
  readonly partition: boolean;
}

export interface TouchedRelation {
  readonly relation: ServerRelation;
  /** Its schema and name before the statement, when they were others. */
  readonly formerly: ServerRelation | null;
  readonly modes: readonly LockMode[];
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  /** Scans of it, of either kind. */
  readonly scanned: number;
}

export interface Touched {
  readonly relations: readonly TouchedRelation[];
  /** Functions that ran and that are none of the server's own, as `schema.name`. */
  readonly functions: readonly string[];
  /** What event triggers saw, as `tag|type|schema|identity`. */
  readonly definitions: readonly string[];
  /** Relations that were made and gone within the statement. */
  readonly transient: number;
  /** The session's search path afterwards. */
  readonly searchPath: string;
}

export type Observation =
  | { readonly kind: 'touched'; readonly touched: Touched }
  /** It failed, so its locks are gone and nothing is known. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  /** It cannot run inside a transaction, or ends one. */
  | { readonly kind: 'unobservable' };

/** Planted in the database that is asked; `oracle.ddl` gathers what the event triggers saw, and no table is touched. */
const PLANT = `
CREATE SCHEMA oracle;
GRANT USAGE ON SCHEMA oracle TO PUBLIC;
CREATE FUNCTION oracle.note() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE noted text := pg_catalog.current_setting('oracle.ddl', true);
BEGIN
  IF tg_event OPERATOR(pg_catalog.=) 'sql_drop' THEN
    SELECT pg_catalog.concat(noted, pg_catalog.string_agg(pg_catalog.concat_ws('|', 'DROP', object_type,
           coalesce(schema_name, ''), object_identity, pg_catalog.concat(original)), E'\\n'), E'\\n')
      INTO noted FROM pg_catalog.pg_event_trigger_dropped_objects();
  ELSE
    SELECT pg_catalog.concat(noted, pg_catalog.string_agg(pg_catalog.concat_ws('|', command_tag, object_type,
           coalesce(schema_name, ''), object_identity), E'\\n'), E'\\n')
      INTO noted FROM pg_catalog.pg_event_trigger_ddl_commands();
  END IF;
  PERFORM pg_catalog.set_config('oracle.ddl', noted, false);
END $$;
CREATE EVENT TRIGGER oracle_end ON ddl_command_end EXECUTE FUNCTION oracle.note();
CREATE EVENT TRIGGER oracle_drop ON sql_drop EXECUTE FUNCTION oracle.note();
`;
/**
 * Before the catalog is read for the binder, in a transaction that is rolled back: it must not see what was planted, and
 * must not wait for what the session that is asked holds.
 */
export const HIDE_PLANTED =
  "SET search_path TO DEFAULT; SET LOCAL lock_timeout = '300ms'; DROP EVENT TRIGGER IF EXISTS oracle_end; DROP EVENT TRIGGER IF EXISTS oracle_drop;";

const COUNTS = `
SELECT 'r', relid::pg_catalog.text, n_tup_ins::pg_catalog.text, n_tup_upd::pg_catalog.text, n_tup_del::pg_catalog.text,
       (coalesce(seq_scan, 0) + coalesce(idx_scan, 0))::pg_catalog.text
  FROM pg_catalog.pg_stat_xact_all_tables
  WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'oracle') AND schemaname NOT LIKE 'pg\\_toast%'
UNION ALL
SELECT 'f', schemaname || '.' || funcname, pg_catalog.sum(calls)::pg_catalog.text, '', '', ''
  FROM pg_catalog.pg_stat_xact_user_functions WHERE schemaname <> 'oracle' GROUP BY 2
UNION ALL
SELECT 's', pg_catalog.current_setting('search_path'), coalesce(pg_catalog.current_setting('oracle.ddl', true), ''), '', '', ''`;

const RELATIONS = `
SELECT c.oid, n.nspname, c.relname, c.relkind,
       coalesce((SELECT i.indrelid FROM pg_catalog.pg_index i WHERE i.indexrelid = c.oid),
                (SELECT t.oid FROM pg_catalog.pg_class t WHERE t.reltoastrelid = c.oid),
                (SELECT d.refobjid FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
                    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')
                    AND c.relkind = 'S' LIMIT 1)),
       (SELECT pg_catalog.string_agg(h.inhparent::pg_catalog.text, ',') FROM pg_catalog.pg_inherits h
         WHERE h.inhrelid = c.oid),
       c.relispartition
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`;

/** Runs what must leave no lock behind. */
const aside = (sql: string): string =>
  `SAVEPOINT oracle_aside; ${sql}; ROLLBACK TO oracle_aside; RELEASE oracle_aside`;

export class ServerOracle {
  readonly #main: OracleSession;
  readonly #observer: OracleSession;
  readonly #pid: string;
  readonly #known = new Map<number, ServerRelation>();

  private constructor(main: OracleSession, observer: OracleSession, pid: string) {
    this.#main = main;
    this.#observer = observer;
    this.#pid = pid;
  }

  /** Over a database; plants its event triggers once. */
  static async open(server: PostgresServer, database: string): Promise<ServerOracle> {
    const main = await OracleSession.open(server, database);
    const observer = await OracleSession.open(server, database);
    const planted = await observer.ask("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = 'oracle'");
    if (planted.rows.length === 0) {
      const { error } = await observer.ask(PLANT);
      if (error !== null) throw new Error(`cannot plant the event triggers: ${error.message}`);
    }
    const { rows } = await main.ask('SELECT pg_catalog.pg_backend_pid()');
    const oracle = new ServerOracle(main, observer, rows[0]?.[0] ?? '0');
    await oracle.#learn(observer, RELATIONS);
    return oracle;
  }

  get session(): OracleSession {
    return this.#main;
  }

  relation(oid: number): ServerRelation | undefined {
    return this.#known.get(oid);
  }

  /** Reads the names of every relation anew: a rollback may have taken some back. */
  async relearn(): Promise<void> {
    this.#known.clear();
    await this.#learn(this.#observer, RELATIONS);
  }

  /** Runs one text and says what it touched; `keep` commits what it did. */
  async observe(sql: string, keep: boolean, rows: string | null = null): Promise<Observation> {
    const own = this.#main.status === 'idle';
    if (own) await this.#main.ask('BEGIN');
    const before = await this.#main.ask(aside(`${COUNTS}`));
    const locked = own ? new Set<string>() : new Set(await this.#locks());
    await this.#main.ask("SELECT pg_catalog.set_config('oracle.ddl', '', false)");
    const answer = await this.#main.ask(sql, rows);
    if (answer.error !== null || this.#main.status !== 'open') {
      if (own && this.#main.status !== 'idle') await this.#main.ask('ROLLBACK');
      if (own && keep && answer.error !== null && /^(25001|2D000|0A000)$/.test(answer.error.code)) {
        await this.#main.ask(sql, rows);
        return { kind: 'unobservable' };
      }
      if (answer.error === null) return { kind: 'unobservable' };
      return { kind: 'failed', ...answer.error };
    }
    const locks = (await this.#locks()).filter((lock) => !locked.has(lock));
    const touched = await this.#touched(before, locks);
    if (own) await this.#main.ask(keep ? 'COMMIT' : 'ROLLBACK');
    return { kind: 'touched', touched };
  }

  close(): void {
    this.#main.close();
    this.#observer.close();
  }

  async #locks(): Promise<readonly string[]> {
    const { rows } = await this.#observer.ask(
      `SELECT relation || ' ' || mode FROM pg_catalog.pg_locks
        WHERE pid = ${this.#pid} AND locktype = 'relation' AND granted AND relation IS NOT NULL`,
    );
    return rows.map(([lock]) => lock ?? '');
  }

  async #touched(before: Answer, locks: readonly string[]): Promise<Touched> {
    const after = await this.#main.ask(aside(COUNTS));
    const counted = difference(before, after);
    const oids = new Set([...locks.map((lock) => Number(lock.split(' ')[0])), ...counted.relations.keys()]);
    const earlier = new Map([...oids].map((oid) => [oid, this.#known.get(oid)]));
    if (oids.size > 0) await this.#learn(this.#main, `${RELATIONS} WHERE c.oid IN (${[...oids].join(',')})`);
    const relations: TouchedRelation[] = [];
    let transient = 0;
    for (const oid of oids) {
      const relation = this.#known.get(oid);
      if (relation === undefined) {
        transient += 1;
        continue;
      }
      const modes = LOCK_MODES.filter((mode) => locks.includes(`${oid} ${mode}`));
      const [inserted = 0, updated = 0, deleted = 0, scanned = 0] = counted.relations.get(oid) ?? [];
      const old = earlier.get(oid);
      const moved = old !== undefined && (old.name !== relation.name || old.schema !== relation.schema);
      relations.push({ relation, formerly: moved ? old : null, modes, inserted, updated, deleted, scanned });
    }
    const [, searchPath, ddl] = after.rows.find(([what]) => what === 's') ?? [];
    return {
      relations,
      functions: counted.functions,
      definitions: (ddl ?? '').split('\n').filter((line) => line !== ''),
      transient,
      searchPath: searchPath ?? '',
    };
  }

  async #learn(session: OracleSession, sql: string): Promise<void> {
    const { rows } = await session.ask(session.status === 'open' ? aside(sql) : sql);
    for (const [oid, schema, name, kind, owner, parents, partition] of rows) {
      const relation = {
        oid: Number(oid),
        schema: schema ?? '',
        name: name ?? '',
        kind: kind ?? '',
        owner: owner === null || owner === undefined ? null : Number(owner),
        parents: (parents ?? '')
          .split(',')
          .filter((one) => one !== '')
          .map(Number),
        partition: partition === 't',
      };
      this.#known.set(relation.oid, relation);
    }
  }
}

/** What was counted between two readings: numbers of an earlier transaction may still be in both. */
function difference(
  before: Answer,
  after: Answer,
): { relations: ReadonlyMap<number, readonly number[]>; functions: readonly string[] } {
  const earlier = new Map(before.rows.map(([what, name, ...numbers]) => [`${what}${name}`, numbers]));
  const relations = new Map<number, readonly number[]>();
  const functions: string[] = [];
  for (const [what, name, ...numbers] of after.rows) {
    if (what !== 'r' && what !== 'f') continue;
    const old = earlier.get(`${what}${name}`) ?? [];
    const grown = numbers.map((number, at) => Number(number ?? 0) - Number(old[at] ?? 0));
    if (!grown.some((one) => one > 0)) continue;
    if (what === 'r') relations.set(Number(name), grown);
    else functions.push(name ?? '');
  }
  return { relations, functions };
}
