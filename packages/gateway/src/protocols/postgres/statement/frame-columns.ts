/** Which columns a statement and everything it sets off use: attributed text by text, as facts of its evaluations. */
import type { Evaluation } from '../../protocol.ts';
import type { CatalogRelation } from './catalog.ts';
import {
  type Attribution,
  attribute,
  type ColumnCatalog,
  ColumnFacts,
  joined,
  NOTHING_KNOWN,
  type RelationCandidate,
  Steps,
  TooMuchWork,
  together,
  ViewLineage,
} from './columns/index.ts';
import { type Frame, nameOf, type Resolving } from './frame.ts';
import type { BodyText, Draft, StatementMeaning } from './meaning.ts';

const UNKNOWN: Attribution = { uses: NOTHING_KNOWN, outputs: null };

export class FrameColumns {
  readonly #resolving: Resolving;
  /** All texts of one statement share what looking at them may cost. */
  readonly #steps = new Steps();
  readonly #facts: ColumnFacts<CatalogRelation>;
  #top: { readonly frame: Frame; readonly attribution: Attribution } | null = null;

  constructor(resolving: Resolving) {
    this.#resolving = resolving;
    this.#facts = new ColumnFacts(
      (schema, name) => resolving.catalog.relation(schema, name),
      (relation) => this.#kin(relation),
    );
  }

  /** Looks at one text. */
  frame(frame: Frame): void {
    const { draft, via } = frame;
    const attribution = attribute(draft.shape ?? null, this.#catalog(frame), this.#steps);
    if (via.length === 0) this.#top = { frame, attribution };
    this.#facts.add(via, attribution.uses);
    // What a text names in another way than in a query is about columns nobody knows.
    const known = new Set(attribution.uses.known.map(({ schema, table }) => JSON.stringify([schema, table])));
    for (const { action, schema, name, mode } of draft.relations) {
      if (mode === 'new' || known.has(JSON.stringify([schema, name]))) continue;
      for (const one of this.#candidates(frame.names, schema, name)) {
        if (!known.has(JSON.stringify([one.schema, one.table])))
          this.#facts.unknown(action, via, one.schema, one.table);
      }
    }
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
  meaning(draft: Draft, ran: readonly StatementMeaning[]): Pick<StatementMeaning, 'columns' | 'outputs'> {
    const own = this.#own();
    const columns = together([own.uses, ...ran.map((meaning) => meaning.columns ?? NOTHING_KNOWN)]);
    const answers = (draft.shape?.statements ?? []).filter((one) => one.answers !== 'none');
    const [answer, ...others] = answers;
    if (answer?.answers !== 'runs' || others.length > 0) return { columns, outputs: own.outputs };
    // EXECUTE and FETCH answer with the columns of what they run, when that can be one statement only.
    const [only, ...more] = ran;
    const outputs = draft.statements === 1 && more.length === 0 ? (only?.outputs ?? null) : null;
    return { columns, outputs };
  }

  /** The statement's own columns, followed through views. */
  #own(): Attribution {
    if (this.#top === null) return UNKNOWN;
    const { frame, attribution } = this.#top;
    const { uses, outputs } = attribution;
    const { catalog } = this.#resolving;
    const shown = new Map<number, Attribution['outputs']>();
    const lineage = new ViewLineage((schema, name) => {
      const view = catalog.relation(schema, name);
      const definition = view?.behaviour?.definition ?? null;
      if (view === undefined || definition === null) return null;
      const known = shown.get(view.oid);
      const outputs = known !== undefined ? known : this.#shown(definition, frame);
      shown.set(view.oid, outputs);
      return { columns: view.columns, outputs };
    }, this.#steps);
    try {
      return { uses: lineage.uses(uses), outputs: outputs === null ? null : lineage.outputs(outputs) };
    } catch (error) {
      if (!(error instanceof TooMuchWork)) throw error;
      return UNKNOWN;
    }
  }

  /** What the query of a view shows: the server wrote it for an empty search path. */
  #shown(definition: BodyText, { names }: Frame): Attribution['outputs'] {
    const draft = this.#resolving.parsed(definition);
    if (draft === undefined) return null;
    const inside = { names: names.exact(), via: ['a view'] };
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
