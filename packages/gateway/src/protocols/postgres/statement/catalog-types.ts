/** Types that run something when a value of them is made, compared or converted. */
import type { CatalogOperator, FunctionRef, TypeBehaviour } from './catalog.ts';
import type { RelationDraft } from './catalog-behaviour.ts';
import { array, body, functionsIn, type Row, string } from './catalog-rows.ts';
import type { BodyText } from './meaning.ts';

/** A type that is not the server's own, as read. */
export interface TypeDraft {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** Types a value of it is made of: the base of a domain, the elements, the subtype of a range. */
  readonly inside: number[];
  /** The composite's columns, by the relation that has them. */
  readonly relation: number;
  readonly array: number;
  readonly routines: Set<FunctionRef>;
  readonly checks: BodyText[];
}

export interface ReadTypes {
  readonly types: ReadonlyMap<number, TypeDraft>;
  readonly ownOperators: readonly CatalogOperator[];
  readonly castRoutines: readonly FunctionRef[];
}

export function readTypes(
  rows: readonly Row[],
  relations: ReadonlyMap<number, RelationDraft>,
  runs: (routine: FunctionRef) => boolean,
): ReadTypes {
  const types = new Map<number, TypeDraft>();
  for (const [what, a = ''] of rows) {
    if (what === 'Y') {
      const type = typeOf(array(a), runs);
      types.set(type.oid, type);
    }
  }
  // A row of a table is a value of a type as well.
  for (const { oid, schema, name, rowType, behaviour } of relations.values()) {
    if (rowType === 0 || (behaviour?.types.length ?? 0) === 0 || types.has(rowType)) continue;
    const row = {
      schema,
      name,
      inside: [],
      relation: oid,
      array: 0,
      routines: new Set<FunctionRef>(),
      checks: [],
    };
    types.set(rowType, { oid: rowType, ...row });
  }
  const ownOperators: CatalogOperator[] = [];
  const castRoutines: FunctionRef[] = [];
  const bind = (routine: FunctionRef, ...bound: readonly number[]): boolean => {
    const known = bound.map((oid) => types.get(oid)).filter((type) => type !== undefined);
    for (const type of known) type.routines.add(routine);
    return known.length > 0;
  };
  for (const [what, a = ''] of rows) {
    if (what === 'O') {
      const [schema, name, left, right, routines] = array(a);
      for (const routine of functionsIn(routines).filter(runs)) {
        if (!bind(routine, Number(left), Number(right)))
          ownOperators.push({ schema: string(schema), name: string(name), routine });
      }
    } else if (what === 'Z' || what === 'A') {
      const [source, target, routines] = array(a);
      for (const routine of functionsIn(routines).filter(runs)) {
        if (!bind(routine, Number(source), Number(target)) && what === 'Z') castRoutines.push(routine);
      }
    } else if (what === 'C') {
      const [, domain, text] = array(a);
      const check = body('expression', text);
      if (check !== null) types.get(Number(domain))?.checks.push(check);
    }
  }
  return { types, ownOperators, castRoutines };
}

function typeOf(row: readonly unknown[], runs: (routine: FunctionRef) => boolean): TypeDraft {
  const [oid, schema, name, , base, element, arrayOid, relation, subtype, routines, fallback] = row;
  const inside = [base, element, subtype].map(Number).filter((one) => one !== 0);
  const supplied = body('expression', fallback);
  return {
    oid: Number(oid),
    schema: string(schema),
    name: string(name),
    inside,
    relation: Number(relation),
    array: Number(arrayOid),
    routines: new Set(functionsIn(routines).filter(runs)),
    checks: supplied === null ? [] : [supplied],
  };
}

/** By type, everything that is run for a value of it, what is inside it included. Arrays are under their own OID. */
export function activeTypes(
  types: ReadonlyMap<number, TypeDraft>,
  relations: ReadonlyMap<number, RelationDraft>,
): ReadonlyMap<number, readonly TypeBehaviour[]> {
  const active = new Map<number, readonly TypeBehaviour[]>();
  const byArray = new Map([...types.values()].map((type) => [type.array, type]));
  const find = (oid: number) => types.get(oid) ?? byArray.get(oid);
  for (const type of types.values()) {
    const behaviours = [...inside(type, find, relations)]
      .filter(({ routines, checks }) => routines.size > 0 || checks.length > 0)
      .map(({ schema, name, routines, checks }) => ({ schema, name, routines: [...routines], checks }));
    if (behaviours.length === 0) continue;
    active.set(type.oid, behaviours);
    if (type.array !== 0) active.set(type.array, behaviours);
  }
  return active;
}

/** The type and all that a value of it can be made of. */
function inside(
  type: TypeDraft,
  find: (oid: number) => TypeDraft | undefined,
  relations: ReadonlyMap<number, RelationDraft>,
): ReadonlySet<TypeDraft> {
  const all = new Set([type]);
  // A set is walked in order, what is added on the way included.
  for (const one of all) {
    const columns = relations.get(one.relation)?.behaviour?.types ?? [];
    for (const oid of [...one.inside, ...columns]) {
      const inner = find(oid);
      if (inner !== undefined) all.add(inner);
    }
  }
  return all;
}
