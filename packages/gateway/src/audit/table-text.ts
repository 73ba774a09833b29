/** Stands for tables that are not named: more than fit, or any there is. A search for any table finds it. */
export const ANY_TABLE = '*';

/** Most characters of table names in one entry: an entry has a largest size, and whoever writes SQL chooses the names. */
const TABLES_CHARACTERS = 65_536;

/** A table as entries have it: `database.schema.table`, where a name that holds a dot or a quote is in double quotes. */
export function tableText(path: readonly string[]): string {
  return path.map((name) => (/[."]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)).join('.');
}

/** Distinct tables as an entry has them. What does not fit is `*`: left out, but never out of sight. */
export function tablesText(paths: Iterable<readonly string[]>): readonly string[] {
  const texts = new Set<string>();
  let characters = 0;
  for (const path of paths) {
    const text = tableText(path);
    if (texts.has(text)) continue;
    characters += text.length;
    if (characters > TABLES_CHARACTERS) {
      texts.add(ANY_TABLE);
      break;
    }
    texts.add(text);
  }
  return [...texts];
}

/** The parts of such a text. Never fails: a quote that is not closed ends with the text. Linear time. */
export function tableParts(text: string): readonly string[] {
  if (!text.includes('"')) return text.split('.');
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"' && quoted && text[at + 1] === '"') {
      part += '"';
      at += 1;
    } else if (character === '"') quoted = !quoted;
    else if (character === '.' && !quoted) {
      parts.push(part);
      part = '';
    } else part += character;
  }
  parts.push(part);
  return parts;
}
