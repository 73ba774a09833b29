/** The `traceparent` of a request as it is judged and sent on; two of them are one value that is none. */
export function traceparentOf(text: string): string | null {
  const end = text.indexOf('\n\n');
  const head = end < 0 ? text : text.slice(0, end);
  return /^traceparent: (.*)$/m.exec(head)?.[1] ?? null;
}
