/** Which columns a statement and everything it sets off use: attributed text by text, as facts of its evaluations. */
import type { Evaluation } from '../../protocol.ts';
import type { CatalogRelation } from './catalog.ts';
import {
  type Attribution,
  attribute,
  type ColumnCatalog,
  ColumnFacts,
  type ColumnRole,
  type ColumnUse,
  type ColumnUses,
  joined,
  NOTHING_KNOWN,
  type RelationCandidate,
  Steps,
  TooMuchWork,
  together,
  ViewLineage,
  type ViewOutputs,
} from './columns/index.ts';
import { type Frame, nameOf, type Resolving } from './frame.ts';
import { FrameFields } from './frame-fields.ts';
import type { BodyText, Draft, StatementMeaning } from './meaning.ts';

const UNKNOWN: Attribution = { uses: NOTHING_KNOWN, outputs: null, returned: [] };

export class FrameColumns {
  readonly #resolving: Resolving;
  /** All texts of one statement share what looking at them may cost. */
  readonly #steps = new Steps();
  readonly #facts: ColumnFacts<CatalogRelation>;
  #top: { readonly frame: Frame; readonly attribution: Attribution } | null = null;
  /** Uses in the bodies of functions: whoever calls one asks what it asks. */
  readonly #called: ColumnUses[] = [];
  /** What is done with values that those functions return, in any text. */
  readonly #returned = new Set<ColumnRole>();
  /** Columns in the expressions of definitions, and those under views that could not be followed. */
  readonly #computed: ColumnUse[] = [];
  readonly #shownBy = new Map<number, NonNullable<ReturnType<ViewOutputs>>>();
  readonly #lineage: ViewLineage;

