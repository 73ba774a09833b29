/** Rules for CREATE and ALTER. */
import { leaves } from './declassified.ts';
import type { RangeVar } from './draft-builder.ts';
import type { BodyText } from './meaning.ts';
import { dollarQuoted } from './plpgsql-declarations.ts';
import { intoRelation, newRelation } from './query-rules.ts';
import { quotedName } from './quoted-name.ts';
import { as, type Body, bare, constantSetting, isBody, list, nameOf, names, text, untag } from './tree.ts';
import { type Rule, type Scope, TOP, type Walker } from './walk.ts';

export const definitionRules: Readonly<Record<string, Rule>> = {
  CreateStmt: createTable,
  CreateForeignTableStmt: (walker, body, scope) => {
    walker.draft.fixed('foreign_server', 'ForeignServer', text(body, 'servername'));
    createTable(walker, bare(body, 'base'), scope);
  },
  CreateTableAsStmt: (walker, body, scope) => {
    walker.answering = false;
    intoRelation(walker, bare(body, 'into'));
    walker.visit(body.query, scope);
  },
  ViewStmt: (walker, body, scope) => {
    walker.answering = false;
    const view = bare(body, 'view') as RangeVar;
    newRelation(walker, view);
    const schema = view.relpersistence === 't' ? 'pg_temp' : view.schemaname || null;
    walker.draft.effect({ kind: 'view', schema, name: view.relname ?? '' });
    walker.visit(body.query, scope);
  },
  IndexStmt: onRelation('create', 'IndexStmt'),
  CreateSeqStmt: (walker, body, scope) => {
    newRelation(walker, bare(body, 'sequence') as RangeVar, 'Sequence');
    sequenceOptions(walker, body, scope);
  },
  AlterSeqStmt: (walker, body, scope) => {
    walker.draft.relation('alter', bare(body, 'sequence') as RangeVar, 'existing', 'Sequence');
    sequenceOptions(walker, body, scope);
  },
  ColumnDef: (walker, body, scope) => walker.children('ColumnDef', body, scope),
  Constraint: (walker, body, scope) => {
    // A foreign key reads the table it refers to and puts triggers on it.
    if (isBody(body.pktable)) {
      const referred = alone(body.pktable as RangeVar);
      walker.draft.relation('alter', referred);
      walker.draft.relation('refer', referred);
    }
    for (const item of list(body.exclusions)) operatorIn(walker, item);
    walker.children('Constraint', body, scope, ['pktable', 'exclusions']);
  },
  TableLikeClause: (walker, body) => walker.draft.relation('select', bare(body, 'relation') as RangeVar),
  AlterTableStmt: alterTable,
  AlterTableCmd: alterTableCommand,
  PartitionCmd: (walker, body, scope) => {
    const partition = alone(bare(body, 'name') as RangeVar);
    walker.draft.relation('alter', partition);
    walker.draft.relation('part', partition);
    walker.visitAs('PartitionBoundSpec', body.bound, scope);
  },
  CreateSchemaStmt: (walker, body, scope) => {
    const role = text(bare(body, 'authrole'), 'rolename');
    const name = text(body, 'schemaname') || role;
    if (name === '') walker.draft.cannotTell('the schema is named after the current role');
    walker.draft.fixed('create', 'Schema', name);
    if (isBody(body.authrole)) walker.draft.fixed('grant', 'Role', role || '*');
    walker.draft.effect({ kind: 'created', what: 'schema', schema: name, name });
    if (list(body.schemaElts).length > 0) {
      walker.draft.cannotTell(
        'CREATE SCHEMA with further definitions is not understood: send them one by one',
      );
    }
    walker.visitAll(body.schemaElts, scope);
  },
  CreateFunctionStmt: createFunction,
  AlterFunctionStmt: (walker, body) => {
    const name = nameOf({ ObjectWithArgs: bare(body, 'func') });
    walker.draft.routine('alter', name);
    functionOptions(walker, body.actions);
    // What a call of it does may be different from now on, and the catalog does not show it before a COMMIT.
    madeRoutine(walker, name, null);
  },
  CreateTrigStmt: (walker, body, scope) => {
    const relation = bare(body, 'relation') as RangeVar;
    walker.draft.relation('alter', relation);
    walker.draft.routine('call', names(body.funcname));
    walker.visit(body.whenClause, scope);
    if (isBody(body.constrrel)) walker.draft.relation('alter', body.constrrel as RangeVar);
  },
  RuleStmt: (walker, body, scope) => {
    walker.draft.relation('alter', bare(body, 'relation') as RangeVar);
    walker.answering = false;
    for (const own of ['old', 'new']) walker.draft.ranges.add(own);
    walker.visit(body.whereClause, scope);
    // What the rule would do counts as done by whoever makes it; OLD and NEW are the relation's own rows.
    walker.visitAll(body.actions, { names: new Set([...scope.names, 'old', 'new']) });
  },
  CreatePolicyStmt: policy('CreatePolicyStmt'),
  AlterPolicyStmt: policy('AlterPolicyStmt'),
  CreateDomainStmt: (walker, body, scope) => {
    walker.draft.inSchema('create', names(body.domainname));
    walker.children('CreateDomainStmt', body, scope, ['domainname']);
  },
  AlterDomainStmt: (walker, body, scope) => {
    walker.draft.inSchema('alter', names(body.typeName));
    walker.children('AlterDomainStmt', body, scope, ['typeName']);
  },
  CompositeTypeStmt: (walker, body, scope) => {
    walker.draft.inSchema('create', relationSteps(bare(body, 'typevar') as RangeVar));
    walker.visitAll(body.coldeflist, scope);
  },
  CreateEnumStmt: typed('create'),
  CreateRangeStmt: (walker, body) => {
    walker.draft.inSchema('create', names(body.typeName));
    // Its parameters name functions that run whenever a value is made.
    walker.draft.cannotTell('the functions behind a range type are not followed');
  },
  AlterEnumStmt: typed('alter'),
  AlterTypeStmt: (walker, body) => {
    walker.draft.inSchema('alter', names(body.typeName));
    walker.draft.cannotTell('the functions behind a type are not followed');
  },
  DefineStmt: (walker, body) => {
    if (text(body, 'kind') === 'OBJECT_AGGREGATE')
      walker.draft.routine('create', names(body.defnames), 'new');
    else walker.draft.inSchema('create', names(body.defnames));
    for (const item of list(body.definition)) {
      const option = as('DefElem', item);
      const steps = option === null ? [] : nameOf(option.arg);
      const called =
        /^([sm]?(s|final|inv)func|combinefunc|(de)?serialfunc|procedure|function|input|output|receive|send|typmod_(in|out)|analyze|subscript|restrict|join)$/;
      if (option !== null && steps.length > 0 && called.test(text(option, 'defname'))) {
        walker.draft.routine('call', steps);
      }
    }
  },
  CreateStatsStmt: (walker, body, scope) => {
    walker.draft.inSchema('create', names(body.defnames));
    for (const item of list(body.relations)) {
      const relation = as('RangeVar', item);
      if (relation === null)
        walker.draft.cannotTell('statistics over something other than a table are not understood');
      else walker.draft.relation('alter', relation as RangeVar);
    }
    walker.visitAll(body.exprs, scope);
  },
  AlterStatsStmt: (walker, body) => walker.draft.inSchema('alter', names(body.defnames)),
  CreateExtensionStmt: extension('load_code'),
  AlterExtensionStmt: extension('load_code'),
  AlterExtensionContentsStmt: extension('load_code'),
  CreatePLangStmt: (walker, body) => walker.draft.fixed('load_code', 'Extension', text(body, 'plname')),
  CreateTransformStmt: (walker, body) => walker.draft.fixed('load_code', 'Extension', text(body, 'lang')),
  CreateAmStmt: onDatabase('load_code', 'Extension', '*'),
  CreateFdwStmt: foreign('fdwname'),
  AlterFdwStmt: foreign('fdwname'),
  CreateForeignServerStmt: foreign('servername'),
  AlterForeignServerStmt: foreign('servername'),
  CreateUserMappingStmt: foreign('servername'),
  AlterUserMappingStmt: foreign('servername'),
  DropUserMappingStmt: foreign('servername'),
  CreateSubscriptionStmt: foreign('subname'),
  AlterSubscriptionStmt: foreign('subname'),
  DropSubscriptionStmt: foreign('subname'),
  ImportForeignSchemaStmt: (walker, body) => {
    walker.draft.fixed('foreign_server', 'ForeignServer', text(body, 'server_name'));
    walker.draft.fixed('create', 'Schema', text(body, 'local_schema'));
  },
  CreateTableSpaceStmt: (walker, body) =>
    walker.draft.fixed('server_file', 'File', text(body, 'location') || '*'),
  DropTableSpaceStmt: onDatabase('drop', 'Database'),
  AlterTableSpaceOptionsStmt: onDatabase('alter', 'Database'),
  AlterTableMoveAllStmt: onDatabase('alter', 'Database'),
  CreateEventTrigStmt: (walker, body) => {
    walker.draft.fixed('create', 'Database');
    walker.draft.routine('call', names(body.funcname));
  },
  AlterEventTrigStmt: (walker, body) => {
    walker.draft.fixed('alter', 'Database');
    if (text(body, 'tgenabled') !== 'D') walker.draft.enables.add(text(body, 'trigname'));
  },
  CreatePublicationStmt: publication('create', 'CreatePublicationStmt'),
  AlterPublicationStmt: (walker, body, scope) => {
    publication('alter', 'AlterPublicationStmt')(walker, body, scope);
    // Whatever it had before and is not in the list is published no longer.
    if (text(body, 'action') === 'AP_SetObjects')
      walker.draft.cannotTell('what else a publication had cannot be told: use ADD and DROP');
  },
  PublicationObjSpec: (walker, body, scope) => {
    if (/SCHEMA/.test(text(body, 'pubobjtype')))
      walker.draft.fixed('select', 'Table', text(body, 'name') || '*', '*');
    walker.visitAs('PublicationTable', body.pubtable, scope);
  },
  PublicationTable: (walker, body, scope) => {
    // Publishing is reading, by whoever subscribes.
    walker.draft.relation('select', bare(body, 'relation') as RangeVar);
    walker.visit(body.whereClause, scope);
  },
  CreateCastStmt: unfollowed('a cast runs a function wherever values meet'),
  CreateConversionStmt: unfollowed('a conversion runs a function on text the server reads'),
  CreateOpClassStmt: unfollowed('the functions of an operator class are not followed'),
  CreateOpFamilyStmt: (walker, body) => walker.draft.inSchema('create', names(body.opfamilyname)),
  AlterOpFamilyStmt: unfollowed('the functions of an operator family are not followed'),
  AlterOperatorStmt: unfollowed('the functions of an operator are not followed'),
  AlterCollationStmt: (walker, body) => walker.draft.inSchema('alter', names(body.collname)),
  AlterTSDictionaryStmt: (walker, body) => walker.draft.inSchema('alter', names(body.dictname)),
  AlterTSConfigurationStmt: (walker, body) => walker.draft.inSchema('alter', names(body.cfgname)),
};

