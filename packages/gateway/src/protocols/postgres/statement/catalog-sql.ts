/**
 * The gateway's own question to a target: what is in this database, and what runs when it is touched?
 *
 * Works on PostgreSQL 12 to 18, for any role. It runs with an empty search_path, so that names here are pg_catalog's and
 * every other name in a definition comes qualified; the role's own path is kept aside and is one of the answers.
 * Only what is not the server's own (16384 is FirstNormalObjectId) has its definition fetched.
 */

/** One kind of row: seven columns, the first says what it is. */
export interface CatalogPart {
  readonly kind: string;
  /** Without it nothing can be understood. */
  readonly essential: boolean;
  readonly sql: string;
}

const NORMAL = 16384;

/** What a comment declares the class of a column with: `COMMENT ON COLUMN t.c IS '… sallyport:class=email …'`. */
const DECLARES = 'sallyport:class=';

/**
 * A part whose rows are one JSON array each. `version` is for rows with definitions: equal for as long as nobody changed
 * the catalog's row behind it, and told without looking at the definition.
 */
function json(kind: string, columns: string, from: string, version = `''`): CatalogPart {
  const sql = `SELECT '${kind}' AS what, json_build_array(${columns})::text AS a, '' AS b, '' AS c, '' AS d, '' AS e, ${version} AS f ${from}`;
  return { kind, essential: false, sql };
}

/** A row of a catalog that has OIDs, as it is now (xmin, the transaction that wrote it). */
const row = (alias: string, oid = 'oid') => `${alias}.${oid}::text || '/' || ${alias}.xmin::text`;

function plain(kind: string, columns: string, from: string): CatalogPart {
  return { kind, essential: true, sql: `SELECT '${kind}' AS what, ${columns} ${from}` };
}

/** The extension an object came with, or null. */
const extensionOf = (catalog: string, oid: string) =>
  `(SELECT x.extname FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid
     WHERE d.classid = '${catalog}'::regclass AND d.objid = ${oid} AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' LIMIT 1)`;

/** Functions of an array of OIDs: somebody's as their OID, the server's own by name. */
const functions = (oids: string) =>
  `ARRAY(SELECT CASE WHEN f.oid >= ${NORMAL} THEN f.oid::text ELSE f.proname::text END
      FROM unnest(${oids}::oid[]) q JOIN pg_proc f ON f.oid = q)`;

const own = (oid: string) => `${oid} >= ${NORMAL}`;

/** The type of the elements of an array type, any other type itself. */
const element = (oid: string) =>
  `(SELECT CASE WHEN y.typelem <> 0 AND y.typlen = -1 THEN y.typelem ELSE y.oid END FROM pg_type y WHERE y.oid = ${oid})`;

