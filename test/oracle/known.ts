/**
 * What is missed and known: each is a gap of ours, listed in docs/oracle.md. The oracle still counts it as missed; only
 * the quick tests let it pass, so that anything new stands out. Shorten this list, never lengthen it in passing.
 */
export const KNOWN_MISSES: readonly (readonly [statement: RegExp, gap: string])[] = [
  [/^\s*(drop|alter|reindex)\s+index\b/i, 'an index is judged by its own name, not by the table it is on'],
  [
    /\bdrop\s+schema\b[^;]*\bcascade\b/i,
    'relations that only lose a policy, a trigger or a foreign key are not named',
  ],
  [/\bdrop\s+constraint\b/i, 'the table a dropped foreign key refers to loses its triggers and is not named'],
];

export function knownGap(sql: string): string | null {
  return KNOWN_MISSES.find(([statement]) => statement.test(sql))?.[1] ?? null;
}
