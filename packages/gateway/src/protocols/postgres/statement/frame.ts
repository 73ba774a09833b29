/** One text being resolved, and what the parts of the resolver share. */
import type { Resource } from '../../protocol.ts';
import type { CatalogRelation, CatalogSnapshot, FunctionRef } from './catalog.ts';
import type { Findings } from './findings.ts';
import type { FrameColumns } from './frame-columns.ts';
import type { BodyText, Draft } from './meaning.ts';
import type { Names } from './names.ts';
import type { ChildMade, SessionState } from './session-state.ts';

/** A text with the way that leads to it: the statement itself, or the body of something it sets off. */
export interface Frame {
  readonly draft: Draft;
  /** Views, tables, types and functions that lead to it, as `schema.name`, sorted; empty for the statement itself. */
  readonly via: readonly string[];
  /** How its names are looked up. */
  readonly names: Names;
  /** How names are looked up in a function it calls: a definition has its names fixed, a function's body has not. */
  readonly running: Names;
  /** The function whose doing this is; null when it is nobody's but the statement's. */
  readonly blame: Resource | null;
  /** Whether values it reads can come out again: not those of a CHECK, an index or a policy. */
  readonly answers: boolean;
  /** Columns change that the text does not name: a foreign key changes them. */
  readonly keysChange?: true;
  /** The way to the first type on it: types lead to each other in circles, and each is followed once from there. */
  readonly beforeTypes?: readonly string[];
}

/** What a body is followed with. */
export interface BodyUse {
  readonly frame: Frame;
  /** What has the body, as `schema.name`. */
  readonly owner: string;
  readonly names: Names;
  readonly running?: Names;
  readonly blame?: Resource;
  readonly answers?: boolean;
}

/** What the parts of the resolver do with each other. */
export interface Resolving {
  readonly catalog: CatalogSnapshot;
  readonly state: SessionState;
  readonly findings: Findings;
  /** The roles the session may be: `$user` in a search path. */
  readonly users: ReadonlySet<string>;
  readonly columns: FrameColumns;
  cannotTell(frame: Frame, why: string): void;
  /** A name was not there that a newer catalog might have. */
  missing(frame: Frame): void;
  /** Resolves the body later, or asks for it when it has not been parsed. */
  follow(body: BodyText, use: BodyUse): void;
  /** The body as parsed, or undefined when it has to be asked for. */
  parsed(body: BodyText): Draft | undefined;
  /** What a function that the session or the statement itself made may run; null when that cannot be told. */
  /** Everything that functions the session made do, through this relation. */
  anyMade(frame: Frame, schema: string, name: string): void;
  bodiesMade(schema: string, name: string): readonly (BodyText | null)[];
  /** Children that the session or the statement itself gave a relation. */
  childrenMade(schema: string, name: string): readonly ChildMade[];
  /** Whether there is room for one more step, and this one was not taken before. */
  step(via: readonly string[], ...key: readonly unknown[]): boolean;
  /** An action on a relation that something else sets off. */
  access(
    frame: Frame,
    owner: string | null,
    relation: CatalogRelation,
    action: string,
    cascade?: boolean,
  ): void;
  /** A call of a function that something else sets off. */
  call(frame: Frame, owner: string, routine: FunctionRef): void;
}

/** The way one step further; sorted, so that equal ways are one. */
export function through(via: readonly string[], name: string | null): readonly string[] {
  return name === null || via.includes(name) ? via : Object.freeze([...via, name].sort());
}

export function nameOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`;
}
