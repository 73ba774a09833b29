/**
 * What a definition changes beyond the relation it names: tables at the other end of a foreign key, default partitions,
 * partitions below. Each is `alter` and nothing more: their rows stay, and no expression of theirs is computed.
 */
import type { CatalogRelation } from './catalog.ts';
import { type Frame, nameOf, type Resolving, through } from './frame.ts';
import { isView, takenAlong } from './schema-dropped.ts';

/**
 * Not actions on the relation, only what a definition reaches from it: it gets or loses a partition (`divide`), becomes one
 * or is none any more (`part`), has a foreign key made to it (`refer`), loses or changes a column or constraint (`lose`).
 */
export const REACHES: ReadonlySet<string> = new Set(['divide', 'part', 'refer', 'lose']);

export interface ReachOptions {
  readonly only?: boolean;
  readonly cascade?: boolean;
  /** The column or constraint that is changed. */
  readonly part?: string;
}

export class DefinitionReach {
  readonly #resolving: Resolving;

  constructor(resolving: Resolving) {
    this.#resolving = resolving;
  }

  of(frame: Frame, relation: CatalogRelation, action: string, options: ReachOptions): void {
    if (action === 'divide') {
      this.#divided(frame, relation);
      this.#bothEnds(frame, relation);
    } else if (action === 'part') {
      this.#below(frame, relation);
      this.#bothEnds(frame, relation);
    } else if (action === 'refer') {
      if (relation.kind === 'p') this.#below(frame, relation);
    } else if (action === 'lose') this.#losing(frame, relation, options);
    else if (action === 'drop') this.#dropped(frame, relation, options);
  }

  /** Rows of the default partition may belong in another one from now on. */
  #divided(frame: Frame, { defaultPartition, ...relation }: CatalogRelation): void {
    if (defaultPartition !== undefined) this.#altered(frame, nameOf(relation), defaultPartition);
  }

  /** Foreign keys have triggers on both tables, and every partition has triggers of its own. */
  #bothEnds(frame: Frame, relation: CatalogRelation): void {
    this.#referred(frame, relation);
    for (const { oid } of relation.behaviour?.referencedBy ?? []) this.#altered(frame, nameOf(relation), oid);
  }

  #referred(frame: Frame, relation: CatalogRelation): void {
    for (const { oid } of relation.behaviour?.references ?? []) this.#altered(frame, nameOf(relation), oid);
  }

  #dropped(frame: Frame, relation: CatalogRelation, { cascade = false }: ReachOptions): void {
    const { catalog } = this.#resolving;
    const above = relation.parents.map((oid) => catalog.relationByOid(oid));
    const partitioned = above.filter((one) => one?.kind === 'p');
    for (const parent of partitioned) if (parent !== undefined) this.#divided(frame, parent);
    if (partitioned.length > 0) this.#bothEnds(frame, relation);
    else this.#referred(frame, relation);
    if (!cascade) return;
    const { rowType = 0, schema, name } = relation;
    for (const dependents of [catalog.usersOfType(rowType), catalog.madeWith(schema, name)])
      takenAlong(this.#resolving, frame, nameOf(relation), dependents);
  }

  #losing(frame: Frame, relation: CatalogRelation, options: ReachOptions): void {
    const { part = '', cascade = false, only = false } = options;
    if (!this.#resolving.step(frame.via, 'lose', relation.oid, part, cascade)) return;
    const own = relation.behaviour?.references ?? [];
    for (const { oid, name, key } of own)
      if (name === part || key.includes(part)) this.#altered(frame, nameOf(relation), oid);
    const key = own.some(({ name }) => name === part);
    for (const { oid, key: columns } of relation.behaviour?.referencedBy ?? []) {
      // What a key is referred to by may be called anything: with CASCADE it goes.
      const taken = cascade && !key && !relation.columns.includes(part);
      if (taken || columns.includes(part)) this.#altered(frame, nameOf(relation), oid);
    }
    // A view over a column goes with it, and so may one that groups by a key.
    if (cascade)
      for (const reader of this.#resolving.catalog.readersOf(relation.oid).filter(isView))
        this.#resolving.access(frame, nameOf(relation), reader, 'drop', true);
    // What a child has of its own from now on is noted in it.
    if (only) {
      this.#below(frame, relation);
      return;
    }
    for (const oid of relation.children) {
      const child = this.#resolving.catalog.relationByOid(oid);
      if (child !== undefined)
        this.#losing({ ...frame, via: through(frame.via, nameOf(relation)) }, child, options);
    }
  }

  #altered(frame: Frame, owner: string, oid: number): void {
    const relation = this.#resolving.catalog.relationByOid(oid);
    if (relation === undefined || relation.kind === 'i' || relation.kind === 'I') return;
    const via = through(frame.via, owner);
    if (!this.#resolving.step(via, 'altered', oid)) return;
    this.#resolving.findings.evaluate('alter', via, 'Table', relation.schema, relation.name);
    if (relation.kind === 'p') this.#below({ ...frame, via }, relation);
  }

  #below(frame: Frame, relation: CatalogRelation): void {
    for (const oid of relation.children) this.#altered(frame, nameOf(relation), oid);
  }
}
