/**
 * Which columns of the target an operation probes or writes: what masking has to ask policy about. A column of a view is
 * every column under it, and a column of a table is the column of that name in its parents and children as well: their
 * rows are its rows.
 */
import type { FieldName, FieldUse, FieldUseKind } from '../../protocol.ts';
import { holdsValues, isSystemSchema } from '../statistics.ts';
import type { CatalogRelation, CatalogSnapshot } from './catalog.ts';
import type { ColumnRole, ColumnUse } from './columns/index.ts';
import type { Declassified, RelationName } from './meaning.ts';
import type { SessionState } from './session-state.ts';

/** Columns of one statement that are told apart (L10); above it, a relation counts as a whole. */
export const STATEMENT_FIELDS = 4096;

/** Roles by which something can be told of a value that is not shown: whether a row is there, where, or fails. */
const PROBES: ReadonlySet<string> = new Set<ColumnRole>([
  'aggregate',
  'compute',
  'filter',
  'group',
  'join',
  'limit',
  'order',
  'store',
]);

/** A use of nobody knows which columns, for nobody knows what. */
const UNKNOWN = 'unknown';
const ANY = '*';
/** Any column of any relation: what the server's statistics hold values of. */
const ANYTHING: RelationName = { schema: ANY, table: ANY };
/** A class that nothing reveals, of whichever column it is that declares one. */
const UNKNOWN_CLASS = 'unknown';

export class FrameFields {
  readonly #catalog: CatalogSnapshot;
  readonly #state: SessionState;
  readonly #kinOf = new Map<CatalogRelation, ReadonlySet<CatalogRelation>>();
  readonly #found = new Map<string, { use: Pick<FieldUse, 'kind' | 'field'>; roles: Set<string> }>();

  constructor(catalog: CatalogSnapshot, state: SessionState) {
    this.#catalog = catalog;
    this.#state = state;
  }

  /** Notes how a text uses a column. */
  column({ schema, table, column, roles, writtenBy }: ColumnUse): void {
    const probes = roles.filter((role) => PROBES.has(role));
    if (probes.length > 0) this.#reach({ schema, table }, column, 'probe', probes);
    if (writtenBy.length > 0) this.#reach({ schema, table }, column, 'write', writtenBy);
  }

  /** Notes that a column is no longer known for what it is. */
  declassified({ schema, table }: RelationName, column: string | null, how: Declassified['how']): void {
    const relation = this.#catalog.relation(schema, table);
    // A comment matters to what is classified by a comment.
    if (how === 'comment' && relation?.declared?.has(column ?? '') !== true) return;
    this.#reach({ schema, table }, column ?? ANY, 'declassify', [how]);
  }

  /** Notes that any column of a relation may be probed. */
  unknown(relation: RelationName): void {
    this.#reach(relation, ANY, 'probe', [UNKNOWN]);
  }

  /** Notes what another statement that this one runs does. */
  ran(uses: readonly FieldUse[]): void {
    for (const { kind, field, roles } of uses) this.#note(kind, field, field.column, roles);
  }

  /** Everything noted, or undefined when nothing was. */
  uses(): readonly FieldUse[] | undefined {
    if (this.#found.size === 0) return undefined;
    if (this.#found.size > STATEMENT_FIELDS) this.#together();
    const uses = [...this.#found.values()].flatMap(({ use, roles }) => {
      const sorted = Object.freeze([...roles].sort());
      return this.#declared(use.field).map((declared) => Object.freeze({ ...use, declared, roles: sorted }));
    });
    return Object.freeze(uses);
  }

  #reach(relation: RelationName, column: string, kind: FieldUseKind, roles: readonly string[]): void {
    const { schema, table } = relation;
    if (holdsValues(schema, table, column)) this.#note(kind, ANYTHING, ANY, roles);
    if (isSystemSchema(schema)) return;
    // A view of this session, which the catalog may not have, or have as it was.
    for (const { resource } of this.#state.viewEvaluations(schema, table)) {
      const [, under = '', name = ''] = resource.path;
      if (resource.type === 'Table' && !(under === schema && name === table))
        this.#known({ schema: under, table: name }, ANY, kind, roles);
    }
    this.#known(relation, column, kind, roles);
  }

  #known(relation: RelationName, column: string, kind: FieldUseKind, roles: readonly string[]): void {
    const known = this.#catalog.relation(relation.schema, relation.table);
    if (known === undefined) this.#note(kind, relation, column, roles);
    else for (const kin of this.#kin(known)) this.#columns(kin, column, kind, roles);
  }

  #columns(relation: CatalogRelation, column: string, kind: FieldUseKind, roles: readonly string[]): void {
    const { schema, name: table, columns, assumed } = relation;
    if (column !== ANY || assumed === true) return this.#note(kind, { schema, table }, column, roles);
    for (const name of columns) if (name !== null) this.#note(kind, { schema, table }, name, roles);
  }

  /** A relation, what it inherits from and what inherits from it, all the way. Found once, whatever its columns. */
  #kin(relation: CatalogRelation): ReadonlySet<CatalogRelation> {
    const known = this.#kinOf.get(relation);
    if (known !== undefined) return known;
    const all = new Set([relation]);
    for (const way of ['parents', 'children'] as const) {
      const reached = new Set([relation]);
      for (const one of reached)
        for (const oid of one[way]) {
          const next = this.#catalog.relationByOid(oid);
          if (next !== undefined) reached.add(next);
        }
      for (const one of reached) all.add(one);
    }
    this.#kinOf.set(relation, all);
    return all;
  }

  #note(kind: FieldUseKind, { schema, table }: RelationName, column: string, roles: readonly string[]): void {
    const key = JSON.stringify([kind, schema, table, column]);
    const known = this.#found.get(key) ?? this.#made(key, kind, { schema, table }, column);
    for (const role of roles) known.roles.add(role);
  }

  #made(key: string, kind: FieldUseKind, { schema, table }: RelationName, column: string) {
    const field = Object.freeze({ schema, table, column });
    const made = { use: { kind, field }, roles: new Set<string>() };
    this.#found.set(key, made);
    return made;
  }

  /** The class a column's comment declares; of any column, each that is declared. */
  #declared({ schema, table, column }: FieldName): readonly (string | null)[] {
    if (schema === ANY) return [this.#catalog.declares ? UNKNOWN_CLASS : null];
    const classes = this.#catalog.relation(schema, table)?.declared;
    if (classes === undefined) return [null];
    return column === ANY ? [...new Set(classes.values())] : [classes.get(column) ?? null];
  }

  /** Each relation as a whole, once for each kind of use. */
  #together(): void {
    const all = [...this.#found.values()];
    this.#found.clear();
    for (const { use, roles } of all) this.#note(use.kind, use.field, ANY, [...roles]);
  }
}
