/** How a value of a type is hidden, and how it is looked through. Type OIDs are those of pg_type.dat, which never change. */

/** How a hidden value is written: as text, as a JSON string, as jsonb in binary, or as SQL NULL. */
export type HiddenForm = 'text' | 'json' | 'jsonb' | 'null';
/** How a shown value is looked through: not at all, as text, as JSON, as binary jsonb, or as bytes that cannot be rewritten. */
export type ScanForm = 'none' | 'text' | 'json' | 'jsonb' | 'opaque';

const JSON_TYPE = 114;
const JSONB = 3802;
/** Types from this OID on are made by users; an enum, citext, hstore and the like. */
export const FIRST_USER_TYPE = 16_384;

/** text, varchar, bpchar, name, unknown, xml, cstring, refcursor, jsonpath, bytea: the bytes are the text in both formats. */
const TEXTS: ReadonlySet<number> = new Set([25, 1043, 1042, 19, 705, 142, 2275, 1790, 4072, 17]);

/**
 * Types whose values are numbers, times, addresses, identifiers or shapes: no detector's class fits in one, except
 * digits in a number, which are left alone so that counters and keys stay what they are.
 */
const PLAIN: ReadonlySet<number> = new Set([
  16, 18, 20, 21, 23, 24, 26, 27, 28, 29, 600, 601, 602, 603, 604, 628, 650, 700, 701, 718, 774, 790, 829,
  869, 1082, 1083, 1114, 1184, 1186, 1266, 1560, 1562, 1700, 2202, 2203, 2204, 2205, 2206, 2278, 2950, 2970,
  3220, 3734, 3769, 3904, 3906, 3908, 3910, 3912, 3926, 4089, 4096, 4191, 5069,
  // Arrays of them.
  22, 30, 651, 1000, 1005, 1007, 1016, 1021, 1022, 1028, 1041, 1115, 1182, 1183, 1185, 1187, 1231, 2951,
]);

/**
 * What stands for a hidden value, such that no client's parser of the type breaks: text for types that are text,
 * NULL for every other. An unknown type in text format is text to every client that does not know it either.
 */
export function hiddenForm(type: number, binary: boolean): HiddenForm {
  if (TEXTS.has(type)) return 'text';
  if (type === JSON_TYPE) return 'json';
  if (type === JSONB) return binary ? 'jsonb' : 'json';
  return type >= FIRST_USER_TYPE && !binary ? 'text' : 'null';
}

/** How detectors look through a shown value. */
export function scanForm(type: number, binary: boolean): ScanForm {
  if (TEXTS.has(type)) return 'text';
  if (type === JSON_TYPE) return 'json';
  if (type === JSONB) return binary ? 'jsonb' : 'json';
  if (PLAIN.has(type)) return 'none';
  return binary ? 'opaque' : 'text';
}
