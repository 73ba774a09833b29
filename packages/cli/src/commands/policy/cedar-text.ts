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
  /** The columns used; null where the action has none. */
  readonly columns: readonly string[] | null;
  /** Views and functions it was reached through; empty when it was named itself. */
  readonly via: readonly string[];
  /** What hidden columns are used for; null where none is used. */
  readonly roles: readonly string[] | null;
}

/** Objects in one policy, at most, so that each stays readable. */
const OBJECTS = 100;
/** Columns, or views, named before an object counts as used as a whole. */
const NAMES = 40;
/** Cedar's own characters in an id would be legal, and a nuisance. */
const NOT_IN_ID = /[^A-Za-z0-9._-]+/g;

/** Policies that permit these uses: one for each set of actions on a type, narrowed to columns and views where it can be. */
export function leastPolicies(prefix: string, whom: Whom, uses: readonly Use[]): string {
  const texts: string[] = [];
  const taken = new Set<string>();
  for (const grant of grouped(uses)) {
    const { actions, type, objects } = grant;
    for (let at = 0; at < objects.length; at += OBJECTS) {
      const parts = [prefix, ...(actions.length <= 3 ? actions : ['use']), type.toLowerCase()];
      const id = freeId(taken, parts.join('-'));
      texts.push(policyText({ ...grant, objects: objects.slice(at, at + OBJECTS), id, whom }));
    }
  }
  return texts.join('\n');
}

/** What a permit is narrowed to; null where it is not. */
interface Narrowing {
  readonly columns: readonly string[] | null;
  readonly via: readonly string[] | null;
  readonly roles: readonly string[] | null;
}

interface Grant extends Narrowing {
  readonly actions: readonly string[];
  readonly type: string;
  readonly objects: readonly string[];
}

/** What one action did to one object: null as soon as one use of it cannot be narrowed. */
interface Gathered {
  columns: Set<string> | null;
  via: Set<string> | null;
  roles: Set<string> | null;
}

/** Objects used in the same way are one grant. */
function grouped(uses: readonly Use[]): readonly Grant[] {
  const byObject = new Map<string, { type: string; actions: Map<string, Gathered> }>();
  for (const { action, type, object, columns, via, roles } of uses) {
    const known = byObject.get(object) ?? { type, actions: new Map<string, Gathered>() };
    const so = known.actions.get(action) ?? fresh();
    so.columns = columns === null || columns.includes('*') ? null : added(so.columns, columns);
    so.via = via.length === 0 ? null : added(so.via, via);
    so.roles = roles === null || roles.includes('*') ? null : added(so.roles, roles);
    known.actions.set(action, so);
    byObject.set(object, known);
  }
  const grants = new Map<string, Grant>();
  for (const [object, { type, actions }] of byObject) {
    for (const alike of alikeIn(actions)) {
      const key = JSON.stringify([type, alike]);
      const objects = [...(grants.get(key)?.objects ?? []), object].sort();
      grants.set(key, { ...alike, type, objects });
    }
  }
  return [...grants.values()].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

function fresh(): Gathered {
  return { columns: new Set(), via: new Set(), roles: new Set() };
}

function added(to: Set<string> | null, names: readonly string[]): Set<string> | null {
  return to === null ? null : new Set([...to, ...names]);
}

function sortKey({ type, objects, actions }: Grant): string {
  return JSON.stringify([type, objects[0], actions]);
}

/** Actions of one object that are narrowed alike. */
function alikeIn(actions: ReadonlyMap<string, Gathered>): readonly (Narrowing & Pick<Grant, 'actions'>)[] {
  const alike = new Map<string, Narrowing & { actions: string[] }>();
  for (const [action, { columns, via, roles }] of [...actions].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const narrowing = { columns: few(columns), via: few(via), roles: few(roles) };
    const key = JSON.stringify(narrowing);
    const known = alike.get(key) ?? { ...narrowing, actions: [] };
    known.actions.push(action);
    alike.set(key, known);
  }
  return [...alike.values()];
}

function few(names: ReadonlySet<string> | null): readonly string[] | null {
  return names === null || names.size > NAMES ? null : [...names].sort();
}

function freeId(taken: Set<string>, wanted: string): string {
  const base = wanted.replace(NOT_IN_ID, '-');
  let id = base;
  for (let number = 2; taken.has(id); number++) id = `${base}-${number}`;
  taken.add(id);
  return id;
}

function policyText(grant: Grant & { readonly id: string; readonly whom: Whom }): string {
  const { id, whom, actions, type, objects, columns, via, roles } = grant;
  const names = actions.map((action) => `Action::${cedarString(action)}`);
  const [one = ''] = names;
  const [only = ''] = objects;
  const action = names.length === 1 ? `action == ${one}` : `action in [${names.join(', ')}]`;
  const resource = objects.length === 1 ? `resource == ${only}` : `resource is ${type}`;
  const conditions = [
    ...conditionOn(whom),
    ...(objects.length === 1 ? [] : [`resource in ${listOf(objects)}`]),
    ...(columns === null ? [] : [conditionOnColumns(actions, columns)]),
    ...(roles === null ? [] : [conditionOnRoles(roles)]),
    ...(via === null ? [] : [`context.via.containsAny(${listOf(via.map(cedarString))})`]),
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

/** Actions whose context always has columns; of others it may, and a policy has to ask first. */
const WITH_COLUMNS = new Set([
  'select',
  'insert',
  'update',
  'delete',
  'lock',
  'copy_in',
  'probe',
  'declassify',
]);

function conditionOnColumns(actions: readonly string[], columns: readonly string[]): string {
  const asked = actions.every((action) => WITH_COLUMNS.has(action)) ? '' : 'context has columns && ';
  // Cedar has no empty set to write: count(*) uses no column.
  if (columns.length === 0) return `${asked}context.columns.isEmpty()`;
  return `${asked}${listOf(columns.map(cedarString))}.containsAll(context.columns)`;
}

function conditionOnRoles(roles: readonly string[]): string {
  if (roles.length === 0) return 'context.roles.isEmpty()';
  return `${listOf(roles.map(cedarString))}.containsAll(context.roles)`;
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