export const CATALOG_PARTS: readonly CatalogPart[] = [
  plain(
    's',
    `n.oid::text AS a, n.nspname::text AS b, '' AS c, '' AS d, '' AS e, '' AS f`,
    'FROM pg_namespace n',
  ),
  plain(
    'p',
    `current_setting('sallyport.search_path') AS a, '' AS b, '' AS c, '' AS d, '' AS e, '' AS f`,
    '',
  ),
  plain(
    'r',
    `c.oid::text AS a, n.nspname::text AS b, c.relname::text AS c, c.relkind::text AS d, c.reltuples::text AS e,
      CASE WHEN c.relrowsecurity THEN 'x' ELSE '' END || CASE WHEN ${own('c.oid')} THEN c.reltype::text ELSE '' END AS f`,
    `FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind <> 't'`,
  ),
  plain(
    'a',
    `a.attrelid::text AS a, a.attnum::text AS b, CASE WHEN a.attisdropped THEN '' ELSE a.attname::text END AS c,
      CASE WHEN ${own('a.atttypid')} THEN ${element('a.atttypid')}::text ELSE '' END AS d,
      CASE WHEN ${own('a.attrelid')} AND NOT ${own('a.atttypid')} THEN a.atttypid::text ELSE '' END AS e, '' AS f`,
    `FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      WHERE a.attnum > 0 AND c.relkind = ANY ('{r,p,v,m,f,c}'::"char"[])`,
  ),
  plain(
    'f',
    `'' AS a, n.nspname::text AS b, p.proname::text AS c, '' AS d, '' AS e, '' AS f`,
    `FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace GROUP BY n.nspname, p.proname`,
  ),
  plain(
    'i',
    `i.inhrelid::text AS a, i.inhparent::text AS b, CASE WHEN p.partdefid IS NOT NULL THEN 'd' ELSE '' END AS c,
      '' AS d, '' AS e, '' AS f`,
    'FROM pg_inherits i LEFT JOIN pg_partitioned_table p ON p.partrelid = i.inhparent AND p.partdefid = i.inhrelid',
  ),
  plain(
    'd',
    `w.ev_class::text AS a, d.refobjid::text AS b, d.refobjsubid::text AS c, '' AS d, '' AS e, '' AS f`,
    `FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid
      WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class
      GROUP BY w.ev_class, d.refobjid, d.refobjsubid`,
  ),
  // A word of a column's comment. Essential: without it, what the target declares to be classified would be shown.
  plain(
    'm',
    `d.objoid::text AS a, d.objsubid::text AS b,
      left(array_to_string(ARRAY(SELECT DISTINCT m[1] FROM regexp_matches(d.description, '${DECLARES}([^[:space:].,;()]*)', 'gi') m), ' '), 200) AS c,
      '' AS d, '' AS e, '' AS f`,
    `FROM pg_description d
      WHERE d.classoid = 'pg_class'::regclass AND d.objsubid > 0 AND d.description ~* '${DECLARES}'`,
  ),
  json(
    'F',
    `p.oid::bigint, n.nspname, p.proname, l.lanname, p.provolatile, CASE WHEN p.prosecdef THEN pg_get_userbyid(p.proowner) END,
      p.proconfig, ${extensionOf('pg_proc', 'p.oid')}, p.prosrc = '' AND l.lanname = 'sql',
      CASE WHEN p.prokind NOT IN ('f', 'p') THEN NULL
           WHEN l.lanname = 'plpgsql' OR (l.lanname = 'sql' AND p.prosrc = '') THEN pg_get_functiondef(p.oid)
           WHEN l.lanname = 'sql' THEN p.prosrc END,
      pg_get_expr(p.proargdefaults, 0),
      ARRAY(SELECT ${element('t')}::bigint FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]) || p.prorettype) t WHERE ${own('t')}),
      (SELECT to_json(${functions('ARRAY[a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn]')})
         FROM pg_aggregate a WHERE a.aggfnoid = p.oid),
      CASE WHEN l.lanname = 'internal' THEN p.prosrc END,
      EXISTS (SELECT FROM unnest(p.proargtypes::oid[]) q JOIN pg_type y ON y.oid = q LEFT JOIN pg_type b ON b.oid = y.typbasetype
                WHERE y.typtype IN ('c', 'p') OR (y.typtype = 'd' AND b.typtype IN ('c', 'd')))`,
    `FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang WHERE ${own('p.oid')}`,
    row('p'),
  ),
  json(
    'V',
    `c.oid::bigint, pg_get_viewdef(c.oid), coalesce(c.reloptions::text LIKE '%check_option=%', false)`,
    `FROM pg_class c JOIN pg_rewrite w ON w.ev_class = c.oid AND w.ev_type = '1'
      WHERE c.relkind IN ('v', 'm') AND ${own('c.oid')}`,
    row('w'),
  ),
  json(
    'R',
    `w.ev_class::bigint, w.ev_type, w.is_instead, pg_get_ruledef(w.oid), w.ev_enabled = 'D'`,
    `FROM pg_rewrite w WHERE w.ev_type <> '1' AND ${own('w.oid')}`,
    row('w'),
  ),
  json(
    'T',
    `t.tgrelid::bigint, t.tgfoid::bigint, t.tgtype, CASE WHEN t.tgqual IS NOT NULL THEN pg_get_triggerdef(t.oid) END, t.tgenabled = 'D'`,
    `FROM pg_trigger t WHERE NOT t.tgisinternal`,
    row('t'),
  ),
  json(
    'D',
    `d.adrelid::bigint, a.attgenerated, pg_get_expr(d.adbin, d.adrelid), a.attname`,
    `FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
      WHERE d.adbin::text NOT LIKE '{CONST %'`,
    row('d'),
  ),
  json(
    'Q',
    `d.refobjid::bigint, d.objid::bigint, d.deptype`,
    `FROM pg_depend d JOIN pg_class c ON c.oid = d.objid
      WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
        AND d.refobjsubid > 0 AND c.relkind = 'S'`,
  ),
  json(
    'C',
    `k.conrelid::bigint, k.contypid::bigint, pg_get_expr(k.conbin, k.conrelid)`,
    `FROM pg_constraint k WHERE k.contype = 'c' AND ${own('k.oid')}`,
    row('k'),
  ),
  json(
    'K',
    `k.conrelid::bigint, k.confrelid::bigint, k.confdeltype, k.confupdtype,
      ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = k.confrelid AND a.attnum = ANY (k.confkey)),
      k.conname, ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey))`,
    `FROM pg_constraint k WHERE k.contype = 'f'`,
  ),
  json(
    'X',
    `i.indrelid::bigint, pg_get_expr(i.indexprs, i.indrelid), pg_get_expr(i.indpred, i.indrelid)`,
    `FROM pg_index i WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL`,
    row('i', 'indexrelid'),
  ),
  json(
    'G',
    `p.partrelid::bigint, pg_get_expr(p.partexprs, p.partrelid), NULL`,
    `FROM pg_partitioned_table p WHERE p.partexprs IS NOT NULL`,
    row('p', 'partrelid'),
  ),
  json('W', 's.stxrelid::bigint, pg_get_statisticsobjdef(s.oid)', 'FROM pg_statistic_ext s', row('s')),
  json(
    'H',
    `k.conrelid::bigint, o.oprcode::oid::bigint`,
    `FROM pg_constraint k CROSS JOIN unnest(k.conexclop) x JOIN pg_operator o ON o.oid = x
      WHERE k.contype = 'x' AND ${own('o.oprcode::oid')}`,
  ),
  json(
    'H',
    `i.indrelid::bigint, m.amproc::oid::bigint`,
    `FROM pg_index i CROSS JOIN unnest(i.indclass::oid[]) x JOIN pg_opclass c ON c.oid = x
      JOIN pg_amproc m ON m.amprocfamily = c.opcfamily WHERE ${own('x')} AND ${own('m.amproc::oid')}`,
  ),
  json(
    'P',
    `p.polrelid::bigint, p.polcmd, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)`,
    'FROM pg_policy p',
    row('p'),
  ),
  json(
    'S',
    't.ftrelid::bigint, s.srvname',
    'FROM pg_foreign_table t JOIN pg_foreign_server s ON s.oid = t.ftserver',
  ),
  json('E', `e.evtname, e.evtfoid::bigint, e.evtenabled = 'D'`, 'FROM pg_event_trigger e'),
  plain(
    'j',
    `i.indexrelid::text AS a, i.indrelid::text AS b, '' AS c, '' AS d, '' AS e, '' AS f`,
    `FROM pg_index i WHERE ${own('i.indexrelid')}`,
  ),
  json(
    'L',
    `n.nspname, c.opcname, to_json(ARRAY(SELECT CASE WHEN f.oid >= ${NORMAL} THEN f.oid::text ELSE f.proname::text END
        FROM pg_amproc m JOIN pg_proc f ON f.oid = m.amproc WHERE m.amprocfamily = c.opcfamily))`,
    `FROM pg_opclass c JOIN pg_namespace n ON n.oid = c.opcnamespace WHERE ${own('c.oid')}`,
  ),
  json(
    'Y',
    `t.oid::bigint, n.nspname, t.typname, t.typtype, t.typbasetype::bigint, t.typelem::bigint, t.typarray::bigint, t.typrelid::bigint,
      coalesce(r.rngsubtype::bigint, 0),
      ${functions('ARRAY[t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout, t.typanalyze, r.rngcanonical, r.rngsubdiff]')},
      CASE WHEN t.typtype = 'd' THEN pg_get_expr(t.typdefaultbin, 0) END`,
    `FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_range r ON r.rngtypid = t.oid
      LEFT JOIN pg_class c ON c.oid = t.typrelid
      WHERE ${own('t.oid')} AND (t.typtype <> 'c' OR c.relkind = 'c') AND NOT (t.typelem <> 0 AND t.typlen = -1 AND t.typtype = 'b')`,
    row('t'),
  ),
  json(
    'O',
    `n.nspname, o.oprname, o.oprleft::bigint, o.oprright::bigint,
      ${functions('ARRAY[o.oprcode, o.oprrest, o.oprjoin]')}`,
    `FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
      WHERE ${own('o.oid')}`,
  ),
  plain(
    'o',
    `'' AS a, n.nspname::text AS b, o.oprname::text AS c, '' AS d, '' AS e, '' AS f`,
    `FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
      WHERE n.nspname <> 'pg_catalog' GROUP BY n.nspname, o.oprname`,
  ),
  json(
    'Z',
    `c.castsource::bigint, c.casttarget::bigint, ${functions('ARRAY[c.castfunc]')}`,
    `FROM pg_cast c WHERE ${own('c.oid')}`,
  ),
  json(
    'A',
    `a.amproclefttype::bigint, a.amprocrighttype::bigint, ${functions('ARRAY[a.amproc]')}`,
    `FROM pg_amproc a WHERE ${own('a.amproc::oid')}`,
  ),
];

