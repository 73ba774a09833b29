/**
 * What the server says a statement touched, against what we say. Every relation and function the server names must be
 * among our evaluations with an action that covers it, or the statement must be undetermined.
 */
import type { StatementMeaning } from '../../packages/gateway/src/protocols/postgres/statement/index.ts';
import type { LockMode, ServerRelation, Touched, TouchedRelation } from './touched.ts';

export type Agreement =
  /** Every relation and function, and no other. */
  | { readonly kind: 'exactly' }
  /** Everything the server touched, and more. */
  | { readonly kind: 'over'; readonly more: readonly string[] }
  | { readonly kind: 'undetermined'; readonly why: string }
  /** Something the server touched is not among our evaluations: a failure. */
  | { readonly kind: 'missed'; readonly missed: readonly string[] };

/** Something a statement did, and the actions that cover it. */
interface Need {
  readonly what: string;
  readonly places: readonly string[];
  readonly actions: ReadonlySet<string> | 'any';
}

/** Changing what a relation is covers whatever happens to its rows for it: an ALTER may rewrite them all. */
const DEFINING = ['create', 'alter', 'drop', 'truncate', 'maintain'];
/** What the rules below leave out, and why: docs/oracle.md says the same to people. */
const REASONS = {
  own: 'it is the oracle’s own',
  catalog: 'every statement reads and every definition writes the catalogs',
  definition: 'a definition reads how it is made, none of its rows',
  ancestor: 'a partition’s ancestors are looked at for the bounds they give it',
  lookup: 'a built-in function says something of its definition or of this session, none of its rows',
  builtIn: 'a function of the server’s own behind an operator or a cast only computes',
} as const;
export const EXCLUSIONS: Readonly<Record<string, string>> = REASONS;

