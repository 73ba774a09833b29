/** Where the names of one text may be: by the search paths it is read under, over-approximated. */
import type { CatalogSnapshot } from './catalog.ts';
import type { DraftName, RelationName } from './meaning.ts';
import { createdKey, type SessionState } from './session-state.ts';

type Paths = readonly (readonly string[])[];

export class Names {
  readonly #catalog: CatalogSnapshot;
  readonly #state: SessionState;
  readonly #paths: Paths;
  /** Objects the text itself makes, as createdKey. */
  readonly #made: Set<string>;
  #searched: ReadonlySet<string> | null = null;
  #key: string | null = null;

  constructor(catalog: CatalogSnapshot, state: SessionState, made: Set<string>, paths: Paths) {
    this.#catalog = catalog;
    this.#state = state;
    this.#made = made;
    this.#paths = paths;
  }

  /** The names of the same session under this search path alone. */
  under(path: readonly string[]): Names {
    return new Names(this.#catalog, this.#state, this.#made, [path]);
  }

  /** The names of a text the server wrote for an empty search path: pg_catalog's, and qualified ones. */
  exact(): Names {
    return new Names(this.#catalog, this.#state, this.#made, []);
  }

  /** Equal for names that are looked up alike. */
  get key(): string {
    this.#key ??= JSON.stringify(this.#paths);
    return this.#key;
  }

  /** Every schema an unqualified name may be looked up in, pg_catalog and temporary ones apart. */
  get searched(): ReadonlySet<string> {
    this.#searched ??= new Set(this.#paths.flat());
    return this.#searched;
  }

  knows(what: 'relation' | 'routine', schema: string, name: string): boolean {
    const loaded =
      what === 'relation'
        ? this.#catalog.relation(schema, name) !== undefined
        : this.#catalog.hasRoutine(schema, name);
    return loaded || this.#state.hasCreated(what, schema, name) || this.made(what, schema, name);
  }

  made(what: 'relation' | 'routine' | 'schema', schema: string, name: string): boolean {
    return this.#made.size > 0 && this.#made.has(createdKey(what, schema, name));
  }

  make(what: 'relation' | 'routine' | 'schema', schema: string, name: string): void {
    this.#made.add(createdKey(what, schema, name));
  }

  /** The schemas a name may be in; empty when it is in none. */
  places(what: 'relation' | 'routine', name: DraftName): string[] {
    const { schema } = name;
    if (schema !== null) return this.knows(what, schema, name.name) ? [schema] : [];
    // Not only the first of each path: one may have been dropped since the catalog was read.
    const candidates = new Set([...this.searched, 'pg_catalog']);
    return [...candidates].filter((one) => this.knows(what, one, name.name));
  }

  /** Every relation a name may stand for, a temporary one too. */
  relations({ schema, name }: DraftName): RelationName[] {
    const temporary = schema === null ? this.#isTemporary(name) : /^pg_temp(_\d+)?$/.test(schema);
    const places = temporary && schema !== null ? [] : this.places('relation', { schema, name });
    return [...(temporary ? ['pg_temp'] : []), ...places].map((place) => ({ schema: place, table: name }));
  }

  #isTemporary(name: string): boolean {
    return this.#state.temporary(name) !== undefined || this.made('relation', 'pg_temp', name);
  }

  /** Where an unqualified name would be made: the first schema of each path that exists. */
  creatable(): string[] {
    const places = new Set<string>();
    for (const path of this.#paths) {
      for (const schema of path) {
        const made = this.#state.hasCreated('schema', schema, schema) || this.made('schema', schema, schema);
        if (!this.#catalog.schemas.has(schema) && !made && schema !== 'pg_temp') continue;
        places.add(schema);
        break;
      }
    }
    return [...places];
  }
}
