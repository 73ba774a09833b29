/**
 * Settings whose value decides how the server reads what comes next, or what an evaluation stands for.
 */

/** What setting something means. */
export type SettingEffect =
  | { readonly kind: 'set' }
  | { readonly kind: 'role' }
  | { readonly kind: 'search-path' }
  | { readonly kind: 'refused'; readonly why: string };

/** The values a pinned setting may be given; a text is read by the server under these. */
const PINNED: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    standard_conforming_strings: 'on true yes 1 t y tru ye',
    client_encoding: 'utf8 utf-8 unicode utf_8',
    backslash_quote: 'safe_encoding',
    default_transaction_read_only: 'on true yes 1 t y tru ye',
    transaction_read_only: 'on true yes 1 t y tru ye',
    session_replication_role: 'origin',
    allow_in_place_tablespaces: 'off false no 0',
  }).map(([name, values]) => [name, new Set(values.split(' '))]),
);

/** Settings that name code or files the server would load. */
const LOADS_CODE: ReadonlySet<string> = new Set([
  'local_preload_libraries',
  'session_preload_libraries',
  'shared_preload_libraries',
  'dynamic_library_path',
  'extension_control_path',
  'jit_provider',
]);

/** What setting `name` to `value` means; `value` is null for the default, undefined when it is not a constant. */
export function settingEffect(name: string, value: string | null | undefined): SettingEffect {
  const setting = name.toLowerCase();
  if (setting === 'role' || setting === 'session_authorization') return { kind: 'role' };
  if (setting === 'search_path') return { kind: 'search-path' };
  if (LOADS_CODE.has(setting))
    return { kind: 'refused', why: `setting ${setting} makes the server load code` };
  const pinned = PINNED.get(setting);
  if (pinned === undefined) return { kind: 'set' };
  if (typeof value === 'string' && pinned.has(value.toLowerCase())) return { kind: 'set' };
  const allowed = [...pinned][0];
  return { kind: 'refused', why: `${setting} is pinned for the session and may only be set to ${allowed}` };
}

/** Whether RESET of this setting could leave the pinned value. */
export function isPinned(name: string): boolean {
  return PINNED.has(name.toLowerCase()) || LOADS_CODE.has(name.toLowerCase());
}

/**
 * The schemas in the text of a search_path value (`a, "B"`), as the server splits it, or null when it is malformed.
 * Unquoted names are folded to lower case.
 */
export function splitSearchPath(text: string): readonly string[] | null {
  const schemas: string[] = [];
  let at = 0;
  for (;;) {
    while (/\s/.test(text[at] ?? '')) at += 1;
    if (at >= text.length) return schemas.length === 0 ? schemas : null;
    const start = at;
    if (text[at] === '"') {
      let name = '';
      for (at += 1; ; at += 1) {
        if (at >= text.length) return null;
        if (text[at] !== '"') name += text[at];
        else if (text[at + 1] === '"') {
          name += '"';
          at += 1;
        } else break;
      }
      at += 1;
      schemas.push(name);
    } else {
      while (at < text.length && !/[\s,]/.test(text[at] ?? '')) at += 1;
      if (at === start) return null;
      schemas.push(text.slice(start, at).toLowerCase());
    }
    while (/\s/.test(text[at] ?? '')) at += 1;
    if (at >= text.length) return schemas;
    if (text[at] !== ',') return null;
    at += 1;
    if (text.slice(at).trim() === '') return null;
  }
}
