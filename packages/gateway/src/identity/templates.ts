/** Text with claims in it: `ci:{repository}:{ref}`. No code, no choice, and no two tokens that give one text by accident. */

/** Text as it is, or the path of a claim. */
export type TemplatePart = { readonly text: string } | { readonly claim: string };

/** The parts of a template, or null when it is none. */
export function readTemplate(template: string): readonly TemplatePart[] | null {
  const parts: TemplatePart[] = [];
  let rest = template;
  while (rest !== '') {
    const open = rest.indexOf('{');
    const text = open === -1 ? rest : rest.slice(0, open);
    if (text.includes('}') || text.includes('%')) return null;
    if (text !== '') parts.push({ text });
    if (open === -1) break;
    // Two claims without text between them could share a value in more than one way.
    if (text === '' && parts.length > 0) return null;
    const close = rest.indexOf('}', open);
    const claim = rest.slice(open + 1, close);
    if (close === -1 || claim === '' || claim.includes('{')) return null;
    parts.push({ claim });
    rest = rest.slice(close + 1);
  }
  return parts.some((part) => 'claim' in part) ? parts : null;
}

/** Fills it in; null when a claim is absent. `textOf` gives the text of a claim. */
export function fillTemplate(
  parts: readonly TemplatePart[],
  textOf: (claim: string) => string | null,
): string | null {
  const punctuation = new Set(`%${parts.map((part) => ('text' in part ? part.text : '')).join('')}`);
  let filled = '';
  for (const part of parts) {
    if ('text' in part) {
      filled += part.text;
      continue;
    }
    const value = textOf(part.claim);
    if (value === null) return null;
    filled += escaped(value, punctuation);
  }
  return filled;
}

/**
 * A claim that holds what separates claims could say of itself what another claim is to say: `a:b` with `c`, or `a` with
 * `b:c`. Letters and digits separate nothing.
 */
function escaped(value: string, punctuation: ReadonlySet<string>): string {
  return Array.from(value, (character) =>
    punctuation.has(character) && !/[\p{L}\p{N}]/u.test(character) ? percent(character) : character,
  ).join('');
}

function percent(character: string): string {
  return [...Buffer.from(character)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}