function onRelation(action: string, tag: string): Rule {
  return (walker, body, scope) => {
    walker.draft.relation(action, bare(body, 'relation') as RangeVar);
    walker.children(tag, body, scope, ['relation', 'excludeOpNames', 'options']);
  };
}

function onDatabase(action: string, type: 'Database' | 'Extension', ...path: readonly string[]): Rule {
  return (walker) => walker.draft.fixed(action, type, ...path);
}

function foreign(field: string): Rule {
  return (walker, body) => {
    walker.draft.fixed('foreign_server', 'ForeignServer', text(body, field));
  };
}

function extension(action: string): Rule {
  return (walker, body) => {
    walker.draft.fixed(action, 'Extension', text(body, 'extname'));
  };
}

function typed(action: string): Rule {
  return (walker, body) => walker.draft.inSchema(action, names(body.typeName));
}

function unfollowed(why: string): Rule {
  return (walker) => {
    walker.draft.fixed('create', 'Database');
    walker.draft.cannotTell(why);
  };
}

function policy(tag: string): Rule {
  return (walker, body, scope) => {
    walker.draft.relation('alter', bare(body, 'table') as RangeVar);
    walker.children(tag, body, scope, ['table']);
  };
}

function publication(action: string, tag: string): Rule {
  return (walker, body, scope) => {
    walker.draft.fixed(action, 'Database');
    if (body.for_all_tables === true) walker.draft.fixed('select', 'Table', '*', '*');
    walker.children(tag, body, scope, ['options']);
  };
}

