/** Rules for statements about objects of any kind: DROP, COMMENT, RENAME, OWNER, GRANT, roles, databases, maintenance. */

import { comments, moves, renames } from './declassified.ts';
import { cascadesToTables } from './definition-rules.ts';
import type { RangeVar } from './draft-builder.ts';
import { as, type Body, bare, isBody, list, nameOf, names, text } from './tree.ts';
import type { Rule, Walker } from './walk.ts';

export const objectRules: Readonly<Record<string, Rule>> = {
  DropStmt: (walker, body) => {
    const mode = body.missing_ok === true ? 'maybe' : 'existing';
    const cascade = text(body, 'behavior') === 'DROP_CASCADE';
    for (const object of list(body.objects))
      objectUse(walker, 'drop', text(body, 'removeType'), object, mode, cascade);
    walker.draft.unfiltered = true;
  },
  CommentStmt: (walker, body) => {
    objectUse(walker, 'comment', text(body, 'objtype'), body.object);
    comments(walker.draft, body);
    // It may declare a data class, or take one away.
    if (text(body, 'objtype') === 'OBJECT_COLUMN') walker.draft.effect({ kind: 'catalog-changed' });
  },
  SecLabelStmt: (walker, body) => objectUse(walker, 'alter', text(body, 'objtype'), body.object),
  RenameStmt: (walker, body) => {
    subjectOf(walker, 'alter', text(body, 'renameType'), body);
    renamed(walker, body);
    renames(walker.draft, body);
  },
  AlterObjectDependsStmt: (walker, body) => subjectOf(walker, 'alter', text(body, 'objectType'), body),
  AlterObjectSchemaStmt: (walker, body) => {
    subjectOf(walker, 'alter', text(body, 'objectType'), body);
    walker.draft.fixed('create', 'Schema', text(body, 'newschema'));
    walker.draft.effect({ kind: 'unsettled' });
    moved(walker, body);
    moves(walker.draft, body);
  },
  AlterOwnerStmt: (walker, body) => {
    subjectOf(walker, 'alter', text(body, 'objectType'), body);
    walker.draft.fixed('grant', 'Role', roleName(body.newowner));
  },
  GrantStmt: (walker, body) => grantees(walker, body.grantees),
  AlterDefaultPrivilegesStmt: (walker, body) => grantees(walker, bare(body, 'action').grantees),
  GrantRoleStmt: (walker, body) => {
    for (const item of list(body.granted_roles)) {
      walker.draft.fixed('grant', 'Role', text(as('AccessPriv', item) ?? {}, 'priv_name') || '*');
    }
    grantees(walker, body.grantee_roles);
  },
  ReassignOwnedStmt: (walker, body) => {
    grantees(walker, body.roles);
    walker.draft.fixed('grant', 'Role', roleName(body.newrole));
  },
  DropOwnedStmt: (walker, body) => {
    grantees(walker, body.roles);
    walker.draft.fixed('drop', 'Database');
    walker.draft.cannotTell('what the role owns, and is dropped, is not known');
  },
  CreateRoleStmt: (walker, body) => walker.draft.fixed('create_role', 'Role', text(body, 'role')),
  AlterRoleStmt: (walker, body) => walker.draft.fixed('alter_role', 'Role', roleName(body.role)),
  AlterRoleSetStmt: (walker, body) => walker.draft.fixed('alter_role', 'Role', roleName(body.role)),
  DropRoleStmt: (walker, body) => {
    for (const role of list(body.roles))
      walker.draft.fixed('drop_role', 'Role', roleName(as('RoleSpec', role)));
  },
  AlterSystemStmt: (walker, body) => {
    walker.draft.fixed('alter_system', 'Setting', text(bare(body, 'setstmt'), 'name').toLowerCase() || '*');
  },
  CreatedbStmt: (walker, body) => walker.draft.fixed('create', 'Database', text(body, 'dbname')),
  DropdbStmt: (walker, body) => walker.draft.fixed('drop_database', 'Database', text(body, 'dbname')),
  AlterDatabaseStmt: database,
  AlterDatabaseSetStmt: database,
  AlterDatabaseRefreshCollStmt: database,
  TruncateStmt: (walker, body) => {
    walker.draft.unfiltered = true;
    eachRelation(walker, 'truncate', body.relations, text(body, 'behavior') === 'DROP_CASCADE');
    // RESTART IDENTITY sets the sequences of its columns back.
    if (body.restart_seqs === true) eachRelation(walker, 'restart', body.relations);
  },
  LockStmt: (walker, body) => {
    // ACCESS SHARE, mode 1, is what SELECT takes.
    eachRelation(walker, body.mode === 1 ? 'select' : 'lock', body.relations);
  },
  VacuumStmt: (walker, body) => {
    for (const item of list(body.rels)) {
      const relation = as('VacuumRelation', item) ?? {};
      for (const column of names(relation.va_cols)) walker.draft.columnNames.add(column);
      walker.draft.relation('maintain', bare(relation, 'relation') as RangeVar);
    }
    if (list(body.rels).length === 0) everyRelation(walker);
  },
  ClusterStmt: maintained,
  RefreshMatViewStmt: maintained,
  ReindexStmt: maintained,
  CheckPointStmt: (walker) => walker.draft.fixed('maintain', 'Database'),
};

