import { jsonText } from '../terminal.ts';

/** JSON that can do nothing to a terminal, and nothing to a page that it is put in between script tags. */
export function inertJson(value: unknown, indent?: number): string {
  return jsonText(value, indent).replace(
    /[<>&]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}
