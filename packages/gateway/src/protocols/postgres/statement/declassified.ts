/** Statements after which a column is no longer known by the name, the place or the comment that classifies it. */
import type { DraftBuilder, RangeVar } from './draft-builder.ts';
import type { Declassified } from './meaning.ts';
import { as, type Body, bare, isBody, nameOf, text } from './tree.ts';

const RELATIONS = /^OBJECT_(TABLE|VIEW|MATVIEW|FOREIGN_TABLE)$/;

/** ALTER … RENAME of a column, a relation or a schema. */
export function renames(draft: DraftBuilder, body: Body): void {
  const kind = text(body, 'renameType');
  const relation = relationIn(body.relation);
  if (kind === 'OBJECT_COLUMN' && relation !== null)
    draft.declassified.push({ ...relation, column: text(body, 'subname'), how: 'rename' });
  else if (RELATIONS.test(kind) && relation !== null)
    draft.declassified.push({ ...relation, column: null, how: 'rename' });
  else if (kind === 'OBJECT_SCHEMA')
    draft.declassified.push({ schema: text(body, 'subname'), name: null, column: null, how: 'rename' });
}

/** ALTER … SET SCHEMA. */
export function moves(draft: DraftBuilder, body: Body): void {
  const relation = relationIn(body.relation);
  if (RELATIONS.test(text(body, 'objectType')) && relation !== null)
    draft.declassified.push({ ...relation, column: null, how: 'move' });
}

/** COMMENT ON COLUMN: the comment there was may have declared a class. */
export function comments(draft: DraftBuilder, body: Body): void {
  if (text(body, 'objtype') !== 'OBJECT_COLUMN') return;
  const [column = '', name = '', schema = null] = [...nameOf(body.object)].reverse();
  draft.declassified.push({ schema, name, column, how: 'comment' });
}

/** A child that leaves its parent leaves what is classified there. */
export function leaves(draft: DraftBuilder, relation: RangeVar, command: Body): void {
  const subtype = text(command, 'subtype');
  const partition = bare(as('PartitionCmd', command.def) ?? {}, 'name');
  const child = subtype === 'AT_DropInherit' ? relation : partition;
  if (subtype !== 'AT_DropInherit' && !subtype.startsWith('AT_DetachPartition')) return;
  const name = relationIn(child);
  if (name !== null) draft.declassified.push({ ...name, column: null, how: 'leave' });
}

function relationIn(value: unknown): (Pick<Declassified, 'schema'> & { readonly name: string }) | null {
  if (!isBody(value)) return null;
  return { schema: text(value, 'schemaname') || null, name: text(value, 'relname') };
}