/**
 * How long a definition may be waited for. The server locks what a view, a rule or an expression is about to write it
 * out, and whoever is changing that may be the very session that waits for this answer.
 */
const LOCK_MS = 100;

/** A query of the gateway's, to run with an empty search_path; the role's own is kept for the answer. */
export function catalogSql(select: string): string {
  return `SELECT FROM (SELECT pg_catalog.set_config('sallyport.search_path', pg_catalog.current_setting('search_path'), true) AS kept OFFSET 0) k WHERE k.kept IS NULL;
SET LOCAL search_path = '';
SET LOCAL lock_timeout = '${LOCK_MS}ms';
${select}`;
}

/** The same part with a text that nobody can parse for every definition: one broken object makes the server refuse all. */
export function withoutDefinitions(sql: string): string {
  return sql
    .replaceAll(/pg_get_expr\(([^,()]+),[^()]*\)/g, "CASE WHEN $1 IS NOT NULL THEN '?' END")
    .replaceAll(/pg_get_(?:functiondef|viewdef|ruledef|triggerdef|statisticsobjdef)\([^()]*\)/g, "'?'");
}

/** One query, so that all of it is from one snapshot. */
export const CATALOG_SQL = catalogSql(CATALOG_PARTS.map(({ sql }) => sql).join('\nUNION ALL\n'));
