/** What resolving finds: evaluations, relations, and what cannot be told. */
import { createHash } from 'node:crypto';
import type { Evaluation, Resource, ResourceType } from '../../protocol.ts';
import type { RelationName } from './meaning.ts';

/** Resources of these types are below the database. */
const IN_DATABASE: ReadonlySet<ResourceType> = new Set([
  'Schema',
  'Table',
  'Function',
  'Sequence',
  'Channel',
]);

const TARGET: Resource = Object.freeze({ type: 'Target', path: Object.freeze([]) });

export class Findings {
  readonly #database: string;
  readonly #evaluations = new Map<string, Evaluation>();
  readonly #relations = new Map<string, RelationName>();
  readonly #undeterminedOn = new Map<string, Resource>();
  readonly #definitions = new Set<string>();
  undetermined: string | null = null;
  anyColumn = false;

  constructor(database: string) {
    this.#database = database;
  }

  get evaluations(): readonly Evaluation[] {
    return [...this.#evaluations.values()];
  }

  get count(): number {
    return this.#evaluations.size;
  }

  get relations(): readonly RelationName[] {
    return [...this.#relations.values()];
  }

  /** What cannot be told, where that is less than everything. */
  get undeterminedOn(): readonly Resource[] {
    return [...this.#undeterminedOn.values()];
  }

  /** A view, a function's body or another definition that the meaning rests on. */
  restsOn(definition: string): void {
    this.#definitions.add(definition);
  }

  /** Digest of all it rests on, or undefined: the text says everything. */
  get basis(): string | undefined {
    if (this.#definitions.size === 0) return undefined;
    const digest = createHash('sha256');
    for (const definition of [...this.#definitions].sort()) digest.update(JSON.stringify(definition));
    return digest.digest('base64url');
  }

  /** The first reason is kept; `on` is the function or database whose doing cannot be told, null for all of it. */
  cannotTell(why: string, on: Resource | null): void {
    this.undetermined ??= why;
    const resource = on ?? TARGET;
    this.#undeterminedOn.set(JSON.stringify([resource.type, resource.path]), resource);
  }

  resource(type: ResourceType, ...below: readonly string[]): Resource {
    const path = IN_DATABASE.has(type) || type === 'Database' ? [this.#database, ...below] : [...below];
    return Object.freeze({ type, path: Object.freeze(path) });
  }

  evaluate(action: string, via: readonly string[], type: ResourceType, ...below: readonly string[]): void {
    // A database that is named is its own path; the one we are in is not named.
    const named = type === 'Database' && below.length > 0;
    const resource = named
      ? Object.freeze({ type, path: Object.freeze([...below]) })
      : this.resource(type, ...below);
    this.add(
      via.length === 0
        ? Object.freeze({ action, resource })
        : Object.freeze({ action, resource, facts: Object.freeze({ via }) }),
    );
  }

  add(evaluation: Evaluation): void {
    const { action, resource, facts } = evaluation;
    const key = JSON.stringify([action, resource.type, resource.path, facts]);
    if (!this.#evaluations.has(key)) this.#evaluations.set(key, evaluation);
  }

  addRelation(name: RelationName): void {
    this.#relations.set(JSON.stringify([name.schema, name.table]), Object.freeze(name));
  }
}
