/** Longest name compared; anything longer is no slip of the fingers. */
const LONGEST = 64;

/** The name that `found` is most likely a misspelling of, or null when none is near. */
export function nearest(found: string, names: readonly string[]): string | null {
  if (found.length > LONGEST) return null;
  const plain = found.toLowerCase().replace(/[-_ ]/g, '');
  let best: { readonly name: string; readonly distance: number } | null = null;
  for (const name of names) {
    const distance = editDistance(plain, name.toLowerCase().replaceAll('_', ''));
    if (best === null || distance < best.distance) best = { name, distance };
  }
  return best !== null && best.distance <= Math.max(1, Math.floor(plain.length / 3)) ? best.name : null;
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, letter] of a.split('').entries()) {
    const next = [i + 1];
    for (const [j, other] of b.split('').entries()) {
      const substituted = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(substituted, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
