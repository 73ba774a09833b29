/**
 * Makes declarations of PL/pgSQL code readable for a parser without a catalog: it takes `t%ROWTYPE` for a type without
 * fields and then refuses `variable.field := …`; a `record` has any field.
 */

const NAME = String.raw`(?:[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|"(?:[^"]|"")+")`;
/** Words that begin a statement: then `%` is an operator and what stands before it a value that must be kept. */
const STATEMENT =
  'perform|return|execute|assert|if|elsif|elseif|else|while|case|when|exit|continue|raise|select|with|values|insert|' +
  'update|delete|merge|call|open|fetch|move|close|for|foreach|loop|begin|end|get|commit|rollback|null|do|set|table|then';
const DECLARATION = new RegExp(
  // Strings, quoted names and comments are stepped over.
  String.raw`'(?:[^']|'')*'|--[^\n]*|/\*[\s\S]*?\*/|` +
    String.raw`(\bdeclare\s+|;\s*)(?!(?:${STATEMENT})\b)(${NAME}\s+(?:constant\s+)?)${NAME}(?:\.${NAME})*\s*%\s*rowtype\b|"(?:[^"]|"")*"`,
  'giu',
);

export function withRecords(code: string): string {
  return code.replace(DECLARATION, (match: string, before?: string, name?: string) =>
    before === undefined || name === undefined ? match : `${before}${name}record`,
  );
}

/** The code as a constant in which it stands unchanged. */
export function dollarQuoted(code: string): string {
  let tag = 'code';
  while (code.includes(tag)) tag += 'x';
  return `$${tag}$${code}$${tag}$`;
}
