/**
 * What an access to a relation sets off: the query of a view, rules, triggers, defaults, constraints, index expressions,
 * policies, foreign keys, children and parents. docs/statements.md says which of these become evaluations.
 */
import type { CatalogRelation, ReferentialAction, RelationBehaviour, RelationEvent } from './catalog.ts';
import { DefinitionReach } from './definition-reach.ts';
import { type Frame, nameOf, type Resolving, through } from './frame.ts';
import type { BodyText } from './meaning.ts';
import { isView } from './schema-dropped.ts';

/** How the relation is named in the text that touches it. */
export interface AccessOptions {
  readonly only?: boolean;
  readonly cascade?: boolean;
  /** The column or constraint that a definition changes. */
  readonly part?: string;
}

/** Actions that reach what inherits from a relation. */
export const REACH_CHILDREN: ReadonlySet<string> = new Set([
  'select',
  'update',
  'delete',
  'truncate',
  'lock',
  'alter',
  'create',
  'drop',
  'maintain',
]);
/** Actions on rows that are the parents' rows as well. */
const REACH_PARENTS = new Set([
  'select',
  'insert',
  'update',
  'delete',
  'truncate',
  'lock',
  'copy_in',
  'drop',
]);
const EVENTS = new Set<string>(['select', 'insert', 'update', 'delete', 'truncate']);

export class Consequences {
  readonly #resolving: Resolving;
  readonly #reach: DefinitionReach;

  constructor(resolving: Resolving) {
    this.#resolving = resolving;
    this.#reach = new DefinitionReach(resolving);
  }

  of(frame: Frame, relation: CatalogRelation, action: string, options: AccessOptions): void {
    this.#family(frame, relation, action, options);
    this.#index(frame, relation, action);
    this.#reach.of(frame, relation, action, options);
    const own = relation.behaviour;
    if (own !== undefined) {
      if (relation.kind === 'v') this.#view(frame, relation, own, action);
      else this.#table(frame, relation, own, action);
      if (EVENTS.has(action)) this.#event(frame, relation, own, action as RelationEvent);
      if (action === 'truncate' || action === 'drop') this.#cascade(frame, relation, own, action, options);
    }
    if (action === 'drop' && options.cascade === true) {
      for (const reader of this.#resolving.catalog.readersOf(relation.oid).filter(isView))
        this.#resolving.access(frame, nameOf(relation), reader, 'drop', true);
    }
  }

  /** An index is part of its table. */
  #index(frame: Frame, { table, ...index }: CatalogRelation, action: string): void {
    const owner = table === undefined ? undefined : this.#resolving.catalog.relationByOid(table);
    if (owner === undefined || frame.via.includes(nameOf(owner))) return;
    if (action === 'maintain') this.#resolving.access(frame, nameOf(index), owner, 'maintain');
    else if (action === 'drop' || action === 'alter')
      this.#resolving.access(frame, nameOf(index), owner, 'alter');
  }

