/** The reason as kept and shown, without the characters that could forge a line. */
export function inertLine(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}
