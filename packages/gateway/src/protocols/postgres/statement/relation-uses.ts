/** Relations a text names: which they may be, and what the action on each is. */
import type { Evaluation } from '../../protocol.ts';
import type { CatalogRelation } from './catalog.ts';
import { FIRST_OWN } from './catalog-snapshot.ts';
import { type AccessOptions, Consequences, REACH_CHILDREN } from './consequences.ts';
import { REACHES } from './definition-reach.ts';
import { type Frame, nameOf, type Resolving, through } from './frame.ts';
import type { Draft, RelationName, RelationUse } from './meaning.ts';
import { SETTING_VALUES, secretColumns } from './secrets.ts';

/** Actions whose rows count as read or changed. */
const COUNTED = new Set(['select', 'update', 'delete', 'truncate', 'drop']);
/** Actions that run the query of a view. */
const USES_ROWS = new Set(['select', 'insert', 'update', 'delete', 'lock', 'copy_in']);
/** Not actions on the relation, only what follows from one: TRUNCATE … RESTART IDENTITY, ENABLE TRIGGER, VALIDATE. */
const UNJUDGED = new Set(['restart', 'enable', 'validate', ...REACHES]);
/** Actions that make values of the relation's column types. */
const MAKES_VALUES = new Set(['insert', 'update', 'alter']);

/** Actions that run what hangs on a relation. */
const WRITES: ReadonlySet<string> = new Set(['insert', 'update', 'delete', 'truncate', 'copy_in']);

export class RelationUses {
  readonly #resolving: Resolving;
  readonly #consequences: Consequences;
  readonly #types: (frame: Frame, oids: readonly number[], made: boolean) => void;
  readonly #anyType: (frame: Frame, made: boolean) => void;
  /** Relations whose rows are read or changed. */
  readonly counted = new Set<CatalogRelation>();

  constructor(
    resolving: Resolving,
    types: (frame: Frame, oids: readonly number[], made: boolean) => void,
    anyType: (frame: Frame, made: boolean) => void,
  ) {
    this.#resolving = resolving;
    this.#consequences = new Consequences(resolving);
    this.#types = types;
    this.#anyType = anyType;
  }

  use(frame: Frame, use: RelationUse): void {
    const { state, findings } = this.#resolving;
    const { names } = frame;
    const temporarySchema = use.schema !== null && /^pg_temp(_\d+)?$/.test(use.schema);
    if (use.schema !== null && /^pg_toast/.test(use.schema)) {
      this.#resolving.cannotTell(frame, "pg_toast holds tables' raw values: read the table instead");
      return;
    }
    if (use.mode === 'new') {
      const creatable = use.schema === null ? names.creatable() : [use.schema];
      const places = temporarySchema ? ['pg_temp'] : creatable;
      for (const schema of places) this.#touch(frame, use, schema);
      if (places.length === 0) this.#resolving.cannotTell(frame, `no schema to make ${use.name} in is known`);
      return;
    }
    const made = names.made('relation', 'pg_temp', use.name) ? [] : undefined;
    const temporary = state.temporary(use.name) ?? made;
    const sources = use.schema === null || temporarySchema ? temporary : undefined;
    if (sources !== undefined) {
      this.#touch(frame, use, 'pg_temp');
      this.#writtenTemporary(frame, use, made !== undefined);
      findings.anyColumn = true;
      for (const source of sources) findings.addRelation(source);
    }
    const places = temporarySchema ? [] : names.places('relation', use);
    for (const schema of places) this.#touch(frame, use, schema);
    if (sources === undefined && places.length === 0) this.#missing(frame, use);
  }

