/**
 * Extensions whose code in C only computes with its arguments, or shows what everybody may see: a call of it is `call`
 * and no more. What an extension does not have on this list cannot be told, unless it is written in SQL or PL/pgSQL:
 * then its text is followed like anybody's. Whether a function is an extension's is asked of the catalog, not of its
 * name, and code in C can only be put there by a superuser.
 */

/** What such an extension has all the same that does more. */
const COMPUTES: Readonly<Record<string, RegExp | null>> = {
  address_standardizer: /^(standardize_address|parse_address)$/,
  bloom: null,
  btree_gin: null,
  btree_gist: null,
  citext: null,
  cube: null,
  dict_int: null,
  dict_xsyn: null,
  earthdistance: null,
  fuzzystrmatch: null,
  h3: null,
  hll: null,
  hstore: null,
  hypopg: /^hypopg_(create|drop|hide|unhide|reset)/,
  intagg: null,
  intarray: null,
  isn: null,
  ltree: null,
  moddatetime: null,
  orafce: /^(dbms_|utl_|plvdbg)/,
  pg_buffercache: /^pg_buffercache_(evict|mark)/,
  pg_freespacemap: null,
  pg_stat_statements: /reset/,
  pg_trgm: null,
  pg_visibility: /truncate/,
  pg_wait_sampling: /reset/,
  pgcrypto: null,
  pgrowlocks: null,
  pgstattuple: null,
  // Its estimates and its writers of FlatGeobuf name tables in text; out-of-database rasters reach files and hosts.
  postgis: /flatgeobuf|estimated|findextent|_postgis_(stats|selectivity|join)|index_extent|gdal|curve_parse/i,
  prefix: null,
  rum: null,
  seg: null,
  semver: null,
  tablefunc: /^(?!normal_rand$)/,
  timescaledb:
    /^(?!time_bucket|first|last|histogram|time_bucket_gapfill|locf|interpolate|approximate_row_count|insert_blocker|cagg_watermark|finalize_agg|partialize_agg)/,
  tsm_system_rows: null,
  tsm_system_time: null,
  unaccent: null,
  unit: null,
  'uuid-ossp': null,
  vector: null,
  xml2: /^(?!xml_valid|xml_is_well_formed|xml_encode_special_chars|xpath_(?!table))/,
};

/** The server's own code behind functions it makes for somebody's range type. */
export const RANGE_CONSTRUCTOR = /^(multi)?range_constructor\d$/;

/** Whether code in C of this extension does nothing but compute. */
export function onlyComputes(extension: string, name: string): boolean {
  if (!Object.hasOwn(COMPUTES, extension)) return false;
  const more = COMPUTES[extension];
  return more === null || more === undefined || !more.test(name);
}
