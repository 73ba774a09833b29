/** From the parse tree of INSERT, UPDATE, DELETE and MERGE to its level. Runs in the parser's worker. */
import { as, type Body, bare, isBody, list, names, text } from '../tree.ts';
import { relationRange } from './read-from.ts';
import type { QueryReader } from './read-query.ts';
import type { PartShape, QueryShape, StepShape, Term, WriteShape } from './shape.ts';

type Tag = 'InsertStmt' | 'UpdateStmt' | 'DeleteStmt' | 'MergeStmt';

export function readWrite(reader: QueryReader, tag: Tag, body: Body): WriteShape {
  const level = reader.level(body);
  const clause = bare(body, 'returningClause');
  const renamed = list(clause.options).map((item) => text(as('ReturningOption', item) ?? {}, 'value'));
  const parts: PartShape[] = [];
  const steps: StepShape[] = [];
  if (body.whereClause !== undefined) parts.push({ use: 'filter', terms: reader.terms(body.whereClause) });
  if (body.joinCondition !== undefined) parts.push({ use: 'join', terms: reader.terms(body.joinCondition) });
  const source = tag === 'InsertStmt' ? reader.query(body.selectStmt) : null;
  if (tag === 'InsertStmt') steps.push(inserted(body.cols, source === null ? 0 : null, []));
  if (tag === 'UpdateStmt') steps.push(updated(reader, body.targetList));
  if (isBody(body.onConflictClause)) conflict(reader, body.onConflictClause, steps, parts);
  for (const item of list(body.mergeWhenClauses))
    when(reader, as('MergeWhenClause', item) ?? {}, steps, parts);
  return {
    kind: 'write',
    ...level,
    target: relationRange(bare(body, 'relation')),
    from: reader.ranges(
      tag === 'MergeStmt' ? [body.sourceRelation] : (body.fromClause ?? body.usingClause ?? []),
    ),
    source,
    steps,
    parts,
    returning: reader.targets(clause.exprs),
    rowNames: ['old', 'new', ...renamed],
  };
}

/** COPY FROM: the columns written, and a condition on the rows. */
export function copyFrom(reader: QueryReader, body: Body): WriteShape {
  const columns = Array.isArray(body.attlist) ? names(body.attlist) : null;
  return {
    kind: 'write',
    ctes: [],
    recursive: false,
    target: relationRange(bare(body, 'relation')),
    from: [],
    source: null,
    steps: [{ by: 'insert', columns, values: null, terms: [], conditions: [], excluded: false }],
    parts: [{ use: 'filter', terms: reader.terms(body.whereClause) }],
    returning: [],
    rowNames: [],
  };
}

/** COPY TO is `SELECT columns FROM relation`. */
export function copyTo(body: Body): QueryShape {
  const columns = Array.isArray(body.attlist) ? names(body.attlist) : null;
  const reference = (written: readonly string[], star: boolean): Term[] => [
    { kind: 'column', use: 'value', names: written, field: null, star },
  ];
  return {
    kind: 'select',
    ctes: [],
    recursive: false,
    keys: [],
    parts: [],
    from: [relationRange(bare(body, 'relation'))],
    targets:
      columns === null
        ? [{ name: null, terms: reference([], true), direct: true, star: true }]
        : columns.map((name) => ({ name, terms: reference([name], false), direct: true, star: false })),
    distinct: false,
  };
}

function inserted(columns: unknown, values: number | null, terms: readonly Term[]): StepShape {
  const listed = list(columns).map((item) => text(as('ResTarget', item) ?? {}, 'name'));
  return {
    by: 'insert',
    columns: listed.length > 0 ? listed : null,
    values: listed.length > 0 ? listed.length : values,
    terms,
    conditions: [],
    excluded: false,
  };
}

function updated(reader: QueryReader, targets: unknown): StepShape {
  const columns = list(targets).map((item) => text(as('ResTarget', item) ?? {}, 'name'));
  // The subscripts of what is assigned to are in the targets too.
  return {
    by: 'update',
    columns,
    values: columns.length,
    terms: reader.terms(targets),
    conditions: [],
    excluded: false,
  };
}

function conflict(reader: QueryReader, body: Body, steps: StepShape[], parts: PartShape[]): void {
  const infer = bare(body, 'infer');
  const terms: Term[] = [...reader.terms(infer.whereClause)];
  for (const item of list(infer.indexElems)) {
    const element = as('IndexElem', item) ?? {};
    const name = text(element, 'name');
    terms.push(...reader.terms(element.expr));
    if (name !== '') terms.push({ kind: 'column', use: 'value', names: [name], field: null, star: false });
  }
  // Which columns a constraint is on, only the catalog could say.
  if (text(infer, 'conname') !== '')
    terms.push({ kind: 'column', use: 'value', names: [], field: null, star: true });
  parts.push({ use: 'filter', terms });
  if (text(body, 'action') !== 'ONCONFLICT_UPDATE') return;
  steps.push({
    ...updated(reader, body.targetList),
    conditions: reader.terms(body.whereClause),
    excluded: true,
  });
}

function when(reader: QueryReader, clause: Body, steps: StepShape[], parts: PartShape[]): void {
  parts.push({ use: 'filter', terms: reader.terms(clause.condition) });
  const command = text(clause, 'commandType');
  if (command === 'CMD_UPDATE') steps.push(updated(reader, clause.targetList));
  if (command !== 'CMD_INSERT') return;
  steps.push(inserted(clause.targetList, list(clause.values).length, reader.terms(clause.values)));
}