  /** Rows of a child are rows of its parents, either way it is named. */
  #family(frame: Frame, relation: CatalogRelation, action: string, options: AccessOptions): void {
    const { only = false, cascade = false } = options;
    const { catalog, findings } = this.#resolving;
    const down = REACH_CHILDREN.has(action) || (action === 'insert' && relation.kind === 'p');
    if (down && !only) {
      for (const oid of relation.children) {
        const child = catalog.relationByOid(oid);
        if (child !== undefined) this.#resolving.access(frame, nameOf(relation), child, action, cascade);
      }
    }
    if (!REACH_PARENTS.has(action)) return;
    const via = through(frame.via, nameOf(relation));
    for (const oid of relation.parents) {
      const parent = catalog.relationByOid(oid);
      // What was reached through the parent has been judged there.
      if (parent === undefined || frame.via.includes(nameOf(parent))) continue;
      findings.evaluate(action, via, 'Table', parent.schema, parent.name);
      // Which partition a row belongs in is worked out for every one that is written.
      const writes = action === 'insert' || action === 'update';
      if (writes && parent.kind === 'p')
        for (const body of parent.behaviour?.indexes ?? []) this.#follow({ ...frame, via }, parent, body);
      this.#family({ ...frame, via }, parent, action, { only: true });
    }
  }

  #view(frame: Frame, view: CatalogRelation, own: RelationBehaviour, action: string): void {
    const resolving = this.#resolving;
    if (own.definition === null) {
      if (action === 'select')
        resolving.cannotTell(frame, `the query of view ${nameOf(view)} cannot be read`);
      return;
    }
    const writes = action === 'insert' || action === 'update' || action === 'delete';
    this.#defaults(frame, view, own, action);
    if (action === 'select' || action === 'update' || action === 'delete' || (writes && own.checked))
      this.#follow(frame, view, own.definition, true);
    if (action !== 'lock' && !writes) return;
    const instead = [
      ...own.rules,
      ...own.triggers.filter(({ events }) => events.includes(action as RelationEvent)),
    ];
    if (
      writes &&
      instead.some((one) => one.instead && !one.disabled && (!('event' in one) || one.event === action))
    )
      return;
    this.#base(frame, view, own.definition, action);
  }

  /** What is written through a view, or locked with it, is what it shows. */
  #base(frame: Frame, view: CatalogRelation, definition: BodyText, action: string): void {
    const draft = this.#resolving.parsed(definition);
    if (draft === undefined) return;
    // LOCK goes to everything a view reads; a write only to the one relation of a view that can be written through.
    const names =
      action === 'lock' ? draft.relations.map(({ schema, name }) => ({ schema, name })) : [draft.base];
    for (const name of names) {
      if (name === null) continue;
      const base = this.#resolving.catalog.relation(name.schema ?? 'pg_catalog', name.name);
      // A view may give its columns other names.
      if (base !== undefined)
        this.#resolving.access({ ...frame, keysChange: true }, nameOf(view), base, action);
    }
  }

  #table(frame: Frame, relation: CatalogRelation, own: RelationBehaviour, action: string): void {
    const resolving = this.#resolving;
    const name = nameOf(relation);
    if (own.server !== null && EVENTS.has(action))
      resolving.findings.evaluate('foreign_server', through(frame.via, name), 'ForeignServer', own.server);
    if (action === 'maintain' && own.definition !== null) this.#follow(frame, relation, own.definition, true);
    if (action === 'maintain') for (const body of own.statistics) this.#follow(frame, relation, body);
    const rewrites = action === 'alter' || action === 'maintain';
    const writes = action === 'insert' || action === 'update';
    if (writes || rewrites) {
      for (const body of [...own.indexes, ...own.checks]) this.#follow(frame, relation, body);
      for (const body of [...own.stored, ...own.virtual]) this.#follow(frame, relation, body, true);
      for (const routine of own.indexRoutines) resolving.call(frame, name, routine);
    } else if (action === 'select') for (const body of own.virtual) this.#follow(frame, relation, body, true);
    this.#defaults(frame, relation, own, action);
    if (action === 'restart') this.#advance(frame, relation, own.sequences);
    if (action === 'validate') this.#referenced(frame, relation, own);
    if (action === 'enable') this.#enabled(frame, relation, own);
  }

  /** A view may have defaults of its own. */
  #defaults(frame: Frame, relation: CatalogRelation, own: RelationBehaviour, action: string): void {
    if (action !== 'insert' && !(action === 'update' && frame.draft.setsDefault)) return;
    for (const body of own.defaults) this.#follow(frame, relation, body, true);
    this.#advance(frame, relation, own.identities);
  }

  #referenced(frame: Frame, relation: CatalogRelation, own: RelationBehaviour): void {
    for (const { oid } of own.references) {
      const other = this.#resolving.catalog.relationByOid(oid);
      if (other !== undefined) this.#resolving.access(frame, nameOf(relation), other, 'select');
    }
  }

  /** Switching on triggers, rules or row security counts as what they do, like making them. */
  #enabled(frame: Frame, relation: CatalogRelation, own: RelationBehaviour): void {
    for (const { routine } of own.triggers) this.#resolving.call(frame, nameOf(relation), routine);
    for (const { body } of [...own.rules, ...own.policies]) this.#follow(frame, relation, body, true);
  }

  #advance(frame: Frame, relation: CatalogRelation, sequences: readonly number[]): void {
    for (const oid of sequences) {
      const sequence = this.#resolving.catalog.relationByOid(oid);
      const via = through(frame.via, nameOf(relation));
      if (sequence !== undefined)
        this.#resolving.findings.evaluate('advance', via, 'Sequence', sequence.schema, sequence.name);
    }
  }

  #event(frame: Frame, relation: CatalogRelation, own: RelationBehaviour, event: RelationEvent): void {
    const resolving = this.#resolving;
    const name = nameOf(relation);
    // A row that moves between partitions is deleted from one and inserted into another.
    const moves = event === 'update' && relation.parents.length > 0;
    for (const { event: on, body, disabled } of own.rules)
      if (on === event && !disabled) this.#follow(frame, relation, body, true);
    for (const { events, routine, condition, disabled } of own.triggers) {
      if (disabled) continue;
      if (!events.includes(event) && !(moves && (events.includes('insert') || events.includes('delete'))))
        continue;
      if (condition !== null) this.#follow(frame, relation, condition);
      resolving.call(frame, name, routine);
    }
    if (own.rowSecurity) {
      for (const policy of own.policies) {
        // Rows are read before they are changed, and read back by RETURNING.
        if (policy.event === 'all' || policy.event === 'select' || policy.event === event)
          this.#follow(frame, relation, policy.body);
      }
    }
    this.#foreignKeys(frame, relation, own, event);
  }

  #foreignKeys(frame: Frame, relation: CatalogRelation, own: RelationBehaviour, event: RelationEvent): void {
    const touch = (oid: number, action: ReferentialAction | 'select') => {
      const other = this.#resolving.catalog.relationByOid(oid);
      if (other === undefined) return;
      const inside: Frame = action === 'select' ? frame : { ...frame, keysChange: true };
      this.#resolving.access(inside, nameOf(relation), other, action === 'default' ? 'update' : action);
      if (action !== 'default') return;
      for (const body of other.behaviour?.defaults ?? []) this.#follow(inside, other, body);
    };
    if (event === 'insert' || event === 'update') this.#referenced(frame, relation, own);
    if (event !== 'delete' && event !== 'update') return;
    // A trigger, or another foreign key, may change what the text does not name.
    const hidden = frame.keysChange === true || own.triggers.some(({ events }) => events.includes('update'));
    for (const { oid, key, onDelete, onUpdate } of own.referencedBy) {
      const changed = event === 'delete' || hidden || key.some((one) => frame.draft.assigned.includes(one));
      if (!changed) continue;
      const follows = event === 'delete' ? onDelete : onUpdate;
      // Without an action it is looked whether a row refers to this one.
      touch(oid, follows === 'none' ? 'select' : follows);
      // A row that moves out of the partition that is referred to is deleted there.
      if (event === 'update' && relation.parents.length > 0 && onDelete !== 'none') touch(oid, onDelete);
    }
  }

  #cascade(
    frame: Frame,
    relation: CatalogRelation,
    own: RelationBehaviour,
    action: string,
    { cascade = false }: AccessOptions,
  ): void {
    if (!cascade) return;
    for (const { oid } of own.referencedBy) {
      const other = this.#resolving.catalog.relationByOid(oid);
      // DROP takes the foreign key away, TRUNCATE empties what refers to it.
      if (other !== undefined)
        this.#resolving.access(frame, nameOf(relation), other, action === 'drop' ? 'alter' : action, true);
    }
  }

  #follow(frame: Frame, relation: CatalogRelation, body: BodyText, answers = false): void {
    this.#resolving.follow(body, {
      frame,
      owner: nameOf(relation),
      names: frame.names.exact(),
      running: frame.running,
      answers,
    });
  }
}