function database(walker: Walker, body: Body): void {
  walker.draft.fixed('alter_database', 'Database', text(body, 'dbname'));
}

function maintained(walker: Walker, body: Body): void {
  if (isBody(body.relation)) walker.draft.relation('maintain', body.relation as RangeVar);
  else everyRelation(walker);
}

function everyRelation(walker: Walker): void {
  walker.draft.fixed('maintain', 'Database');
  walker.draft.everyIndex = true;
}

function eachRelation(walker: Walker, action: string, relations: unknown, cascade = false): void {
  for (const item of list(relations)) {
    const relation = as('RangeVar', item);
    if (relation === null) walker.draft.cannotTell('something other than a relation is not understood');
    else walker.draft.relation(action, relation as RangeVar, 'existing', 'Table', cascade);
  }
}

/** A role's name, or `*` for CURRENT_USER and the like. */
function roleName(role: unknown): string {
  return (isBody(role) && text(role, 'rolename')) || '*';
}

function grantees(walker: Walker, roles: unknown): void {
  for (const item of list(roles)) walker.draft.fixed('grant', 'Role', roleName(as('RoleSpec', item)));
  if (list(roles).length === 0) walker.draft.fixed('grant', 'Role', '*');
}

/** A new name for a relation or a function is soon in the catalog; until then the session knows it. */
/** Until the transaction is over the catalog has the old names. A column, or a part of a table, is found by others' names. */
const OF_RELATION = /^OBJECT_(COLUMN|ATTRIBUTE|TABCONSTRAINT|DOMCONSTRAINT|TRIGGER|RULE|POLICY)$/;

function renamed(walker: Walker, body: Body): void {
  const relation = bare(body, 'relation');
  const kind = text(body, 'renameType');
  if (/^OBJECT_(TABLE|VIEW|MATVIEW|INDEX|SEQUENCE|FOREIGN_TABLE)$/.test(kind)) {
    const [schema, name] = [text(relation, 'schemaname') || null, text(body, 'newname')];
    const renames = text(relation, 'relname');
    walker.draft.effect({ kind: 'created', what: 'relation', schema, name, renames });
  }
  if (!OF_RELATION.test(kind)) walker.draft.effect({ kind: 'unsettled' });
}

/** The object of ALTER … RENAME, OWNER, SET SCHEMA: in `relation` for relations and what hangs on them. */
function subjectOf(walker: Walker, action: string, kind: string, body: Body): void {
  const mode = body.missing_ok === true ? 'maybe' : 'existing';
  if (isBody(body.relation)) {
    const relation = body.relation as RangeVar;
    if (kind === 'OBJECT_ATTRIBUTE') {
      cascadesToTables(walker, body);
      walker.draft.inSchema(action, [
        ...(relation.schemaname ? [relation.schemaname] : []),
        relation.relname ?? '',
      ]);
    } else walker.draft.relation(action, relation, mode, kind === 'OBJECT_SEQUENCE' ? 'Sequence' : 'Table');
  } else if (body.object === undefined) subjectByName(walker, action, kind, text(body, 'subname'));
  else objectUse(walker, action, kind, body.object, mode);
}

/** In its new schema a relation or function is as good as new. */
function moved({ draft }: Walker, body: Body): void {
  const [kind, schema] = [text(body, 'objectType'), text(body, 'newschema')];
  const name = isBody(body.relation) ? text(body.relation, 'relname') : (nameOf(body.object).at(-1) ?? '');
  const type = kind === 'OBJECT_SEQUENCE' ? 'Sequence' : 'Table';
  if (RELATIONS.test(kind)) draft.relation('create', relationOf([schema, name]), 'new', type);
  else if (ROUTINES.test(kind)) draft.routine('create', [schema, name], 'new');
}

