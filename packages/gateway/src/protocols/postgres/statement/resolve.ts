/** A draft, one catalog and one session's state make a meaning. */
import type { Evaluation, ResourceType } from '../../protocol.ts';
import { ROW_FUNCTIONS } from './builtin-functions.ts';
import type { CatalogSnapshot } from './catalog.ts';
import {
  type Attribution,
  attribute,
  joined,
  NOTHING_KNOWN,
  type RelationCandidate,
  together,
  withColumns,
} from './columns/index.ts';
import type {
  CopyMeaning,
  Draft,
  DraftName,
  NameMode,
  RelationName,
  RelationUse,
  RoutineUse,
  SessionEffect,
  StatementMeaning,
} from './meaning.ts';
import { createdKey, type SessionState } from './session-state.ts';

/** A meaning, and whether a newer catalog might give a better one. */
export interface Resolution {
  readonly meaning: StatementMeaning;
  readonly unknownName: boolean;
}

/** What only the text decides, added to every meaning made from it. */
export interface ResolveInput {
  readonly draft: Draft;
  readonly form: string;
  readonly database: string;
  readonly catalog: CatalogSnapshot;
  readonly state: SessionState;
  readonly serial: number;
  /** The server plans a prepared statement anew when the search path changed: its meaning in this session, now. */
  readonly again: (
    meaning: StatementMeaning,
    paths: readonly (readonly string[])[],
  ) => StatementMeaning | null;
  /** Search paths that the text running this one sets. */
  readonly paths?: readonly (readonly string[])[];
}

export function resolve(input: ResolveInput): Resolution {
  const resolver = new Resolver(input);
  return { meaning: resolver.meaning(), unknownName: resolver.unknownName };
}

/** Resources of these types are below the database. */
const IN_DATABASE: ReadonlySet<ResourceType> = new Set([
  'Schema',
  'Table',
  'Function',
  'Sequence',
  'Channel',
]);

/** Actions that leave the target as it was. */
const HARMLESS = new Set([
  'select',
  'show',
  'transact',
  'set',
  'set_role',
  'listen',
  'credentials',
  'server_file',
]);

/** Relations of pg_catalog that hold secrets, or values of every table; a column list where only those columns do. */
const SECRETS: ReadonlyMap<string, readonly string[] | null> = new Map([
  ['pg_authid', null],
  ['pg_shadow', null],
  ['pg_user_mapping', null],
  ['pg_user_mappings', null],
  // What ALTER ROLE … SET gave a role; a view for everyone over a catalog that is for the superuser.
  ['pg_roles', ['rolconfig']],
  ['pg_user', ['useconfig']],
  ['pg_hba_file_rules', null],
  ['pg_ident_file_mappings', null],
  ['pg_file_settings', null],
  ['pg_subscription', ['subconninfo']],
  ['pg_largeobject', null],
  ['pg_statistic', null],
  ['pg_statistic_ext_data', null],
  ['pg_stats', null],
  ['pg_stats_ext', null],
  ['pg_stats_ext_exprs', null],
]);

/** Columns of pg_settings that hold values. */
const SETTING_VALUES: readonly string[] = ['setting', 'boot_val', 'reset_val'];

class Resolver {
  readonly #input: ResolveInput;
  readonly #evaluations = new Map<string, Evaluation>();
  readonly #relations = new Map<string, RelationName>();
  readonly #effects: SessionEffect[] = [];
  /** Search paths the text itself sets: what follows in it is looked up there. */
  readonly #paths: readonly (readonly string[])[];
  /** Objects the text itself makes, as createdKey. */
  readonly #made = new Set<string>();
  #undetermined: string | null;
  #anyColumn: boolean;
  /** Whether EXECUTE may run a COPY between client and server. */
  #runsCopy = false;
  unknownName = false;

