/** Most characters of a comment that are looked at: it is the client's own, and may be as long as a statement. */
const COMMENT_CHARS = 2_048;
const FIELD = /(?:^|,)traceparent='([0-9a-f-]{55})'(?:,|$)/;

/** The `traceparent` in the comment a statement ends with, as sqlcommenter writes it: sorted `key='value'`, comma between. */
export function traceparentOf(text: string): string | null {
  const tail = text.slice(-COMMENT_CHARS).replace(/[\s;]{1,100}$/, '');
  if (!tail.endsWith('*/')) return null;
  const start = tail.lastIndexOf('/*');
  return start < 0 ? null : (FIELD.exec(tail.slice(start + 2, -2).trim())?.[1] ?? null);
}
