/**
 * Whether any object in this JSON text has one member name twice. The text must already have been parsed: it is valid
 * JSON. Linear in its length; nesting costs one set per open object.
 */
export function hasDuplicateMember(json: string): boolean {
  const open: (Set<string> | null)[] = [];
  let at = 0;
  while (at < json.length) {
    const char = json[at];
    if (char === '"') {
      const end = endOfString(json, at);
      const names = open.at(-1);
      if (names instanceof Set && followedByColon(json, end)) {
        // Escapes are resolved, so that "sub" and "su\u0062" are the same name.
        const name = String(JSON.parse(json.slice(at, end)));
        if (names.has(name)) return true;
        names.add(name);
      }
      at = end;
      continue;
    }
    if (char === '{') open.push(new Set());
    else if (char === '[') open.push(null);
    else if (char === '}' || char === ']') open.pop();
    at += 1;
  }
  return false;
}

function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}

function followedByColon(json: string, from: number): boolean {
  let at = from;
  while (at < json.length && ' \t\r\n'.includes(json.charAt(at))) at += 1;
  return json[at] === ':';
}