function relationSteps(name: RangeVar): string[] {
  const schema = name.schemaname ?? '';
  return schema === '' ? [name.relname ?? ''] : [schema, name.relname ?? ''];
}

function operatorIn(walker: Walker, item: unknown): void {
  const steps = nameOf(list(as('List', item)?.items)[1]);
  if (steps.length > 0) walker.draft.operator(steps);
}

/** The relation without what inherits from it. */
function alone(relation: RangeVar): RangeVar {
  const { inh: _, ...rest } = relation;
  return rest;
}

/** Commands of ALTER TABLE that leave what inherits from it alone. */
const NOT_RECURSIVE =
  /^AT_(AttachPartition|DetachPartition\w*|ChangeOwner|AddInherit|DropInherit|\w*Rule|\w*RowSecurity|ReplicaIdentity|ClusterOn|DropCluster|SetTableSpace|SetLogged|SetUnLogged|\w*Options)$/;

function createTable(walker: Walker, body: Body, scope: Scope): void {
  newRelation(walker, bare(body, 'relation') as RangeVar);
  for (const parent of list(body.inhRelations)) {
    const relation = as('RangeVar', parent);
    if (relation === null) continue;
    walker.draft.relation('alter', alone(relation as RangeVar));
    const partition = isBody(body.partbound);
    if (partition) walker.draft.relation('divide', alone(relation as RangeVar));
    adopted(walker, relation as RangeVar, bare(body, 'relation') as RangeVar, partition);
  }
  walker.children('CreateStmt', body, scope, ['relation', 'inhRelations', 'options']);
}

