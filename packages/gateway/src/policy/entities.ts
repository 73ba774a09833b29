/**
 * What an evaluation looks like to Cedar: entities with ids and parents, as schema.cedarschema declares them.
 * Pure. Every part of a path is chosen by whoever wrote the statement or request.
 */
import type { EvaluationFacts } from '../protocols/protocol.ts';
import type { Question, SessionContext } from './decision.ts';
import { isRecursive, PLACES, type PolicyResourceType } from './places.ts';

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
  readonly access: SessionContext['access'];
}

/** An entity in Cedar's JSON form. */
export interface Entity {
  readonly uid: EntityUid;
  readonly attrs: Record<string, string | number>;
  readonly parents: EntityUid[];
}

export interface EntityUid {
  readonly type: string;
  readonly id: string;
}

interface PathLimits {
  readonly pathBytes: number;
  readonly pathSegments: number;
}

/** Why a resource cannot be placed in the hierarchy, or null when it can. Never throws, whatever the binding sent. */
export function misplaced(resource: Question['resource'], limits: PathLimits): string | null {
  const { type, path } = resource;
  if (!Object.hasOwn(PLACES, type)) return 'this type of resource is not in the policy schema';
  const { parts } = PLACES[type];
  if (isRecursive(parts)) {
    if (path.length > limits.pathSegments) {
      return `a path of more than ${limits.pathSegments} segments is over the limit pathSegments`;
    }
    if (path.length < parts.least) return 'a path of one part at least is expected, none was given';
  } else if (path.length !== parts.length) {
    return `a path of ${parts.length} parts is expected, ${path.length} were given`;
  }
  let bytes = 0;
  for (const part of path) {
    // Two names that differ in broken surrogates only would become one entity.
    if (!part.isWellFormed()) return 'a name is not well-formed Unicode';
    bytes += Buffer.byteLength(part);
  }
  if (type === 'Endpoint' && !PORT.test(path[1] ?? '')) return 'a port is a number up to 65535';
  return bytes > limits.pathBytes
    ? `a path longer than ${limits.pathBytes} bytes is over the limit pathBytes`
    : null;
}

