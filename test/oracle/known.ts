/**
 * What is missed and known: each is a gap of ours, listed in docs/oracle.md. The oracle still counts it as missed; only
 * the quick tests let it pass, so that anything new stands out. Shorten this list, never lengthen it in passing.
 */
export const KNOWN_MISSES: readonly (readonly [statement: RegExp, gap: string])[] = [];

export function knownGap(sql: string): string | null {
  return KNOWN_MISSES.find(([statement]) => statement.test(sql))?.[1] ?? null;
}
