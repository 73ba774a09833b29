import type { ListedTable } from '../../protocol.ts';

/** OIDs of what is listed: the server gives out those from 16384 on, and built-in catalogs use less. */
const FIRST_OID = 100_000;

/** pg_class.reltuples of a table that was never looked at. */
const NOT_COUNTED = '-1';

/** Tables as rows of the catalog query. */
export function listedRows(tables: readonly ListedTable[]): readonly (readonly string[])[] {
  const schemas = [...new Set(tables.map(({ schema }) => schema))].filter((schema) => schema !== 'public');
  return [
    ...schemas.map((schema, at) => ['s', String(FIRST_OID + tables.length + at), schema, '', '', '', '']),
    ...tables.flatMap(({ schema, name, columns }, at) => {
      const oid = String(FIRST_OID + at);
      return [
        ['r', oid, schema, name, 'r', NOT_COUNTED, ''],
        ...columns.map((column, index) => ['a', oid, String(index + 1), column, '', '', '']),
      ];
    }),
  ];
}