/** Statements that may read or write rows; any other one only reads how relations are made. */
const ROWS =
  /^[\s(]*(with|select|table|values|insert|update|delete|merge|copy|execute|explain|declare|fetch|call|do|refresh|create\s+(temp(orary)?\s+|unlogged\s+)?table|create\s+materialized|prepare)\b/i;
/** Built-in functions that are given a relation and lock it without reading it, and those of a session's own sequences. */
const LOOKUPS =
  /\b(pg_partition_(tree|ancestors|root)|pg_(total_|table_|indexes_)?(relation_)?size|pg_relation_filenode|pg_relation_filepath|pg_get_\w+|pg_sequence\w*|currval|lastval|pg_filenode_relation|pg_stat_get_\w+|pg_indexam_has_property|pg_index\w*_has_property|row_security_active)\s*\(/i;

const WRITING = ['insert', 'update', 'delete', 'copy_in', 'lock', 'advance', ...DEFINING];

/** What must be among our actions when a lock of this mode is held (PostgreSQL's documentation, "Table-level Locks"). */
const ACTIONS_OF: Readonly<Record<LockMode, ReadonlySet<string> | 'any'>> = {
  AccessShareLock: 'any',
  // SELECT FOR …, and what a foreign key does to the rows it refers to.
  RowShareLock: new Set(WRITING),
  RowExclusiveLock: new Set(WRITING),
  ShareUpdateExclusiveLock: new Set(['lock', 'comment', ...DEFINING]),
  ShareLock: new Set(['lock', ...DEFINING]),
  ShareRowExclusiveLock: new Set(['lock', ...DEFINING]),
  ExclusiveLock: new Set(['lock', ...DEFINING]),
  AccessExclusiveLock: new Set(['lock', ...DEFINING]),
};

/** Why a relation asks for nothing, whatever was done to it, or null. */
function excluded(relation: ServerRelation): string | null {
  if (relation.schema === 'oracle') return REASONS.own;
  const system = relation.schema === 'pg_catalog' || relation.schema === 'information_schema';
  return system && relation.kind !== 'v' ? REASONS.catalog : null;
}

/** Why a lock that read no row asks for nothing in this statement, or null. */
function unread(sql: string, one: TouchedRelation, all: readonly TouchedRelation[]): string | null {
  if (one.scanned > 0 || one.inserted + one.updated + one.deleted > 0) return null;
  const sequence = one.relation.kind === 'S';
  if (LOOKUPS.test(sql) && (sequence || one.modes.at(-1) === 'AccessShareLock')) return REASONS.lookup;
  if (one.modes.at(-1) !== 'AccessShareLock') return null;
  if (!ROWS.test(sql.replaceAll(/--.*|\/\*[\s\S]*?\*\//g, ' '))) return REASONS.definition;
  const below = all.some(({ relation }) => relation.parents.includes(one.relation.oid));
  return below && one.relation.kind === 'p' ? REASONS.ancestor : null;
}

export function compare(
  sql: string,
  meaning: StatementMeaning,
  touched: Touched,
  relationOf: (oid: number) => ServerRelation | undefined,
): Agreement {
  if (meaning.undetermined !== null) return { kind: 'undetermined', why: meaning.undetermined };
  const ours = new Evaluated(meaning);
  const needs = needsOf(sql, touched, relationOf);
  const missed = needs.filter((need) => !ours.covers(need)).map(({ what }) => what);
  if (missed.length > 0) return { kind: 'missed', missed: [...new Set(missed)] };
  const more = ours.beyond(needs);
  return more.length === 0 ? { kind: 'exactly' } : { kind: 'over', more };
}

function needsOf(
  sql: string,
  touched: Touched,
  relationOf: (oid: number) => ServerRelation | undefined,
): readonly Need[] {
  const needs: Need[] = [];
  for (const one of touched.relations) {
    if (unread(sql, one, touched.relations) === null) needs.push(...needsOfRelation(sql, one, relationOf));
  }
  for (const name of touched.functions.filter((one) => !one.startsWith('pg_catalog.'))) {
    needs.push({ what: `call ${shown(name)}`, places: [shown(name)], actions: new Set(['call']) });
  }
  for (const definition of touched.definitions) needs.push(...needsOfDefinition(definition));
  return needs;
}

const ROUTINES = new Set(['function', 'procedure', 'aggregate']);
/** Parts of a relation: what becomes of the relation is told by its lock. */
const PARTS =
  /^(index|toast table|table column|table constraint|default value|trigger|rule|policy|sequence|table|view|materialized view|foreign table|statistics object)$/;
const DEFINES = new Set(['create', 'alter', 'drop', 'grant', 'comment', 'load_code', 'foreign_server']);

/** Of what an event trigger saw: functions by name, anything else by its schema. */
function needsOfDefinition(definition: string): readonly Need[] {
  const [tag = '', type = '', schema = '', identity = '', original = ''] = definition.split('|');
  if (tag === 'COMMENT' || tag === 'GRANT' || tag === 'REVOKE' || PARTS.test(type)) return [];
  // The type of a relation's rows goes with the relation, whose own lock is looked at.
  if (type === 'type' && original === 'f') return [];
  const what = `${tag.toLowerCase()} of ${type}`;
  const place = `${shown(schema)}.`;
  if (!ROUTINES.has(type)) return [{ what: `${what} ${identity}`, places: [place], actions: DEFINES }];
  const name = /^(?:"(?:[^"]|"")*"|[^."]+)\.("(?:[^"]|"")*"|[^("]+)\(/.exec(identity)?.[1] ?? '';
  const plain = name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
  return [{ what: `${what} ${identity}`, places: [place + plain], actions: DEFINES }];
}

function needsOfRelation(
  sql: string,
  touched: TouchedRelation,
  relationOf: (oid: number) => ServerRelation | undefined,
): readonly Need[] {
  const { relation, inserted, updated, deleted } = touched;
  if (excluded(relation) !== null) return [];
  // An index and a TOAST table are part of their table; so is a sequence that a column owns.
  let owner = relation.owner === null ? undefined : relationOf(relation.owner);
  if (owner?.owner !== null && owner?.owner !== undefined) owner = relationOf(owner.owner);
  if (owner !== undefined && excluded(owner) !== null) return [];
  if (relation.kind === 't' && owner === undefined) return [];
  // A composite type is a relation inside; it is judged as any other type: by its schema.
  if (relation.kind === 'c')
    return [{ what: `type ${nameOf(relation)}`, places: [`${shown(relation.schema)}.`], actions: DEFINES }];
  const places = [owner, relation, touched.formerly]
    .filter((one) => one !== undefined && one !== null)
    .map(nameOf);
  const mode = touched.modes.at(-1);
  const needs: Need[] = [];
  const add = (what: string, actions: ReadonlySet<string> | 'any'): void => {
    needs.push({ what: `${what} ${nameOf(owner ?? relation)}`, places, actions });
  };
  // An owner's index is locked as its table is planned, whatever becomes of it.
  if (mode !== undefined) {
    add(mode.replace(/Lock$/, ''), owner === undefined ? coveringOf(sql, mode) : 'any');
  }
  // An UPDATE that moves a row to another partition is a DELETE here and an INSERT there.
  const moved = relation.partition ? ['update'] : [];
  if (inserted > 0 && owner === undefined)
    add('inserted', new Set(['insert', 'copy_in', ...moved, ...DEFINING]));
  if (updated > 0 && owner === undefined) add('updated', new Set(['update', ...DEFINING]));
  if (deleted > 0 && owner === undefined) add('deleted', new Set(['delete', ...moved, ...DEFINING]));
  if (needs.length === 0) add('scanned', 'any');
  return needs;
}