  /** The catalog does not have what hangs on a temporary relation, so that what a write to it sets off is not followed. */
  #writtenTemporary({ draft }: Frame, { action, name }: RelationUse, madeHere: boolean): void {
    const { state, findings } = this.#resolving;
    if (!WRITES.has(action)) return;
    const puts = ({ action: other, name: on }: RelationUse) => other === 'alter' && on === name;
    const here =
      madeHere && (draft.effects.some(({ kind }) => kind === 'view') || draft.relations.some(puts));
    if (here || state.isActive('pg_temp', name))
      findings.cannotTell(`what writing to temporary ${name} sets off is not followed`, null);
  }

  /** An action on a relation that something else sets off, through `owner`. */
  access(
    frame: Frame,
    owner: string | null,
    relation: CatalogRelation,
    action: string,
    cascade = false,
  ): void {
    const via = through(frame.via, owner);
    const { schema, name, kind } = relation;
    const type = kind === 'S' ? 'Sequence' : 'Table';
    // Whose temporary relation it is, the catalog does not say; the server touches none but the session's own.
    const shown = schema.replace(/^pg_temp_\d+$/, 'pg_temp');
    this.#resolving.findings.evaluate(action, via, type, shown, name);
    this.#resolving.findings.addRelation({ schema, table: name });
    this.#resolving.columns.setOff(action, via, owner, relation);
    this.#madeView({ ...frame, via }, action, schema, name);
    if (this.#resolving.state.isActive(schema, name))
      this.#resolving.anyMade({ ...frame, via }, schema, name);
    this.#consequencesOf({ ...frame, via }, relation, action, { cascade });
    this.#childrenMade({ ...frame, via }, { schema, table: name }, action, { cascade });
  }

  /** Children the catalog may not show: those of this transaction, and temporary ones. */
  #childrenMade(frame: Frame, relation: RelationName, action: string, options: AccessOptions): void {
    const { catalog, state, findings } = this.#resolving;
    const { only = false, cascade = false } = options;
    const { schema, table } = relation;
    const made = this.#resolving.childrenMade(schema, table);
    if (made.length === 0 || only || !(REACH_CHILDREN.has(action) || action === 'insert')) return;
    const owner = nameOf({ schema, name: table });
    for (const { child, partition } of made) {
      if (action === 'insert' && !partition) continue;
      if (!this.#resolving.step(frame.via, 'child', owner, child, action, cascade)) continue;
      const known = catalog.relation(child.schema, child.table);
      if (known !== undefined) {
        this.access(frame, owner, known, action, cascade);
        continue;
      }
      const via = through(frame.via, owner);
      findings.evaluate(action, via, 'Table', child.schema, child.table);
      if (child.schema === 'pg_temp') {
        findings.anyColumn = true;
        for (const source of state.temporary(child.table) ?? []) findings.addRelation(source);
        if (WRITES.has(action) && state.isActive('pg_temp', child.table))
          findings.cannotTell(`what writing to temporary ${child.table} sets off is not followed`, null);
      }
      this.#childrenMade({ ...frame, via }, child, action, options);
    }
  }

  /** One relation a name stands for. */
  #touch(frame: Frame, use: RelationUse, schema: string): void {
    const { catalog, findings } = this.#resolving;
    const { draft } = frame;
    const { action, name } = use;
    if (!UNJUDGED.has(action)) findings.evaluate(action, frame.via, use.type, schema, name);
    this.#madeView(frame, action, schema, name);
    findings.addRelation({ schema, table: name });
    this.#childrenMade(frame, { schema, table: name }, action, use);
    if (frame.via.length > 0 && frame.answers) findings.anyColumn = true;
    const relation = catalog.relation(schema, name);
    // What the catalog does not know of it may be any function that the session made.
    const fresh = relation === undefined && use.mode === 'existing' && schema !== 'pg_temp';
    if (fresh || this.#resolving.state.isActive(schema, name)) this.#resolving.anyMade(frame, schema, name);
    const system = schema === 'pg_catalog' || schema === 'information_schema';
    if (system) this.#system(frame, draft, schema, use);
    // What was made a moment ago may have columns of any type.
    if (relation === undefined) {
      if (use.mode === 'existing') this.#anyType(frame, MAKES_VALUES.has(action));
      return;
    }
    if (relation.origins.length > 0 && !system) {
      findings.anyColumn = true;
      for (const { oid } of relation.origins) {
        const origin = catalog.relationByOid(oid);
        if (origin !== undefined) findings.addRelation({ schema: origin.schema, table: origin.name });
      }
    }
    if (system && relation.oid < FIRST_OWN) return;
    this.#consequencesOf(frame, relation, action, use);
  }

  /** What the query of a view does that the session made, or made anew. */
  #madeView(frame: Frame, action: string, schema: string, name: string): void {
    if (!USES_ROWS.has(action)) return;
    const { state, findings } = this.#resolving;
    const via = through(frame.via, nameOf({ schema, name }));
    for (const evaluation of state.viewEvaluations(schema, name)) findings.add(reached(evaluation, via));
  }

  #consequencesOf(frame: Frame, relation: CatalogRelation, action: string, options: AccessOptions): void {
    if (COUNTED.has(action)) this.counted.add(relation);
    const { oid, behaviour } = relation;
    if (behaviour === undefined && relation.children.length === 0 && relation.parents.length === 0) {
      if (action !== 'drop' && action !== 'lose' && relation.table === undefined) return;
    }
    const { only = false, cascade = false, part } = options;
    const names = [frame.names.key, frame.running.key, frame.draft.setsDefault, frame.keysChange];
    if (!this.#resolving.step(frame.via, 'relation', oid, action, only, cascade, part, names)) return;
    if (behaviour !== undefined && behaviour.types.length > 0 && !REACHES.has(action)) {
      const via = through(frame.via, nameOf(relation));
      this.#types({ ...frame, via }, behaviour.types, MAKES_VALUES.has(action));
    }
    this.#consequences.of(frame, relation, action, options);
  }

  #system(frame: Frame, draft: Draft, schema: string, { name, action }: RelationUse): void {
    const { findings } = this.#resolving;
    const secret = secretColumns(schema, name);
    if (secret === null || (secret !== undefined && mayRead(secret, draft)))
      findings.evaluate('credentials', frame.via, 'Table', schema, name);
    if (schema !== 'pg_catalog' || name !== 'pg_settings') return;
    // Its rows are what SHOW shows, one by one.
    if (mayRead(SETTING_VALUES, draft)) findings.evaluate('show', frame.via, 'Setting', '*');
    // Its rule on UPDATE calls set_config for every row.
    if (action !== 'select') this.#resolving.cannotTell(frame, 'settings are set with SET');
  }

  #missing(frame: Frame, use: RelationUse): void {
    const { findings } = this.#resolving;
    this.#resolving.missing(frame);
    if (use.mode === 'maybe') {
      const schemas = use.schema === null ? frame.names.searched : [use.schema];
      for (const schema of schemas) findings.evaluate(use.action, frame.via, 'Table', schema, use.name);
      return;
    }
    const shown = use.schema === null ? use.name : `${use.schema}.${use.name}`;
    this.#resolving.cannotTell(frame, `relation ${shown} is not in the catalog`);
  }
}

/** The evaluation of a view's query, through the view. */
function reached({ action, resource, facts }: Evaluation, way: readonly string[]): Evaluation {
  const via = Object.freeze([...new Set([...(facts?.via ?? []), ...way])].sort());
  return Object.freeze({ action, resource, facts: Object.freeze({ ...facts, via }) });
}

/** Whether the text could read one of these columns: by name, by `*`, or without naming it. */
function mayRead(columns: readonly string[], draft: Draft): boolean {
  return draft.star || draft.anyColumn || columns.some((column) => draft.columnNames.includes(column));
}
