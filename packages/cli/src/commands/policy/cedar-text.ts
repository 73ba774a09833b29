/** Least-privilege policies as Cedar text. Names in them come from targets and clients: everything is quoted. */

/** Whom a policy is for. */
export type Whom =
  | { readonly kind: 'actor'; readonly name: string }
  | { readonly kind: 'subject'; readonly name: string }
  | { readonly kind: 'group'; readonly name: string };

/** Something that was done, or would be, to one object. */
export interface Use {
  readonly action: string;
  /** The entity type of the object, such as `Table`. */
  readonly type: string;
  /** As policies name it: `Table::"prod/shop/public/orders"`. */
  readonly object: string;
  /** The columns used, where the action has columns and all could be told. */
  readonly columns: readonly string[] | null;
}

/** Objects in one policy, at most, so that each stays readable. */
const OBJECTS = 100;
/** Columns named before a table counts as used as a whole. */
const COLUMNS = 40;
/** Cedar's own characters in an id would be legal, and a nuisance. */
const NOT_IN_ID = /[^A-Za-z0-9._-]+/g;

/** Policies that permit exactly these uses: one for each set of actions on a type, narrowed to columns where it can be. */
export function leastPolicies(prefix: string, whom: Whom, uses: readonly Use[]): string {
  const texts: string[] = [];
  const taken = new Set<string>();
  for (const { actions, type, objects, columns } of grouped(uses)) {
    for (let at = 0; at < objects.length; at += OBJECTS) {
      const some = objects.slice(at, at + OBJECTS);
      const id = freeId(
        taken,
        [prefix, ...(actions.length <= 3 ? actions : ['use']), type.toLowerCase()].join('-'),
      );
      texts.push(policyText({ id, whom, actions, type, objects: some, columns }));
    }
  }
  return texts.join('\n');
}

interface Grant {
  readonly actions: readonly string[];
  readonly type: string;
  readonly objects: readonly string[];
  readonly columns: readonly string[] | null;
}

/** Objects used in the same way are one grant; with columns each object is its own. */
function grouped(uses: readonly Use[]): readonly Grant[] {
  const byObject = new Map<string, { type: string; actions: Map<string, Set<string> | null> }>();
  for (const { action, type, object, columns } of uses) {
    const known = byObject.get(object) ?? { type, actions: new Map<string, Set<string> | null>() };
    const so = known.actions.get(action);
    if (columns === null || columns.includes('*') || so === null) known.actions.set(action, null);
    else known.actions.set(action, new Set([...(so ?? []), ...columns]));
    byObject.set(object, known);
  }
  const grants = new Map<string, Grant>();
  for (const [object, { type, actions }] of byObject) {
    for (const { actions: alike, columns } of alikeIn(actions)) {
      const key = JSON.stringify([type, alike, columns]);
      const objects = [...(grants.get(key)?.objects ?? []), object].sort();
      grants.set(key, { actions: alike, type, objects, columns });
    }
  }
  return [...grants.values()].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

function sortKey({ type, objects, actions }: Grant): string {
  return JSON.stringify([type, objects[0], actions]);
}

/** Actions of one object that may use the same columns. */
function alikeIn(
  actions: ReadonlyMap<string, Set<string> | null>,
): readonly Pick<Grant, 'actions' | 'columns'>[] {
  const alike = new Map<string, { actions: string[]; columns: readonly string[] | null }>();
  for (const [action, used] of [...actions].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const columns = used === null || used.size > COLUMNS ? null : [...used].sort();
    const key = JSON.stringify(columns);
    const known = alike.get(key) ?? { actions: [], columns };
    known.actions.push(action);
    alike.set(key, known);
  }
  return [...alike.values()];
}

function freeId(taken: Set<string>, wanted: string): string {
  const base = wanted.replace(NOT_IN_ID, '-');
  let id = base;
  for (let number = 2; taken.has(id); number++) id = `${base}-${number}`;
  taken.add(id);
  return id;
}

function policyText({
  id,
  whom,
  actions,
  type,
  objects,
  columns,
}: Grant & { id: string; whom: Whom }): string {
  const names = actions.map((action) => `Action::${cedarString(action)}`);
  const [one = ''] = names;
  const [only = ''] = objects;
  const action = names.length === 1 ? `action == ${one}` : `action in [${names.join(', ')}]`;
  const resource = objects.length === 1 ? `resource == ${only}` : `resource is ${type}`;
  const conditions = [
    ...conditionOn(whom),
    ...(objects.length === 1 ? [] : [`resource in ${listOf(objects)}`]),
    ...(columns === null ? [] : [`${listOf(columns.map(cedarString))}.containsAll(context.columns)`]),
  ];
  const lines = [
    `@id(${cedarString(id)})`,
    'permit (',
    `  ${principalOf(whom)},`,
    `  ${action},`,
    `  ${resource}`,
    `)${conditions.length === 0 ? ';' : ''}`,
    ...conditions.map((text, at) => `when { ${text} }${at === conditions.length - 1 ? ';' : ''}`),
  ];
  return `${lines.join('\n')}\n`;
}

function principalOf(whom: Whom): string {
  if (whom.kind === 'actor') return 'principal';
  const type = whom.kind === 'subject' ? 'principal == Subject' : 'principal in Group';
  return `${type}::${cedarString(whom.name)}`;
}

function conditionOn(whom: Whom): readonly string[] {
  if (whom.kind !== 'actor') return [];
  return [`context has actor && context.actor == ${cedarString(whom.name)}`];
}

function listOf(items: readonly string[]): string {
  const line = `[${items.join(', ')}]`;
  return line.length <= 80 ? line : `[\n    ${items.join(',\n    ')}\n  ]`;
}

/** A string as Cedar writes it: its escapes are those of Rust. */
export function cedarString(text: string): string {
  const escaped = text.replace(/["\\]|[^\x20-\x7e]/gu, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`;
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
  return `"${escaped}"`;
}
