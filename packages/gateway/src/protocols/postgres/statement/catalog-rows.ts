/** Reading the rows of the catalog query: a target can put anything in them. */
import type { BodyKind, BodyText } from './meaning.ts';

export type Row = readonly string[];

/** What a definition is known by, or null for a row without one. */
export function versionOf([what = '', , , , , , version = '']: readonly string[]): string | null {
  return version === '' || what === 'r' ? null : `${what} ${version}`;
}

/** A row that is one JSON array; throws for anything else. */
export function array(json: string): readonly unknown[] {
  const value: unknown = JSON.parse(json);
  if (!Array.isArray(value)) throw new TypeError('the catalog’s answer is not an array');
  return value;
}

export function string(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(string) : [];
}

export function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}

/** Functions: somebody's as their OID, the server's own by name. */
export function functionsIn(value: unknown): (number | string)[] {
  return strings(value).map((one) => (/^\d+$/.test(one) ? Number(one) : one));
}

/** A definition, or null when there is none. */
export function body(kind: BodyKind, text: unknown): BodyText | null {
  return typeof text === 'string' && text !== '' ? { kind, text } : null;
}
