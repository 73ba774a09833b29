/** From the rows of the catalog query to a snapshot. */
import { builtInEffect } from './builtin-functions.ts';
import type {
  CatalogOperator,
  CatalogRelation,
  CatalogRoutine,
  CatalogSnapshot,
  FunctionRef,
} from './catalog.ts';
import { type RelationDraft, readBehaviour } from './catalog-behaviour.ts';
import { CatalogMentions } from './catalog-mentions.ts';
import { array, body, functionsIn, numbers, type Row, string, strings, versionOf } from './catalog-rows.ts';
import { activeTypes, readTypes } from './catalog-types.ts';
import { onlyComputes, RANGE_CONSTRUCTOR } from './known-extensions.ts';
import { splitSearchPath } from './settings.ts';
import { originsOf } from './view-origins.ts';

/** How the rows of a snapshot were had. */
export interface Loading {
  readonly digest: string;
  /** Kinds of rows that could not be had. */
  readonly unread: ReadonlySet<string>;
  readonly partial: boolean;
}

/** OIDs below are of what initdb made (FirstNormalObjectId, access/transam.h). */
export const FIRST_OWN = 16_384;

const WHOLE: Loading = { digest: '', unread: new Set(), partial: false };

/** The snapshot of rows as CATALOG_SQL returns them. */
export function snapshotOf(
  rows: readonly Row[],
  version: number,
  { digest, unread, partial }: Loading = WHOLE,
): CatalogSnapshot {
  const { schemas, searchPath, names, operators } = readNames(rows);
  const relations = readRelations(rows);
  const routines = readRoutines(rows);
  /** Whether somebody could have written what runs: known extensions only compute. */
  const runs = (oid: FunctionRef): boolean => {
    if (typeof oid === 'string') return builtInEffect(oid) !== undefined;
    const routine = routines.get(oid);
    if (routine === undefined) return true;
    if (RANGE_CONSTRUCTOR.test(routine.internal)) return false;
    const known = routine.extension !== null && onlyComputes(routine.extension, routine.name);
    return !(known && (routine.language === 'c' || routine.language === 'internal'));
  };
  readBehaviour(rows, relations, runs);
  const byName = new Map<string, Map<string, CatalogRelation>>();
  const byOid = new Map<number, CatalogRelation>();
  for (const draft of relations.values()) {
    const relation = finished(draft, relations);
    byOid.set(draft.oid, relation);
    const named = byName.get(draft.schema) ?? new Map<string, CatalogRelation>();
    byName.set(draft.schema, named.set(draft.name, relation));
  }
  const routinesByName = indexRoutines(routines);
  const { types, ownOperators, castRoutines } = readTypes(rows, relations, runs);
  const readers = readersOf(relations, byOid);
  const own = [...byOid.values()].filter(({ oid }) => oid >= FIRST_OWN);
  const mentions = new CatalogMentions(own, [...routines.values()]);
  return {
    version,
    digest,
    schemas,
    declares: rows.some(([what]) => what === 'm'),
    searchPath,
    unread,
    partial,
    definitions: definitionsIn(rows),
    relation: (schema, name) => byName.get(schema)?.get(name),
    relationByOid: (oid) => byOid.get(oid),
    contents: (schema) => ({
      relations: [...(byName.get(schema)?.values() ?? [])],
      routines: [...names].filter(([, where]) => where.has(schema)).map(([name]) => name),
      types: [...types].flatMap(([oid, type]) => (type.schema === schema ? [oid] : [])),
    }),
    ownRelations: () => own,
    usersOfType: (type) => mentions.ofType(type),
    madeWith: (schema, name) => mentions.of(schema, name),
    readersOf: (oid) => readers.get(oid) ?? [],
    hasRoutine: (schema, name) => names.get(name)?.has(schema) === true,
    hasOwnRoutine: (name) => {
      const where = names.get(name);
      return where !== undefined && (where.size > 1 || !where.has('pg_catalog') || routinesByName.has(name));
    },
    routines: (schema, name) => routinesByName.get(name)?.filter((one) => one.schema === schema) ?? [],
    routineByOid: (oid) => routines.get(oid),
    activeTypes: activeTypes(types, relations),
    typesNamed: (name) => [...types.values()].filter((type) => type.name === name),
    hasOperator: (schema, name) => operators.has(`${schema}.${name}`),
    ownOperators: operatorsByName(ownOperators),
    castRoutines,
    operatorClasses: operatorsByName(operatorClasses(rows, runs)),
    computedIndexes: [...byOid.values()].filter(
      ({ behaviour }) => (behaviour?.indexes.length ?? 0) > 0 || (behaviour?.indexRoutines.length ?? 0) > 0,
    ),
    eventTriggers: rows.flatMap(([what, a]) => (what === 'E' ? [eventTrigger(a ?? '')] : [])),
  };
}