function alterTable(walker: Walker, body: Body, scope: Scope): void {
  const kind = text(body, 'objtype');
  const relation = bare(body, 'relation') as RangeVar;
  if (kind === 'OBJECT_TYPE') {
    walker.draft.inSchema('alter', relationSteps(relation));
    for (const item of list(body.cmds)) cascadesToTables(walker, as('AlterTableCmd', item) ?? {});
  } else {
    const type = kind === 'OBJECT_SEQUENCE' ? 'Sequence' : 'Table';
    const commands = list(body.cmds).map((item) => text(as('AlterTableCmd', item) ?? {}, 'subtype'));
    const own = commands.every((command) => NOT_RECURSIVE.test(command)) ? alone(relation) : relation;
    const mode = body.missing_ok === true ? 'maybe' : 'existing';
    walker.draft.relation('alter', own, mode, type);
    // USING, a CHECK, a generated column: the rows there are are read, and may come out under another name.
    if (JSON.stringify(body.cmds ?? null).includes('"ColumnRef"'))
      walker.draft.relation('select', relation, mode);
    // What was switched off fires from now on; a foreign key that is checked reads the other table.
    if (commands.some((command) => /^AT_Enable/.test(command))) walker.draft.relation('enable', own, mode);
    if (commands.includes('AT_ValidateConstraint')) walker.draft.relation('validate', own, mode);
    if (commands.some((command) => /^AT_(At|De)tachPartition/.test(command)))
      walker.draft.relation('divide', own, mode);
    for (const item of list(body.cmds)) adoptions(walker, relation, as('AlterTableCmd', item) ?? {});
    for (const item of list(body.cmds)) leaves(walker.draft, relation, as('AlterTableCmd', item) ?? {});
    for (const item of list(body.cmds)) losses(walker, relation, as('AlterTableCmd', item) ?? {}, mode);
  }
  walker.visitAll(body.cmds, scope);
}

