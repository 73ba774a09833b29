/** What of the server's own catalog holds values of tables, or the text of statements with the values in them. */

const STATISTICS: Readonly<Record<string, RegExp>> = {
  pg_statistic: /^stavalues/,
  pg_statistic_ext_data: /^stxd/,
  pg_stats: /^(?:most_common_|histogram_|elem_|range_)/,
  pg_stats_ext: /^(?:most_common_|histogram_)/,
  pg_stats_ext_exprs: /^(?:most_common_|histogram_|elem_)/,
  pg_stat_activity: /^query$/,
  pg_prepared_statements: /^statement$/,
  pg_cursors: /^statement$/,
  pg_largeobject: /^data$/,
};

/** The same of views an extension makes, in whichever schema it was put. */
const OF_EXTENSIONS: Readonly<Record<string, RegExp>> = { pg_stat_statements: /^query$/ };

/** The server's own functions that return the same, and are evaluated as functions. */
const FUNCTIONS = new Set(['pg_cursor', 'pg_prepared_statement']);

export function isSystemSchema(schema: string): boolean {
  return schema === 'pg_catalog' || schema === 'information_schema' || schema === 'pg_toast';
}

/** Whether a column holds values of some table, or of anybody's statements. `*` is any column. */
export function holdsValues(schema: string, table: string, column: string): boolean {
  const listed = isSystemSchema(schema) ? STATISTICS : OF_EXTENSIONS;
  // A relation may have the name of what every object has, such as toString.
  if (!Object.hasOwn(listed, table)) return false;
  return column === '*' || listed[table]?.test(column) === true;
}

/** Whether a function of pg_catalog returns what such columns hold. */
export function returnsValues(name: string): boolean {
  return FUNCTIONS.has(name);
}
