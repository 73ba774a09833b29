/**
 * Which definitions name what: for CASCADE, which takes along what is made with something that is dropped. Asked for by
 * few statements, so it is put together when it is asked for the first time.
 */
import type { CatalogDependents, CatalogRelation, CatalogRoutine } from './catalog.ts';
import type { BodyText } from './meaning.ts';

interface Found {
  readonly relations: Set<CatalogRelation>;
  readonly routines: Set<CatalogRoutine>;
}

const NOTHING: CatalogDependents = { relations: new Set(), routines: new Set() };
/** The server writes names with their schema: `schema.name`, `schema.+`. In a string for something else it counts as well. */
const QUALIFIED = /("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)\.("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)?/gu;

export class CatalogMentions {
  readonly #relations: Iterable<CatalogRelation>;
  readonly #routines: Iterable<CatalogRoutine>;
  #named: ReadonlyMap<string, Found> | null = null;
  #typed: ReadonlyMap<number, Found> | null = null;

  constructor(relations: Iterable<CatalogRelation>, routines: Iterable<CatalogRoutine>) {
    this.#relations = relations;
    this.#routines = routines;
  }

  /** What is defined with something of this name, or with anything in the schema. */
  of(schema: string, name: string | null): CatalogDependents {
    this.#named ??= this.#names();
    return this.#named.get(keyOf(schema, name)) ?? NOTHING;
  }

  /** Relations with columns of this type, and functions with arguments or results of it. */
  ofType(type: number): CatalogDependents {
    this.#typed ??= this.#types();
    return this.#typed.get(type) ?? NOTHING;
  }

  #names(): ReadonlyMap<string, Found> {
    const named = new Map<string, Found>();
    for (const relation of this.#relations)
      for (const key of keysIn(bodiesOf(relation))) at(named, key).relations.add(relation);
    for (const routine of this.#routines) {
      // What a body in a string names the server does not know, nor takes it along.
      const code = routine.body?.kind === 'sql-routine' ? routine.body : null;
      for (const key of keysIn([code, routine.defaults])) at(named, key).routines.add(routine);
    }
    return named;
  }

  #types(): ReadonlyMap<number, Found> {
    const typed = new Map<number, Found>();
    for (const relation of this.#relations)
      for (const oid of relation.behaviour?.types ?? []) at(typed, oid).relations.add(relation);
    for (const routine of this.#routines)
      for (const oid of routine.types) at(typed, oid).routines.add(routine);
    return typed;
  }
}

function at<Key>(all: Map<Key, Found>, key: Key): Found {
  const known = all.get(key);
  if (known !== undefined) return known;
  const found = { relations: new Set<CatalogRelation>(), routines: new Set<CatalogRoutine>() };
  all.set(key, found);
  return found;
}

function bodiesOf({ behaviour: own }: CatalogRelation): readonly (BodyText | null)[] {
  if (own === undefined) return [];
  return [
    own.definition,
    ...[own.defaults, own.stored, own.virtual, own.checks, own.indexes, own.statistics].flat(),
    ...[...own.rules, ...own.policies].map(({ body }) => body),
    ...own.triggers.map(({ condition }) => condition),
  ];
}

function keysIn(bodies: readonly (BodyText | null)[]): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const body of bodies) {
    for (const [, schema = '', name] of body?.text.matchAll(QUALIFIED) ?? []) {
      keys.add(keyOf(unquoted(schema), null));
      if (name !== undefined) keys.add(keyOf(unquoted(schema), unquoted(name)));
    }
  }
  return keys;
}

function keyOf(schema: string, name: string | null): string {
  return JSON.stringify([schema, name]);
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