/**
 * Three things lock more than they do: a MERGE whose every action is DO NOTHING, publishing, which reads, and the look
 * a foreign key has at the row it refers to.
 */
function coveringOf(sql: string, mode: LockMode): ReadonlySet<string> | 'any' {
  const actions = ACTIONS_OF[mode];
  const milder =
    (mode === 'RowShareLock' && !/\bfor\s+(no\s+key\s+|key\s+)?(update|share)\b|\block\b/i.test(sql)) ||
    (mode === 'RowExclusiveLock' && /\bmerge\b/i.test(sql)) ||
    (mode === 'ShareUpdateExclusiveLock' && /\bpublication\b/i.test(sql));
  return milder && actions !== 'any' ? new Set([...actions, 'select']) : actions;
}

function nameOf({ schema, name }: ServerRelation): string {
  return `${shown(schema)}.${name}`;
}

function shown(name: string): string {
  return name.replace(/^pg_temp_\d+/, 'pg_temp');
}

/** Our evaluations, asked by name. */
class Evaluated {
  readonly #actions = new Map<string, Set<string>>();
  /** What is done to a whole schema, or to the database, by schema; the empty name is the database. */
  readonly #whole = new Map<string, Set<string>>();

  constructor(meaning: StatementMeaning) {
    for (const { action, resource } of meaning.evaluations) {
      const [, schema = '', name = ''] = resource.path;
      const named = resource.type === 'Table' || resource.type === 'Sequence' || resource.type === 'Function';
      if (named && name !== '*') add(this.#actions, `${schema}.${name}`, action);
      else if (named) add(this.#whole, schema === '*' ? '' : schema, action);
      else if (resource.type === 'Schema' || resource.type === 'Database') add(this.#whole, schema, action);
      else add(this.#whole, '', action);
    }
  }

  covers({ places, actions }: Need): boolean {
    for (const place of places) {
      if (place.endsWith('.') && this.#defines(place)) return true;
      // A view over a temporary relation is temporary too, wherever it was to be made.
      if (place.startsWith('pg_temp.') && this.#creates(place.slice('pg_temp'.length))) return true;
      const whole = [this.#whole.get(place.split('.')[0] ?? ''), this.#whole.get('')];
      const said = [...(this.#actions.get(place) ?? [])];
      const wide = whole.flatMap((one) => [...(one ?? [])]).filter((action) => WIDE.has(action));
      const all = [...said, ...wide];
      if (actions === 'any' ? all.length > 0 : all.some((action) => actions.has(action))) return true;
    }
    return false;
  }

  /** Whether anything of this schema is defined; where there is no schema, anything at all. */
  #defines(place: string): boolean {
    const named = [...this.#actions].filter(([name]) => place === '.' || name.startsWith(place));
    const whole = [...this.#whole].filter(([name]) => place === '.' || `${name}.` === place || name === '');
    return [...named, ...whole].some(([, actions]) => [...actions].some((action) => DEFINES.has(action)));
  }

  #creates(name: string): boolean {
    return [...this.#actions].some(([place, actions]) => place.endsWith(name) && actions.has('create'));
  }

  /** Relations and functions we name and the server did not touch. */
  beyond(needs: readonly Need[]): readonly string[] {
    const touched = new Set(needs.flatMap(({ places }) => places));
    return [...this.#actions.keys()].filter(
      (name) => !touched.has(name) && !/^(pg_catalog|information_schema)\./.test(name),
    );
  }
}

/** Of a whole schema or database, these alone are said of everything in it. */
const WIDE = new Set(['select', 'insert', 'update', 'delete', 'drop', 'maintain']);

function add(into: Map<string, Set<string>>, key: string, value: string): void {
  into.set(key, (into.get(key) ?? new Set<string>()).add(value));
}
