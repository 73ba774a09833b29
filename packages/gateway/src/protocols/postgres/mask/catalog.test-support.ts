import { createMasking, maskingSection } from '../../../masking/index.ts';
import type { Mask } from '../../protocol.ts';
import type { ColumnOrigins, CopyScope, OriginRelation, ReplyScope } from './index.ts';

const relations: readonly OriginRelation[] = [
  relation(100, 'people', ['id', 'name', null, 'ssn', 'age', 'doc'], [23, 25, 0, 25, 23, 3802]),
  relation(101, 'people_2024', ['id', 'name', 'ssn'], [23, 25, 25], { parents: [100] }),
  // CREATE VIEW staff AS SELECT id, name, ssn AS number, upper(name) AS loud FROM people
  relation(102, 'staff', ['id', 'name', 'number', 'loud'], [23, 25, 25, 25], {
    origins: ['id', 'name', 'ssn'].map((column) => ({ oid: 100, column })),
  }),
  // A view over that view, which the catalog follows to the end.
  relation(103, 'staff_names', ['name', 'ssn'], [25, 25], {
    origins: [
      { oid: 102, column: 'name' },
      { oid: 102, column: 'number' },
      ...['id', 'name', 'ssn'].map((column) => ({ oid: 100, column })),
    ],
  }),
  relation(104, 'places', ['id', 'city'], [23, 25]),
  relation(105, 'town', ['city'], [25], { origins: [{ oid: 104, column: 'city' }] }),
  { ...relation(106, 'pg_stats', ['tablename', 'most_common_vals'], [19, 2277]), schema: 'pg_catalog' },
  relation(107, 'dangling', ['x'], [25], { origins: [{ oid: 999, column: 'x' }] }),
];

function relation(
  oid: number,
  name: string,
  columns: readonly (string | null)[],
  types: readonly number[],
  more: Partial<OriginRelation> = {},
): OriginRelation {
  return { oid, schema: 'public', name, columns, types, parents: [], origins: [], ...more };
}

/** A catalog with `public.people`, whose `ssn` is classified below, and what is made of it. */
export const origins: ColumnOrigins = {
  version: 1,
  declares: false,
  relation: (oid) => relations.find((known) => known.oid === oid),
  named: (schema, table) => relations.find((known) => known.schema === schema && known.name === table),
};

/** Hides people.ssn, people.age, people.doc and every column named secret; detects everything. */
export const mask: Mask = createMasking(
  maskingSection.parse({
    classified: [
      { column: 'public.people.ssn', class: 'ssn' },
      { column: 'public.people.age', class: 'age' },
      { column: 'public.people.doc', class: 'document' },
    ],
    column_names: [{ pattern: 'secret', class: 'secret' }],
  }),
).compile('t', []);

/** The same detectors, and no column hidden. */
export const detectorsOnly: Mask = createMasking(maskingSection.parse({})).compile('t', []);

/** An operation on these tables that names these columns. */
export function scope(
  tables: readonly string[],
  columns: readonly string[] = [],
  more: Partial<ReplyScope> = {},
): ReplyScope {
  return {
    relations: tables.map((table) => ({ schema: table.startsWith('pg_') ? 'pg_catalog' : 'public', table })),
    columnNames: new Set(columns),
    anyColumn: false,
    copy: null,
    evaluations: [],
    ...more,
  };
}

export function copyOut(
  table: string | null,
  format: CopyScope['format'],
  more: Partial<CopyScope['options']> = {},
  columns: readonly string[] | null = null,
): CopyScope {
  const csv = format === 'csv';
  return {
    direction: 'out',
    format,
    relation: table === null ? null : { schema: 'public', table },
    columns,
    options: {
      delimiter: csv ? ',' : '\t',
      nullText: csv ? '' : '\\N',
      quote: '"',
      escape: '"',
      header: false,
      encoding: null,
      ...more,
    },
  };
}
