/**
 * Text from a target or a client, safe to put on a terminal or in a page of text: controls (C0, C1, escape sequences),
 * bidirectional and other invisible format characters, line separators and lone surrogates become visible marks. With
 * `lines`, newlines and tabs stay as they are.
 */
export function inert(text: string, options: { readonly lines?: boolean } = {}): string {
  if (!suspicious.test(text)) return text;
  return text.toWellFormed().replace(unsafe, (character) => {
    if (options.lines === true && (character === '\n' || character === '\t')) return character;
    const code = character.codePointAt(0) ?? 0;
    // Control pictures, such as U+241B for escape.
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
  });
}

const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu;
const suspicious = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/u;