  constructor(resolving: Resolving) {
    this.#resolving = resolving;
    this.#lineage = new ViewLineage(
      (schema, name) => this.#made(schema, name),
      this.#steps,
      (use) => this.#lost(use),
    );
    this.#facts = new ColumnFacts(
      (schema, name) => resolving.catalog.relation(schema, name),
      (relation) => this.#kin(relation),
    );
  }

  /** Looks at one text. */
  frame(frame: Frame): void {
    const { draft, via } = frame;
    const attribution = attribute(draft.shape ?? null, this.#catalog(frame), this.#steps);
    for (const role of attribution.returned) if (role !== 'write') this.#returned.add(role);
    if (via.length === 0) this.#top = { frame, attribution };
    else if (frame.blame !== null && frame.answers) this.#called.push(attribution.uses);
    this.#facts.add(via, attribution.uses);
    const defines = draft.shape?.statements.some(({ loose }) => loose.length > 0) === true;
    // What a text names in another way than in a query is about columns nobody knows.
    const known = new Set(attribution.uses.known.map(({ schema, table }) => JSON.stringify([schema, table])));
    for (const { action, schema, name, mode } of draft.relations) {
      if (mode === 'new' || known.has(JSON.stringify([schema, name]))) continue;
      for (const one of this.#candidates(frame.names, schema, name)) {
        if (known.has(JSON.stringify([one.schema, one.table]))) continue;
        this.#facts.unknown(action, via, one.schema, one.table);
        if (defines && via.length === 0) this.#defined(one, draft.columnNames);
      }
    }
  }

  /** A definition computes of columns it names, of whichever of its relations. */
  #defined({ schema, table, columns }: RelationCandidate, named: readonly string[]): void {
    const names = columns === null ? ['*'] : columns.filter((one) => one !== null && named.includes(one));
    for (const column of names)
      if (column !== null) this.#computed.push({ schema, table, column, roles: ['compute'], writtenBy: [] });
  }

  /** Something was set off that is not in any text: which columns it is about, only kin can tell. */
  setOff(action: string, via: readonly string[], owner: string | null, relation: CatalogRelation): void {
    const kin = this.#kin(relation).find((one) => nameOf(one) === owner);
    const of = (one: CatalogRelation | undefined) => one?.behaviour?.references ?? [];
    const keys = [...of(kin), ...of(relation)].map(({ oid }) => oid);
    const tied = keys.includes(relation.oid) || (kin !== undefined && keys.includes(kin.oid));
    if (kin === undefined || tied) this.#facts.unknown(action, via, relation.schema, relation.name);
  }

  #kin(relation: CatalogRelation): readonly CatalogRelation[] {
    const { catalog } = this.#resolving;
    return [...relation.parents, ...relation.children]
      .map((oid) => catalog.relationByOid(oid))
      .filter((one) => one !== undefined);
  }

  /** The evaluations with the columns each is about. */
  evaluations(found: readonly Evaluation[]): readonly Evaluation[] {
    return joined(this.#facts.of(found));
  }

  /** What the meaning says of columns: its own, and those of the statements it runs. */
  meaning(
    draft: Draft,
    ran: readonly StatementMeaning[],
  ): Pick<StatementMeaning, 'columns' | 'outputs' | 'fields'> {
    const own = this.#own();
    const fields = this.#fields(draft, this.#computing(draft) ? withCompute(own.uses) : own.uses, ran);
    return { ...this.#answer(draft, ran, own), ...(fields === undefined ? {} : { fields }) };
  }

  #answer(
    draft: Draft,
    ran: readonly StatementMeaning[],
    own: Attribution,
  ): Pick<StatementMeaning, 'columns' | 'outputs'> {
    const columns = together([own.uses, ...ran.map((meaning) => meaning.columns ?? NOTHING_KNOWN)]);
    const answers = (draft.shape?.statements ?? []).filter((one) => one.answers !== 'none');
    const [answer, ...others] = answers;
    if (answer?.answers !== 'runs' || others.length > 0) return { columns, outputs: own.outputs };
    // EXECUTE and FETCH answer with the columns of what they run, when that can be one statement only.
    const [only, ...more] = ran;
    const outputs = draft.statements === 1 && more.length === 0 ? (only?.outputs ?? null) : null;
    return { columns, outputs };
  }

  /** What is asked and written, by the statement itself and by every function it calls. */
  #fields(draft: Draft, own: ColumnUses, ran: readonly StatementMeaning[]): StatementMeaning['fields'] {
    const { catalog, state, findings } = this.#resolving;
    const fields = new FrameFields(catalog, state);
    const below = this.#called.map((uses) => this.#below(() => this.#lineage.uses(uses), NOTHING_KNOWN));
    // All of them first: one may do something with what another returns.
    const called = below.map((uses) => this.#withReturned(uses));
    // Rows of a prepared statement that go into a new relation.
    const stores = draft.shape?.statements.some(({ goes }) => goes === 'store') === true;
    const stored = stores ? ran.map(({ columns }) => columns ?? NOTHING_KNOWN) : [];
    const all = [own, ...called, ...stored];
    for (const { uses } of [own, ...called, { uses: this.#computed }])
      for (const use of uses) fields.column(use);
    for (const { uses } of stored)
      for (const use of uses) if (use.roles.includes('output')) fields.column({ ...use, roles: ['store'] });
    for (const { schema, table, column, how } of this.#declassified(draft))
      fields.declassified({ schema, table }, column, how);
    if (all.some(({ complete }) => !complete)) for (const one of findings.relations) fields.unknown(one);
    for (const meaning of ran) fields.ran(meaning.fields ?? []);
    return fields.uses();
  }

  /** An operator or cast in the text may be somebody's, and does with what it is given what it likes. */
  #computing({ operators, types }: Draft): boolean {
    const { ownOperators, castRoutines } = this.#resolving.catalog;
    return (
      (castRoutines.length > 0 && types.length > 0) || operators.some(({ name }) => ownOperators.has(name))
    );
  }

  /** A column of a view that is made of what functions return, or of too much: all that the view reads may be meant. */
  #lost({ schema, table, roles }: ColumnUse): void {
    const { catalog } = this.#resolving;
    const own = roles.filter((role) => role !== 'write');
    for (const role of own) this.#returned.add(role);
    for (const { oid, column } of catalog.relation(schema, table)?.origins ?? []) {
      const origin = catalog.relationByOid(oid);
      if (origin !== undefined)
        this.#computed.push({
          schema: origin.schema,
          table: origin.name,
          column: column ?? '*',
          roles: own,
          writtenBy: [],
        });
    }
  }

  /** What a function shows is used as what it returns is. */
  #withReturned(uses: ColumnUses): ColumnUses {
    if (this.#returned.size === 0) return uses;
    const returned = uses.uses.map((use) =>
      use.roles.includes('output') ? { ...use, roles: [...new Set([...use.roles, ...this.#returned])] } : use,
    );
    return { ...uses, uses: returned };
  }

  /** Each relation that may be meant. */
  *#declassified({ declassified }: Draft) {
    const { frame } = this.#top ?? {};
    for (const { schema, name, column, how } of declassified) {
      const all = name === null ? this.#resolving.catalog.contents(schema ?? '').relations : [];
      for (const one of all) yield { schema: one.schema, table: one.name, column, how };
      if (name === null || frame === undefined) continue;
      for (const one of this.#candidates(frame.names, schema, name)) yield { ...one, column, how };
    }
  }

  /** The statement's own columns, followed through views. */
  #own(): Attribution {
    if (this.#top === null) return UNKNOWN;
    const { uses, outputs } = this.#top.attribution;
    return this.#below(
      () => ({
        ...UNKNOWN,
        uses: this.#lineage.uses(uses),
        outputs: outputs === null ? null : this.#lineage.outputs(outputs),
      }),
      UNKNOWN,
    );
  }

  #below<T>(follow: () => T, otherwise: T): T {
    try {
      return follow();
    } catch (error) {
      if (!(error instanceof TooMuchWork)) throw error;
      return otherwise;
    }
  }

  /** What a view shows, and what a table computes of its own columns; null for what does neither. */
  #made(schema: string, name: string): ReturnType<ViewOutputs> {
    const relation = this.#resolving.catalog.relation(schema, name);
    const behaviour = relation?.behaviour;
    if (relation === undefined || behaviour === undefined) return null;
    const { definition, generated } = behaviour;
    if (definition === null && generated.length === 0) return null;
    const known = this.#shownBy.get(relation.oid);
    if (known !== undefined) return known;
    const outputs = generated.map(({ query }) => this.#shown(query)?.[0] ?? null);
    const made =
      definition === null
        ? {
            columns: generated.map(({ column }) => column),
            outputs: outputs.every((one) => one !== null) ? outputs : null,
            others: true,
          }
        : { columns: relation.columns, outputs: this.#shown(definition), others: false };
    this.#shownBy.set(relation.oid, made);
    return made;
  }

  /** What the query of a view shows: the server wrote it for an empty search path. */
  #shown(definition: BodyText): Attribution['outputs'] {
    const draft = this.#resolving.parsed(definition);
    if (draft === undefined || this.#top === null) return null;
    const inside = { names: this.#top.frame.names.exact(), via: ['a view'] };
    return attribute(draft.shape ?? null, this.#catalog(inside), this.#steps).outputs;
  }

  #catalog({ names, via }: Pick<Frame, 'names' | 'via'>): ColumnCatalog {
    return {
      relations: (schema, name) => this.#candidates(names, schema, name),
      mayCall: (schema, name) =>
        names.places('routine', { schema, name }).some((place) => place !== 'pg_catalog'),
      parameters: via.length > 0,
    };
  }

  /** Every relation a name may stand for, as RelationUses has it, with its columns. */
  #candidates(names: Frame['names'], schema: string | null, name: string): readonly RelationCandidate[] {
    const { catalog, state } = this.#resolving;
    const inTemporary = schema === null || /^pg_temp(_\d+)?$/.test(schema);
    const made = names.made('relation', 'pg_temp', name) ? [] : undefined;
    const sources = inTemporary ? (state.temporary(name) ?? made) : undefined;
    const temporary: RelationCandidate[] =
      sources === undefined
        ? []
        : [{ schema: 'pg_temp', table: name, kind: 'r', columns: null, opaque: true }];
    const places = schema !== null && inTemporary ? [] : names.places('relation', { schema, name });
    const known = places.map((place) => {
      const relation = catalog.relation(place, name);
      // What this session just made, or made anew, may have other columns than the catalog has.
      const { kind = 'r', columns = null, assumed = false } = relation ?? {};
      return { schema: place, table: name, kind, columns: assumed ? null : columns, opaque: false };
    });
    return [...temporary, ...known];
  }
}

function withCompute(uses: ColumnUses): ColumnUses {
  const computed = uses.uses.map((use): ColumnUse => {
    return use.roles.includes('output') ? { ...use, roles: [...use.roles, 'compute'] } : use;
  });
  return { ...uses, uses: computed };
}