/** ALTER TYPE … CASCADE alters the tables that were made OF the type. */
export function cascadesToTables({ draft }: Walker, body: Body): void {
  if (text(body, 'behavior') === 'DROP_CASCADE')
    draft.cannotTell('which tables of a type are altered with it cannot be told');
}

/** The session knows its relations' children until the catalog shows them, and temporary ones for good. */
function adopted({ draft }: Walker, parent: RangeVar, child: RangeVar, partition: boolean): void {
  const name = ({ schemaname, relname, relpersistence }: RangeVar) => ({
    schema: relpersistence === 't' ? 'pg_temp' : schemaname || null,
    name: relname ?? '',
  });
  draft.effect({ kind: 'child', parent: name(parent), child: name(child), partition });
}

function adoptions(walker: Walker, relation: RangeVar, command: Body): void {
  const subtype = text(command, 'subtype');
  const parent = as('RangeVar', command.def);
  const partition = bare(as('PartitionCmd', command.def) ?? {}, 'name');
  if (subtype === 'AT_AddInherit' && parent !== null) adopted(walker, parent as RangeVar, relation, false);
  if (subtype === 'AT_AttachPartition') adopted(walker, relation, partition as RangeVar, true);
}

/** Commands that take a column or constraint away, or make it anew: foreign keys at either end go or are made again. */
const LOSING = /^AT_(DropColumn|AlterColumnType|DropConstraint|AlterConstraint)$/;

function losses({ draft }: Walker, relation: RangeVar, command: Body, mode: 'existing' | 'maybe'): void {
  const subtype = text(command, 'subtype');
  if (!LOSING.test(subtype) && !(relation.inh !== true && /^AT_(AddConstraint|DropNotNull)$/.test(subtype)))
    return;
  const constraint = as('Constraint', command.def) ?? {};
  const part = text(command, 'name') || text(constraint, 'conname');
  const cascade = text(command, 'behavior') === 'DROP_CASCADE';
  draft.relation('lose', relation, mode, 'Table', cascade, part);
}

function alterTableCommand(walker: Walker, body: Body, scope: Scope): void {
  const { draft } = walker;
  switch (text(body, 'subtype')) {
    case 'AT_ChangeOwner':
      draft.fixed('grant', 'Role', text(bare(body, 'newowner'), 'rolename') || '*');
      return;
    case 'AT_AddInherit':
    case 'AT_DropInherit': {
      const parent = as('RangeVar', body.def);
      if (parent !== null) draft.relation('alter', alone(parent as RangeVar));
      return;
    }
    case 'AT_GenericOptions':
    case 'AT_AlterColumnGenericOptions':
      draft.fixed('foreign_server', 'ForeignServer', '*');
      return;
    case 'AT_SetOptions':
    case 'AT_ResetOptions':
    case 'AT_SetRelOptions':
    case 'AT_ResetRelOptions':
    case 'AT_ReplaceRelOptions':
      return;
    default:
      walker.children('AlterTableCmd', body, scope);
  }
}

function sequenceOptions(walker: Walker, body: Body, _scope: Scope): void {
  for (const item of list(body.options)) {
    const option = as('DefElem', item);
    const column = text(option ?? {}, 'defname') === 'owned_by' ? nameOf(option?.arg) : [];
    if (column.length < 2) continue;
    const [table, schema] = [column.at(-2) ?? '', column.at(-3)];
    walker.draft.relation(
      'alter',
      schema === undefined ? { relname: table } : { schemaname: schema, relname: table },
    );
  }
}

/** Languages whose functions run inside the server's own checks. */
const TRUSTED = new Set(['sql', 'plpgsql']);