interface ReadNames {
  readonly schemas: ReadonlySet<string>;
  readonly searchPath: readonly string[];
  /** Schemas by the name of a function in them. */
  readonly names: ReadonlyMap<string, ReadonlySet<string>>;
  /** Operators, as `schema.name`: no operator has a dot in its name. */
  readonly operators: ReadonlySet<string>;
}

function readNames(rows: readonly Row[]): ReadNames {
  const schemas = new Set<string>();
  const names = new Map<string, Set<string>>();
  const operators = new Set<string>();
  let searchPath: readonly string[] = [];
  for (const [what, a = '', b = '', c = ''] of rows) {
    if (what === 's') schemas.add(b);
    else if (what === 'p') searchPath = splitSearchPath(a) ?? [];
    else if (what === 'o') operators.add(`${b}.${c}`);
    else if (what === 'f') names.set(c, (names.get(c) ?? new Set<string>()).add(b));
  }
  return { schemas, searchPath, names, operators };
}

/** Definitions by their version, but for those that could not be had. */
function definitionsIn(rows: readonly Row[]): ReadonlyMap<string, Row> {
  const definitions = new Map<string, Row>();
  for (const row of rows) {
    const version = versionOf(row);
    if (version !== null && row[1]?.includes('"?"') !== true) definitions.set(version, row);
  }
  return definitions;
}

function readRelations(rows: readonly Row[]): Map<number, RelationDraft> {
  const relations = new Map<number, RelationDraft>();
  for (const [what, a = '', b = '', c = '', d = '', e = '', f = ''] of rows) {
    if (what !== 'r') continue;
    const oid = Number(a);
    const counted = Number(e);
    relations.set(oid, {
      oid,
      schema: b,
      name: c,
      kind: d,
      rows: counted >= 0 ? counted : null,
      columns: [],
      types: [],
      parents: [],
      children: [],
      reads: [],
      origins: null,
      rowType: Number(f.replace('x', '')),
      declared: new Map(),
    });
  }
  for (const [what = '', a = '', b = '', c = '', , e = ''] of rows) {
    const relation = 'aidjm'.includes(what) ? relations.get(Number(a)) : undefined;
    if (relation === undefined) continue;
    if (what === 'a') {
      relation.columns[Number(b) - 1] = c === '' ? null : c;
      if (e !== '') relation.types[Number(b) - 1] = Number(e);
    } else if (what === 'm') relation.declared.set(Number(b), c);
    else if (what === 'j') relation.table = Number(b);
    else if (what === 'i') {
      relation.parents.push(Number(b));
      const parent = relations.get(Number(b));
      parent?.children.push(Number(a));
      if (c === 'd' && parent !== undefined) parent.defaultPartition = Number(a);
    } else relation.reads.push({ oid: Number(b), attribute: Number(c) });
  }
  return relations;
}

