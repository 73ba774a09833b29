/** A name as SQL writes it whatever is in it (PostgreSQL, 4.1.1: delimited identifiers). */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