function subjectByName(walker: Walker, action: string, kind: string, name: string): void {
  if (kind === 'OBJECT_ROLE') walker.draft.fixed('alter_role', 'Role', name);
  else if (kind === 'OBJECT_DATABASE') walker.draft.fixed('alter_database', 'Database', name);
  else if (kind === 'OBJECT_SCHEMA') walker.draft.fixed(action, 'Schema', name);
  else if (kind === 'OBJECT_TABLESPACE') walker.draft.fixed(action, 'Database');
  else walker.draft.cannotTell(`${kind} is not understood`);
}

const RELATIONS = /^OBJECT_(TABLE|VIEW|MATVIEW|FOREIGN_TABLE|INDEX|SEQUENCE)$/;
const ON_RELATION = /^OBJECT_(COLUMN|RULE|TRIGGER|POLICY|TABCONSTRAINT)$/;
const ROUTINES = /^OBJECT_(FUNCTION|PROCEDURE|ROUTINE|AGGREGATE)$/;
const IN_SCHEMA = /^OBJECT_(TYPE|DOMAIN|COLLATION|CONVERSION|OPERATOR|STATISTIC_EXT|TS\w+)$/;
const OF_CLASS = /^OBJECT_(OPCLASS|OPFAMILY)$/;
const FOREIGN = /^OBJECT_(FDW|FOREIGN_SERVER|SUBSCRIPTION|USER_MAPPING)$/;
const CODE = /^OBJECT_(EXTENSION|LANGUAGE|ACCESS_METHOD)$/;
const OF_DATABASE = /^OBJECT_(PUBLICATION|EVENT_TRIGGER|CAST|TRANSFORM|TABLESPACE|LARGEOBJECT)$/;

function objectUse(
  walker: Walker,
  action: string,
  kind: string,
  object: unknown,
  mode: 'existing' | 'maybe' = 'existing',
  cascade = false,
): void {
  const { draft } = walker;
  const name = nameOf(object);
  if (RELATIONS.test(kind)) {
    const type = kind === 'OBJECT_SEQUENCE' ? 'Sequence' : 'Table';
    draft.relation(action, relationOf(name), mode, type, cascade);
  } else if (ON_RELATION.test(kind)) {
    // Taking away a column, a trigger or a policy changes the relation it is on.
    draft.relation(action === 'drop' ? 'alter' : action, relationOf(name.slice(0, -1)), mode);
  } else if (ROUTINES.test(kind)) draft.routine(action, name, mode);
  else if (IN_SCHEMA.test(kind)) draft.inSchema(action, name);
  else if (OF_CLASS.test(kind)) draft.inSchema(action, name.slice(1));
  else if (kind === 'OBJECT_DOMCONSTRAINT')
    draft.inSchema(action, nameOf(list(as('List', object)?.items)[0]));
  else if (FOREIGN.test(kind)) draft.fixed('foreign_server', 'ForeignServer', name[0] ?? '*');
  else if (CODE.test(kind)) draft.fixed(action, 'Extension', name[0] ?? '*');
  else if (OF_DATABASE.test(kind)) draft.fixed(action, 'Database');
  else if (kind === 'OBJECT_SCHEMA') {
    draft.fixed(action, 'Schema', name[0] ?? '');
    if (cascade) draft.emptied.add(name[0] ?? '');
  } else if (kind === 'OBJECT_DATABASE')
    draft.fixed(action === 'comment' ? 'comment' : 'alter_database', 'Database', name[0] ?? '');
  else if (kind === 'OBJECT_ROLE') draft.fixed('alter_role', 'Role', name[0] ?? '*');
  else draft.cannotTell(`${kind} is not understood`);
  const followed = RELATIONS.test(kind) || kind === 'OBJECT_SCHEMA' || ON_RELATION.test(kind);
  if (cascade && !followed) draft.cannotTell('what CASCADE takes along with it cannot be told');
}

function relationOf(name: readonly string[]): RangeVar {
  const [relname = '', schemaname, catalogname] = [...name].reverse();
  return {
    relname,
    ...(schemaname === undefined ? {} : { schemaname }),
    ...(catalogname === undefined ? {} : { catalogname }),
  };
}