function finished(draft: RelationDraft, relations: ReadonlyMap<number, RelationDraft>): CatalogRelation {
  const { oid, schema, name, kind, parents, children, rows, behaviour, defaultPartition, rowType } = draft;
  const columns = Array.from(draft.columns, (column) => column ?? null);
  const origins = originsOf(draft, relations, new Set());
  const own = {
    ...(behaviour === undefined ? {} : { behaviour }),
    ...(draft.types.length === 0 ? {} : { types: Array.from(draft.types, (type) => type ?? 0) }),
    ...(draft.table === undefined ? {} : { table: draft.table }),
    ...(defaultPartition === undefined ? {} : { defaultPartition }),
    ...(rowType > 0 ? { rowType } : {}),
    ...(draft.declared.size > 0 ? { declared: declaredIn(draft) } : {}),
  };
  return { oid, schema, name, kind, columns, parents, children, origins, rows, ...own };
}

function declaredIn({ declared, columns }: RelationDraft): ReadonlyMap<string, string> {
  const byName = new Map<string, string>();
  for (const [attribute, dataClass] of declared) {
    const column = columns[attribute - 1];
    if (typeof column === 'string') byName.set(column, dataClass);
  }
  return byName;
}

function readersOf(
  relations: ReadonlyMap<number, RelationDraft>,
  byOid: ReadonlyMap<number, CatalogRelation>,
): ReadonlyMap<number, readonly CatalogRelation[]> {
  const readers = new Map<number, CatalogRelation[]>();
  for (const draft of relations.values()) {
    const reader = byOid.get(draft.oid);
    if (reader === undefined) continue;
    for (const oid of new Set(draft.reads.map((read) => read.oid))) {
      readers.set(oid, [...(readers.get(oid) ?? []), reader]);
    }
  }
  return readers;
}

const VOLATILITY = { i: 'immutable', s: 'stable', v: 'volatile' } as const;

function readRoutines(rows: readonly Row[]): Map<number, CatalogRoutine> {
  const routines = new Map<number, CatalogRoutine>();
  for (const [what, a = ''] of rows) {
    if (what !== 'F') continue;
    const row = array(a);
    const [oid, schema, name, language, volatility, definer, settings, extension, standard, code] = row;
    const kind = language === 'plpgsql' ? 'plpgsql' : standard === true ? 'sql-routine' : 'statements';
    routines.set(Number(oid), {
      oid: Number(oid),
      schema: string(schema),
      name: string(name),
      language: string(language),
      volatility: VOLATILITY[string(volatility) as keyof typeof VOLATILITY] ?? 'volatile',
      definer: definer === null ? null : string(definer),
      settings: strings(settings),
      extension: extension === null ? null : string(extension),
      body: body(kind, code),
      internal: string(row[13]),
      takesRow: row[14] !== false,
      defaults: body('expression', row[10]),
      types: numbers(row[11]),
      parts: functionsIn(row[12]),
    });
  }
  return routines;
}

function indexRoutines(routines: ReadonlyMap<number, CatalogRoutine>): Map<string, CatalogRoutine[]> {
  const named = new Map<string, CatalogRoutine[]>();
  for (const routine of routines.values()) {
    const all = named.get(routine.name);
    if (all === undefined) named.set(routine.name, [routine]);
    else all.push(routine);
  }
  return named;
}

function operatorsByName(
  operators: readonly CatalogOperator[],
): ReadonlyMap<string, readonly CatalogOperator[]> {
  const named = new Map<string, CatalogOperator[]>();
  for (const one of operators) named.set(one.name, [...(named.get(one.name) ?? []), one]);
  return named;
}

function operatorClasses(
  rows: readonly Row[],
  runs: (routine: FunctionRef) => boolean,
): readonly CatalogOperator[] {
  return rows.flatMap(([what, a = '']) => {
    if (what !== 'L') return [];
    const [schema, name, routines] = array(a);
    return functionsIn(routines)
      .filter(runs)
      .map((routine) => ({ schema: string(schema), name: string(name), routine }));
  });
}

function eventTrigger(json: string): CatalogSnapshot['eventTriggers'][number] {
  const [name, routine, disabled] = array(json);
  return { name: string(name), routine: Number(routine), disabled: disabled === true };
}
