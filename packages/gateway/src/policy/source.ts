/**
 * Cuts the text of a policy file into policies, so that each has a line, an id and a size that is known before
 * Cedar's own parser, which nesting can kill, sees it. Only a cut: Cedar parses every piece again as exactly one
 * policy, so a wrong cut is an error and never another meaning. Pure, linear.
 */

/** One policy as it stands in its file. */
export interface PolicySource {
  readonly file: string;
  /** 1-based line of its first token. */
  readonly line: number;
  readonly text: string;
  /** Deepest nesting of brackets. */
  readonly nesting: number;
  /** Operators, attribute accesses and ifs. */
  readonly operators: number;
}

/** What is wrong with a policy set, and where. */
export interface PolicyError {
  readonly file: string;
  /** 1-based, or 0 when the whole file is meant. */
  readonly line: number;
  readonly message: string;
}

/** Cedar's tokens, as far as cutting needs them: comments end at either line ending, strings hold escapes. */
const TOKEN =
  /(?<space>[ \t\r\n]+|\/\/[^\r\n]*)|(?<string>"(?:\\[\s\S]|[^"\\])*")|(?<word>[A-Za-z_][A-Za-z0-9_]*)|(?<operator>&&|\|\||[=!<>]=|::|[-+*.<>!=])|[\s\S]/y;

/** The policies of one file, in order, and where cutting failed. */
export function cutPolicies(file: string, text: string): { policies: PolicySource[]; errors: PolicyError[] } {
  const policies: PolicySource[] = [];
  const errors: PolicyError[] = [];
  let line = 1;
  let open: { at: number; line: number } | null = null;
  let depth = 0;
  let nesting = 0;
  let operators = 0;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [token] = match;
    const kind = match.groups ?? {};
    if (kind.space === undefined) {
      open ??= { at: match.index, line };
      if (token === '(' || token === '[' || token === '{') nesting = Math.max(nesting, ++depth);
      else if (token === ')' || token === ']' || token === '}') depth--;
      else if (token === '"')
        errors.push({ file, line, message: 'this string is not ended: add a double quote' });
      else if ((kind.operator !== undefined && token !== '::') || token === 'if') operators++;
      else if (token === ';') {
        policies.push({
          file,
          line: open.line,
          text: text.slice(open.at, TOKEN.lastIndex),
          nesting,
          operators,
        });
        open = null;
        depth = 0;
        nesting = 0;
        operators = 0;
      }
      if (errors.length > 0) break;
    }
    line += countLines(token);
  }
  if (open !== null && errors.length === 0) {
    errors.push({ file, line: open.line, message: 'this policy is not ended: add a semicolon' });
  }
  return { policies, errors };
}

/** Newlines in a text. */
export function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