/** A port in the one way to write it: two spellings would be two entities. 0 stands for any. */
const PORT = /^(?:0|[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/;

/** The entity of a resource that is not `misplaced`, its parents listed all the way up. */
export function resourceEntity(target: string, resource: Question['resource']): Entity {
  const { type } = resource;
  // A target reads `ROW_SECURITY` and `row_security` as one setting, so a policy must too.
  const path = type === 'Setting' ? resource.path.map(lowerAscii) : resource.path;
  const encoded = path.map(encodeURIComponent);
  const idOf = (parts: readonly string[]) => [encodeURIComponent(target), ...parts].join('/');
  const uid = { type, id: idOf(encoded) };
  if (type === 'Target') return { uid, attrs: { name: target }, parents: [] };
  const { parts, holders } = PLACES[type];
  const parents = holders.map(([holder, length]) => ({ type: holder, id: idOf(encoded.slice(0, length)) }));
  if (isRecursive(parts)) {
    for (let length = parts.least; length < path.length; length++) {
      parents.push({ type, id: idOf(encoded.slice(0, length)) });
    }
    return { uid, attrs: { target, ...recursiveAttributes(type, path, encoded) }, parents };
  }
  // What is in no namespace lies in none.
  const inNamespace = parts[0] === 'namespace' && path[0] === '';
  const attrs: Record<string, string | number> = { target };
  for (const [index, name] of parts.entries()) attrs[name] = path[index] ?? '';
  if (parts.length === 0) attrs.name = target;
  if (type === 'Endpoint') attrs.port = Number(path[1]);
  // Parts of an object are in the object.
  if (type === 'KubeObject' && path[4] !== '') parents.push({ type, id: idOf([...encoded.slice(0, 4), '']) });
  return { uid, attrs, parents: inNamespace ? parents.filter((one) => one.type !== 'Namespace') : parents };
}

function recursiveAttributes(
  type: PolicyResourceType,
  path: readonly string[],
  encoded: readonly string[],
): Record<string, string> {
  if (type === 'Program') return { name: path[0] ?? '', command: encoded.join(' ') };
  const attributes = { path: `/${encoded.join('/')}` };
  return type === 'HostPath' ? { ...attributes, name: path.at(-1) ?? '' } : attributes;
}

/** The entity of who asks. */
export function principalEntity(facts: SessionFacts): Entity {
  return {
    uid: { type: 'Subject', id: facts.subject },
    attrs: {},
    parents: facts.groups.map((id) => ({ type: 'Group', id })),
  };
}

/** The facts of an evaluation that the schema knows for an action, and of these the ones it always has. */
export interface KnownFacts {
  readonly known: readonly string[];
  readonly needed: readonly string[];
}

interface FactLimits {
  readonly factNames: number;
  readonly factBytes: number;
}

/** Why the facts of an evaluation cannot be judged, or null when they can. They name what a statement's author named. */
export function unfit(
  facts: EvaluationFacts | undefined,
  { known }: KnownFacts,
  limits: FactLimits,
): string | null {
  if (facts === undefined) return null;
  let names = 0;
  let bytes = 0;
  for (const [fact, values] of Object.entries(facts)) {
    if (values === undefined) continue;
    if (!known.includes(fact)) return `the policy schema does not know ${fact} of this action`;
    names += values.length;
    for (const value of values) {
      if (!value.isWellFormed()) return `a name in ${fact} is not well-formed Unicode`;
      bytes += Buffer.byteLength(value);
    }
  }
  if (names > limits.factNames) {
    return `${names} columns and views are over the limit factNames of ${limits.factNames}`;
  }
  return bytes > limits.factBytes
    ? `names of columns and views longer than ${limits.factBytes} bytes are over the limit factBytes`
    : null;
}

/** The context of the schema, for one evaluation whose facts are not `unfit`. */
export function contextRecord(
  session: SessionFacts,
  facts: EvaluationFacts | undefined,
  { needed }: KnownFacts,
): Record<string, string | boolean | number | string[]> {
  const { protocol, secure, person, actor, task } = session;
  // Columns, and uses of them, that nobody told could not be told.
  const columns = facts?.columns ?? (needed.includes('columns') ? ['*'] : undefined);
  const via = facts?.via ?? (needed.includes('via') ? [] : undefined);
  const roles = facts?.roles ?? (needed.includes('roles') ? ['*'] : undefined);
  return {
    protocol,
    secure,
    person,
    ...(actor === null ? {} : { actor }),
    ...(task === null ? {} : { task }),
    ...(columns === undefined ? {} : { columns: [...columns] }),
    ...(via === undefined ? {} : { via: [...via] }),
    ...(roles === undefined ? {} : { roles: [...roles] }),
  };
}

/** Everything of a session that an answer may depend on, in one order. */
export function factsOf(context: SessionContext): SessionFacts {
  const { identity, target, protocol, secure, access } = context;
  return {
    subject: identity.subject,
    groups: [...new Set(identity.groups)].sort(),
    actor: identity.actor,
    task: identity.task,
    person: identity.kind === 'person',
    target,
    protocol,
    secure,
    access,
  };
}

/** How a resource is named to people and agents: type and path, quoted, bounded, nothing a terminal would act on. */
export function describe(target: string, question: Question): string {
  const { type, path } = question.resource;
  const parts = path.length === 0 && !rooted(type) ? [target] : path;
  const joined = parts.map((part) => part.toWellFormed().replaceAll('/', '%2F')).join('/');
  const shown = joined.length > 200 ? `${joined.slice(0, 200)}…` : joined;
  return `${type} ${quote(rooted(type) ? `/${shown}` : shown)}`;
}

/** A name in quotes, with control and direction characters escaped. */
export function quote(name: string): string {
  return JSON.stringify(name).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A name without quotes around it, with the same characters escaped. */
export function plain(name: string): string {
  return quote(name).slice(1, -1).replaceAll('\\"', '"');
}

/** Whether its paths begin at a root. */
function rooted(type: PolicyResourceType): boolean {
  return type === 'Route' || type === 'HostPath' || type === 'KubeUrl';
}

function lowerAscii(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
