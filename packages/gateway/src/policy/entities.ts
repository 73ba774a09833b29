/**
 * What an evaluation looks like to Cedar: entities with ids and parents, as schema.cedarschema declares them.
 * Pure. Every part of a path is chosen by whoever wrote the statement or request.
 */
import type { Evaluation, ResourceType } from '../protocols/protocol.ts';
import type { SessionContext } from './decision.ts';

/** Resource types of the schema: those of the bindings, and the one this room asks about itself. */
export type PolicyResourceType = ResourceType | 'DataClass';

/** An evaluation as this room asks it: `reveal` on a data class included. */
export interface Question {
  readonly action: string;
  readonly resource: { readonly type: PolicyResourceType; readonly path: readonly string[] };
}

/** What policies may know of a session; nothing else crosses to the worker. */
export interface SessionFacts {
  readonly subject: string;
  readonly groups: readonly string[];
  readonly actor: string | null;
  readonly task: string | null;
  readonly person: boolean;
  readonly target: string;
  readonly protocol: string;
  readonly secure: boolean;
}

/** An entity in Cedar's JSON form. */
export interface Entity {
  readonly uid: EntityUid;
  readonly attrs: Record<string, string>;
  readonly parents: EntityUid[];
}

export interface EntityUid {
  readonly type: string;
  readonly id: string;
}

/** What the parts of a path are called as attributes; the last is the thing itself. Route has any number of parts. */
const PARTS: Record<PolicyResourceType, readonly string[] | 'any'> = {
  Target: [],
  Database: ['name'],
  Schema: ['database', 'name'],
  Table: ['database', 'schema', 'name'],
  Function: ['database', 'schema', 'name'],
  Sequence: ['database', 'schema', 'name'],
  Channel: ['database', 'name'],
  Role: ['name'],
  Setting: ['name'],
  File: ['name'],
  Program: ['name'],
  ForeignServer: ['name'],
  Extension: ['name'],
  DataClass: ['name'],
  Route: 'any',
};

/** What holds a thing whose path is one longer than the index. */
const HOLDERS = ['Target', 'Database', 'Schema'] as const;

/** Why a resource cannot be placed in the hierarchy, or null when it can. Never throws, whatever the binding sent. */
export function misplaced(
  resource: Question['resource'],
  limits: { readonly pathBytes: number; readonly pathSegments: number },
): string | null {
  const parts = Object.hasOwn(PARTS, resource.type) ? PARTS[resource.type] : undefined;
  if (parts === undefined) return 'this type of resource is not in the policy schema';
  if (parts === 'any' && resource.path.length > limits.pathSegments) {
    return `a path of more than ${limits.pathSegments} segments is over the limit pathSegments`;
  }
  if (parts !== 'any' && resource.path.length !== parts.length) {
    return `a path of ${parts.length} parts is expected, ${resource.path.length} were given`;
  }
  let bytes = 0;
  for (const part of resource.path) {
    // Two names that differ in broken surrogates only would become one entity.
    if (!part.isWellFormed()) return 'a name is not well-formed Unicode';
    bytes += Buffer.byteLength(part);
  }
  return bytes > limits.pathBytes
    ? `a path longer than ${limits.pathBytes} bytes is over the limit pathBytes`
    : null;
}

/** The entity of a resource that is not `misplaced`, its parents listed all the way up. */
export function resourceEntity(target: string, resource: Question['resource']): Entity {
  const { type } = resource;
  // A target reads `ROW_SECURITY` and `row_security` as one setting, so a policy must too.
  const path = type === 'Setting' ? resource.path.map(lowerAscii) : resource.path;
  const encoded = path.map(encodeURIComponent);
  const idOf = (length: number) => [encodeURIComponent(target), ...encoded.slice(0, length)].join('/');
  const uid = { type, id: idOf(path.length) };
  if (type === 'Target') return { uid, attrs: { name: target }, parents: [] };
  if (type === 'Route') {
    const parents: EntityUid[] = [{ type: 'Target', id: idOf(0) }];
    for (let length = 0; length < path.length; length++) parents.push({ type: 'Route', id: idOf(length) });
    return { uid, attrs: { target, path: `/${encoded.join('/')}` }, parents };
  }
  const parts = PARTS[type];
  const attrs: Record<string, string> = { target };
  path.forEach((part, index) => {
    const name = parts[index];
    if (name !== undefined) attrs[name] = part;
  });
  const parents = HOLDERS.slice(0, path.length).map((holder, length) => ({ type: holder, id: idOf(length) }));
  return { uid, attrs, parents };
}

/** The entity of who asks. */
export function principalEntity(facts: SessionFacts): Entity {
  return {
    uid: { type: 'Subject', id: facts.subject },
    attrs: {},
    parents: facts.groups.map((id) => ({ type: 'Group', id })),
  };
}

/** The `Session` record of the schema. */
export function sessionRecord(facts: SessionFacts): Record<string, string | boolean> {
  const { protocol, secure, person, actor, task } = facts;
  return {
    protocol,
    secure,
    person,
    ...(actor === null ? {} : { actor }),
    ...(task === null ? {} : { task }),
  };
}

/** Everything of a session that an answer may depend on, in one order. */
export function factsOf(context: SessionContext): SessionFacts {
  const { identity, target, protocol, secure } = context;
  return {
    subject: identity.subject,
    groups: [...new Set(identity.groups)].sort(),
    actor: identity.actor,
    task: identity.task,
    person: identity.kind === 'person',
    target,
    protocol,
    secure,
  };
}

/** How a resource is named to people and agents: type and path, quoted, bounded, nothing a terminal would act on. */
export function describe(target: string, question: Question | Evaluation): string {
  const { type, path } = question.resource;
  const parts = type === 'Target' ? [target] : path;
  const joined = parts.map((part) => part.toWellFormed().replaceAll('/', '%2F')).join('/');
  const shown = joined.length > 200 ? `${joined.slice(0, 200)}…` : joined;
  return `${type} ${quote(type === 'Route' ? `/${shown}` : shown)}`;
}

/** A name in quotes, with control and direction characters escaped. */
export function quote(name: string): string {
  return JSON.stringify(name).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function lowerAscii(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