function createFunction(walker: Walker, body: Body, scope: Scope): void {
  const { draft } = walker;
  const name = names(body.funcname);
  draft.routine('create', name, 'new');
  draft.shareable = false;
  madeRoutine(walker, name, routineBody(body), body.sql_body !== undefined);
  for (const parameter of list(body.parameters))
    walker.visit(as('FunctionParameter', parameter)?.defexpr, scope);
  functionOptions(walker, body.options);
  walker.answering = false;
  // A SQL-standard body is parsed by the server now; one in a string is followed as a body.
  if (body.sql_body !== undefined) walker.visit(body.sql_body, TOP);
}

/** Until the catalog shows it, the session knows what a call of the routine does. */
function madeRoutine(
  { draft }: Walker,
  name: readonly string[],
  body: BodyText | null,
  isInline = false,
): void {
  const own = draft.unqualified(name);
  const inline = isInline ? { inline: true as const } : {};
  if (own !== null) draft.effect({ kind: 'created', what: 'routine', ...own, body, ...inline });
}

/** The body of a CREATE FUNCTION, where it is one that can be followed with the session's own search path. */
function routineBody(body: Body): BodyText | null {
  let language = 'sql';
  let code: string | undefined;
  for (const item of list(body.options)) {
    const option = as('DefElem', item) ?? {};
    const name = text(option, 'defname');
    if (name === 'language') language = constantSetting(option.arg)?.toLowerCase() ?? '';
    else if (name === 'as') code = constantSetting(list(as('List', option.arg)?.items)[0]);
    // The search path, or how its code is read, may differ.
    else if (name === 'set') return null;
  }
  if (code === undefined) return null;
  if (language === 'sql') return { kind: 'statements', text: code };
  return language === 'plpgsql' ? { kind: 'plpgsql', text: plpgsqlDefinition(body, code) } : null;
}

/** The definition again, as far as the names of its variables depend on it. */
function plpgsqlDefinition(body: Body, code: string): string {
  const parameters = list(body.parameters).map((item) => {
    const parameter = as('FunctionParameter', item) ?? {};
    const mode = { FUNC_PARAM_OUT: 'OUT', FUNC_PARAM_INOUT: 'INOUT', FUNC_PARAM_TABLE: 'OUT' };
    const name = text(parameter, 'name');
    const type = names(bare(parameter, 'argType').names).map(quotedName).join('.');
    const word = mode[text(parameter, 'mode') as keyof typeof mode] ?? 'IN';
    return `${word} ${name === '' ? '' : quotedName(name)} ${type}`;
  });
  const result = names(bare(body, 'returnType').names).map(quotedName).join('.');
  const many = bare(body, 'returnType').setof === true ? 'SETOF ' : '';
  const kind = body.is_procedure === true ? 'PROCEDURE' : 'FUNCTION';
  const returns = result === '' || kind === 'PROCEDURE' ? '' : `RETURNS ${many}${result}`;
  return `CREATE ${kind} f(${parameters.join(', ')}) ${returns} LANGUAGE plpgsql AS ${dollarQuoted(code)}`;
}

function functionOptions(walker: Walker, options: unknown): void {
  for (const item of list(options)) {
    const option = as('DefElem', item) ?? {};
    const name = text(option, 'defname');
    const value = constantSetting(option.arg)?.toLowerCase() ?? '';
    if (name === 'language' && !TRUSTED.has(value))
      walker.draft.fixed('load_code', 'Extension', value || '*');
    // SECURITY DEFINER lends the owner's rights to whoever may call it.
    const definer = name === 'security' && (as('Boolean', option.arg)?.boolval ?? false) === true;
    if (definer) walker.draft.fixed('grant', 'Role', '*');
    if (name === 'support') walker.draft.cannotTell('a support function is not followed');
    if (name === 'set' && untag(option.arg)?.tag === 'VariableSetStmt') {
      const setting = untag(option.arg)?.body ?? {};
      walker.draft.fixed('set', 'Setting', text(setting, 'name').toLowerCase() || '*');
    }
  }
}