  constructor(input: ResolveInput) {
    this.#input = input;
    this.#undetermined = input.draft.undetermined;
    this.#anyColumn = input.draft.anyColumn;
    const { user } = input.state;
    const own = input.draft.effects.flatMap((effect) =>
      effect.kind === 'search-path' ? [effect.schemas] : [],
    );
    this.#paths = [...own, ...(input.paths ?? [])].map((path) =>
      path.map((one) => (one === '$user' ? user : one)),
    );
    for (const effect of input.draft.effects) {
      if (effect.kind !== 'created') continue;
      for (const schema of effect.schema === null ? this.#creatable() : [effect.schema]) {
        this.#made.add(createdKey(effect.what, schema, effect.name));
      }
    }
  }

  meaning(): StatementMeaning {
    const { draft, form, state, serial } = this.#input;
    const columnNames = new Set(draft.columnNames);
    if (
      state.overflow &&
      (draft.relations.length > 0 || draft.routines.length > 0 || draft.schemas.length > 0)
    ) {
      this.#cannotTell('the session has done more than can be tracked: open a new one');
    }
    for (const use of draft.relations) this.#relation(use);
    for (const use of draft.routines) this.#routine(use);
    for (const use of draft.schemas) {
      for (const schema of use.schema === null ? this.#searched() : [use.schema]) {
        this.#evaluate(use.action, 'Schema', schema);
      }
    }
    for (const use of draft.fixed) this.#fixed(use.action, use.type, use.path);
    for (const name of draft.rowCalls) this.#rowCall(name);
    const own = attribute(draft.shape ?? null, {
      relations: (schema, name) => this.#candidates(schema, name),
      mayCall: (schema, name) => this.#mayCall(schema, name),
    });
    const named = withColumns([...this.#evaluations.values()], own.uses);
    const ran = this.#run(columnNames);
    this.#noteEffects();
    if (this.#evaluations.size === 0) this.#evaluate('transact', 'Database');
    const evaluations = joined([
      ...(named.length === 0 && ran.length === 0 ? [...this.#evaluations.values()] : named),
      ...ran.flatMap((meaning) => meaning.evaluations),
    ]);
    return Object.freeze<StatementMeaning>({
      form,
      evaluations: Object.freeze(evaluations),
      undetermined: this.#undetermined,
      changesState: [...this.#evaluations.values()].some(changesState),
      relations: Object.freeze([...this.#relations.values()]),
      columnNames,
      anyColumn: this.#anyColumn,
      columns: together([own.uses, ...ran.map((meaning) => meaning.columns ?? NOTHING_KNOWN)]),
      outputs: this.#outputs(own, ran),
      copy: draft.statements === 1 ? this.#copy() : null,
      mixedCopy: this.#runsCopy || (draft.copy !== null && draft.statements !== 1),
      statements: draft.statements,
      effects: Object.freeze(this.#effects),
      serial,
    });
  }

  #cannotTell(why: string): void {
    this.#undetermined ??= why;
  }

  #evaluate(action: string, type: ResourceType, ...below: readonly string[]): void {
    const path = IN_DATABASE.has(type) || type === 'Database' ? [this.#input.database, ...below] : below;
    this.#add({ action, resource: { type, path } });
  }

  #fixed(action: string, type: ResourceType, path: readonly string[]): void {
    // A database that is named is its own path; the one we are in is not named.
    if (type === 'Database' && path.length > 0) this.#add({ action, resource: { type, path } });
    else this.#evaluate(action, type, ...path);
  }

  #add(evaluation: Evaluation): void {
    const { action, resource } = evaluation;
    const key = JSON.stringify([action, resource.type, resource.path]);
    if (!this.#evaluations.has(key)) {
      Object.freeze(resource.path);
      this.#evaluations.set(key, Object.freeze({ action, resource: Object.freeze(resource) }));
    }
  }

  /** Every schema an unqualified name may be looked up in, pg_catalog and temporary ones apart. */
  #searched(): ReadonlySet<string> {
    const { state, catalog } = this.#input;
    const schemas = new Set<string>();
    for (const path of [...state.paths, ...this.#paths]) for (const schema of path) schemas.add(schema);
    for (const schema of defaultPath(catalog, state)) schemas.add(schema);
    return schemas;
  }

  #knows(what: 'relation' | 'routine', schema: string, name: string): boolean {
    const { catalog, state } = this.#input;
    const loaded =
      what === 'relation' ? catalog.relation(schema, name) !== undefined : catalog.hasRoutine(schema, name);
    return loaded || state.hasCreated(what, schema, name) || this.#made.has(createdKey(what, schema, name));
  }

  /** The schemas a name may be in; empty when it is in none. */
  #places(what: 'relation' | 'routine', name: DraftName): string[] {
    const { schema } = name;
    if (schema !== null) return this.#knows(what, schema, name.name) ? [schema] : [];
    // Not only the first of each path: one may have been dropped since the catalog was read.
    const candidates = new Set([...this.#searched(), 'pg_catalog']);
    return [...candidates].filter((one) => this.#knows(what, one, name.name));
  }

  /** Where an unqualified name would be made: the first schema of each path that exists. */
  #creatable(): string[] {
    const { state, catalog } = this.#input;
    const places = new Set<string>();
    for (const path of [...state.paths, ...this.#paths, defaultPath(catalog, state)]) {
      for (const schema of path) {
        const made =
          state.hasCreated('schema', schema, schema) || this.#made.has(createdKey('schema', schema, schema));
        if (!catalog.schemas.has(schema) && !made && schema !== 'pg_temp') continue;
        places.add(schema);
        break;
      }
    }
    return [...places];
  }

  #relation(use: RelationUse): void {
    const { state } = this.#input;
    const temporarySchema = use.schema !== null && /^pg_temp(_\d+)?$/.test(use.schema);
    if (use.schema !== null && /^pg_toast/.test(use.schema)) {
      this.#cannotTell("pg_toast holds tables' raw values: read the table instead");
      return;
    }
    if (temporarySchema && use.mode === 'new') {
      this.#touch(use, 'pg_temp');
      return;
    }
    if (use.mode === 'new') {
      const places = use.schema === null ? this.#creatable() : [use.schema];
      for (const schema of places) this.#touch(use, schema);
      if (places.length === 0) this.#cannotTell(`no schema to make ${use.name} in is known`);
      return;
    }
    const made = this.#made.has(createdKey('relation', 'pg_temp', use.name)) ? [] : undefined;
    const temporary = state.temporary(use.name) ?? made;
    const sources = use.schema === null || temporarySchema ? temporary : undefined;
    if (sources !== undefined) {
      this.#touch(use, 'pg_temp');
      this.#anyColumn = true;
      for (const source of sources) this.#relations.set(JSON.stringify(source), source);
    }
    const places = temporarySchema ? [] : this.#places('relation', use);
    for (const schema of places) this.#touch(use, schema);
    if (sources !== undefined || places.length > 0) return;
    this.#missing(use, 'relation', use.mode);
  }

  /** One relation a name stands for. */
  #touch(use: RelationUse, schema: string): void {
    const { catalog, draft } = this.#input;
    this.#evaluate(use.action, use.type, schema, use.name);
    this.#addRelation({ schema, table: use.name });
    const relation = catalog.relation(schema, use.name);
    const system = schema === 'pg_catalog' || schema === 'information_schema';
    if (relation !== undefined && relation.origins.length > 0 && !system) {
      this.#anyColumn = true;
      for (const { oid } of relation.origins) {
        const origin = catalog.relationByOid(oid);
        if (origin !== undefined) this.#addRelation({ schema: origin.schema, table: origin.name });
      }
    }
    if (schema === 'information_schema' && use.name.includes('user_mapping'))
      this.#evaluate('credentials', 'Table', schema, use.name);
    if (schema !== 'pg_catalog') return;
    const secret = SECRETS.get(use.name);
    if (secret === null || (secret !== undefined && this.#mayRead(secret, draft)))
      this.#evaluate('credentials', 'Table', schema, use.name);
    // Its rows are what SHOW shows, one by one.
    if (use.name === 'pg_settings' && this.#mayRead(SETTING_VALUES, draft))
      this.#evaluate('show', 'Setting', '*');
    // Its rule on UPDATE calls set_config for every row.
    if (use.name === 'pg_settings' && use.action !== 'select') this.#cannotTell('settings are set with SET');
  }

  /** Whether the text could read one of these columns: by name, by `*`, or without naming it. */
  #mayRead(columns: readonly string[], draft: Draft): boolean {
    return draft.star || draft.anyColumn || columns.some((column) => draft.columnNames.includes(column));
  }

  #addRelation(name: RelationName): void {
    this.#relations.set(JSON.stringify([name.schema, name.table]), Object.freeze(name));
  }

  #missing(name: RelationUse | RoutineUse, what: string, mode: NameMode): void {
    const schemas = name.schema === null ? [...this.#searched()] : [name.schema];
    const type = what === 'relation' ? 'Table' : 'Function';
    if (mode === 'maybe') {
      for (const schema of schemas) this.#evaluate(name.action, type, schema, name.name);
      this.unknownName = true;
      return;
    }
    this.unknownName = true;
    const shown = name.schema === null ? name.name : `${name.schema}.${name.name}`;
    this.#cannotTell(`${what} ${shown} is not in the catalog`);
  }

  #routine(use: RoutineUse): void {
    if (use.mode === 'new') {
      for (const schema of use.schema === null ? this.#creatable() : [use.schema]) {
        this.#evaluate(use.action, 'Function', schema, use.name);
      }
      return;
    }
    const places = this.#places('routine', use);
    // A built-in function that was judged by its effect needs no `call` as well; others of its name do.
    for (const schema of places) {
      if (!(use.builtIn && schema === 'pg_catalog')) this.#evaluate(use.action, 'Function', schema, use.name);
    }
    if (places.length === 0 && !use.builtIn) this.#missing(use, 'function', use.mode);
  }

  /** `x.name` calls a function when `x` has no such column: PostgreSQL's functional notation. */
  #rowCall(name: string): void {
    const { catalog } = this.#input;
    const own =
      catalog.hasOwnRoutine(name) || [...this.#searched()].some((one) => this.#knows('routine', one, name));
    if (!ROW_FUNCTIONS.has(name) && (!own || this.#isColumn(name))) return;
    this.#anyColumn = true;
    this.#routine({ action: 'call', schema: null, name, mode: 'existing', builtIn: true });
    if (ROW_FUNCTIONS.has(name)) this.#evaluate('call', 'Function', 'pg_catalog', name);
  }

  #isColumn(name: string): boolean {
    const { catalog } = this.#input;
    for (const { schema, table } of this.#relations.values()) {
      if (catalog.relation(schema, table)?.columns.includes(name) === true) return true;
    }
    return false;
  }

  /** EXECUTE and FETCH do what the statement under the name does; all there may be under it. */
  #run(columnNames: Set<string>): readonly StatementMeaning[] {
    const { draft, state } = this.#input;
    const ran: StatementMeaning[] = [];
    for (const { kind, name } of draft.runs) {
      const known = kind === 'prepared' ? state.preparedUnder(name) : state.cursorsUnder(name);
      const effect = kind === 'prepared' ? 'prepare' : 'cursor';
      // What this very text put under the name is in it already.
      const own = draft.effects.some((one) => one.kind === effect && one.name === name);
      if (known.length === 0 && !own) {
        this.#cannotTell(
          `${kind === 'prepared' ? 'prepared statement' : 'cursor'} ${name} is not one this session made`,
        );
      }
      for (const prepared of known) {
        // A cursor's query was planned when it was opened.
        const meaning = kind === 'prepared' ? this.#input.again(prepared, this.#paths) : prepared;
        if (meaning === null) {
          this.#cannotTell(`prepared statement ${name} is not one this session made`);
          continue;
        }
        // FETCH reads rows of a query and CLOSE reads nothing: neither can start a COPY that a portal holds.
        const copies = meaning.copy !== null || meaning.mixedCopy === true;
        this.#runsCopy ||= kind === 'prepared' && copies;
        ran.push(meaning);
        for (const evaluation of meaning.evaluations) this.#add(evaluation);
        for (const relation of meaning.relations) this.#addRelation(relation);
        for (const column of meaning.columnNames) columnNames.add(column);
        this.#anyColumn ||= meaning.anyColumn;
        if (meaning.undetermined !== null) this.#cannotTell(meaning.undetermined);
      }
    }
    return ran;
  }

  /** EXECUTE and FETCH answer with the columns of what they run, when that can be one statement only. */
  #outputs(own: Attribution, ran: readonly StatementMeaning[]): Attribution['outputs'] {
    const { draft } = this.#input;
    const answers = (draft.shape?.statements ?? []).filter((statement) => statement.answers !== 'none');
    if (answers.length !== 1 || answers[0]?.answers !== 'runs') return own.outputs;
    const [only, ...others] = ran;
    return draft.statements === 1 && others.length === 0 ? (only?.outputs ?? null) : null;
  }

  /** Every relation a name may stand for, with its columns. */
  #candidates(schema: string | null, name: string): readonly RelationCandidate[] {
    const { catalog, state } = this.#input;
    const inTemporary = schema === null || /^pg_temp(_\d+)?$/.test(schema);
    const made = this.#made.has(createdKey('relation', 'pg_temp', name)) ? [] : undefined;
    const sources = inTemporary ? (state.temporary(name) ?? made) : undefined;
    const temporary: RelationCandidate[] =
      sources === undefined
        ? []
        : [{ schema: 'pg_temp', table: name, kind: 'r', columns: null, opaque: true }];
    const places = schema !== null && inTemporary ? [] : this.#places('relation', { schema, name });
    const known = places.map((place) => {
      const relation = catalog.relation(place, name);
      const { kind = 'r', columns = null } = relation ?? {};
      return { schema: place, table: name, kind, columns, opaque: false };
    });
    return [...temporary, ...known];
  }

  /** Whether a call of this name may be of a function that is not the server's own. */
  #mayCall(schema: string | null, name: string): boolean {
    if (schema === null && !this.#input.catalog.hasOwnRoutine(name) && !this.#madeRoutine(name)) return false;
    return this.#places('routine', { schema, name }).some((place) => place !== 'pg_catalog');
  }

  #madeRoutine(name: string): boolean {
    return [...this.#searched()].some((schema) => this.#knows('routine', schema, name));
  }

  #noteEffects(): void {
    const { draft } = this.#input;
    const sources = [...this.#relations.values()].filter((one) => one.schema !== 'pg_temp');
    for (const effect of draft.effects) {
      if (effect.kind !== 'created') this.#effects.push(effect);
      else if (effect.what === 'relation' && effect.schema !== null && /^pg_temp/.test(effect.schema)) {
        this.#effects.push({ kind: 'temporary', name: effect.name, sources });
      } else {
        for (const schema of effect.schema === null ? this.#creatable() : [effect.schema]) {
          if (schema === 'pg_temp') this.#effects.push({ kind: 'temporary', name: effect.name, sources });
          else this.#effects.push({ ...effect, schema });
        }
      }
    }
    // Rows written to a temporary relation come from whatever else the statement reads.
    for (const { action, resource } of this.#evaluations.values()) {
      const [, schema, name = ''] = resource.path;
      const writes = action === 'insert' || action === 'update';
      if (writes && resource.type === 'Table' && schema === 'pg_temp' && sources.length > 0) {
        this.#effects.push({ kind: 'temporary', name, sources });
      }
    }
  }

  #copy(): CopyMeaning | null {
    const { copy } = this.#input.draft;
    if (copy === null) return null;
    const { relation } = copy;
    const places = relation === null ? [] : this.#places('relation', relation);
    const temporary = relation !== null && this.#input.state.temporary(relation.name) !== undefined;
    const [schema, ...others] = temporary ? [] : places;
    const known = relation !== null && schema !== undefined && others.length === 0;
    return Object.freeze({ ...copy, relation: known ? { schema, table: relation.name } : null });
  }
}

function changesState({ action, resource }: Evaluation): boolean {
  if (action === 'call') return resource.path[1] !== 'pg_catalog';
  return !HARMLESS.has(action);
}

/** The search path the connector's role starts with, as the catalog's own session saw it. */
function defaultPath(catalog: CatalogSnapshot, state: SessionState): readonly string[] {
  return catalog.searchPath.map((schema) => (schema === '$user' ? state.user : schema));
}
