/** DROP SCHEMA … CASCADE: what is in the schema goes, and whatever elsewhere is made with something in it. */
import type { CatalogDependents, CatalogRelation } from './catalog.ts';
import { type Frame, type Resolving, through } from './frame.ts';

export function schemaDropped(resolving: Resolving, frame: Frame, schema: string): void {
  const { catalog, findings } = resolving;
  const { relations, routines, types } = catalog.contents(schema);
  for (const relation of relations) resolving.access(frame, schema, relation, 'drop', true);
  for (const name of routines) findings.evaluate('drop', [schema], 'Function', schema, name);
  for (const type of types) takenAlong(resolving, frame, schema, catalog.usersOfType(type));
  takenAlong(resolving, frame, schema, catalog.madeWith(schema, null));
  const inside = (oid: number) => catalog.routineByOid(oid)?.schema === schema;
  for (const relation of catalog.ownRelations()) {
    const own = relation.behaviour;
    if (own === undefined || relation.schema === schema) continue;
    if (own.triggers.some(({ routine }) => inside(routine)) || own.indexRoutines.some(inside))
      findings.evaluate('alter', [schema], 'Table', relation.schema, relation.name);
  }
}

/**
 * Views and functions go with what they are made with; a table only loses a column, default, constraint, index, trigger,
 * rule or policy.
 */
export function takenAlong(
  resolving: Resolving,
  frame: Frame,
  owner: string,
  { relations, routines }: CatalogDependents,
): void {
  const via = through(frame.via, owner);
  for (const relation of relations) {
    const { schema, name } = relation;
    if (schema === owner) continue;
    if (isView(relation)) resolving.access(frame, owner, relation, 'drop', true);
    else if (resolving.step(via, 'altered', relation.oid))
      resolving.findings.evaluate('alter', via, 'Table', schema, name);
  }
  for (const { schema, name } of routines)
    if (schema !== owner) resolving.findings.evaluate('drop', via, 'Function', schema, name);
}

export function isView({ kind }: CatalogRelation): boolean {
  return kind === 'v' || kind === 'm';
}
