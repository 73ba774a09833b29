/**
 * A policy as its shape: for which actions and types it is asked, and every condition that must hold, one by one. What
 * is compared is text, so a condition that is written in another way is another condition.
 */
import type { Expr, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { Vocabulary } from './cedar-check.ts';
import { resourceEntity } from './entities.ts';
import { isRecursive, PLACES, type PolicyResourceType } from './places.ts';

export interface Shape {
  /** Pairs of action and resource type, as `select Table`. */
  readonly asked: ReadonlySet<string>;
  /** The same, less those that a condition on the type rules out. */
  readonly applies: ReadonlySet<string>;
  /** Conditions that must all hold, as text. */
  readonly conditions: ReadonlySet<string>;
  /** These, and what follows from them. */
  readonly known: ReadonlySet<string>;
  /** Why it never applies, or null where that cannot be seen. */
  readonly never: string | null;
}

/** Whether the first applies wherever the second does. */
export function covers(a: Shape, b: Shape): boolean {
  for (const condition of a.conditions) {
    if (!b.known.has(condition) && !impliedByType(condition, b)) return false;
  }
  for (const pair of b.applies) if (!a.asked.has(pair)) return false;
  return true;
}

export function shapeOf(policy: PolicyJson, vocabulary: Vocabulary): Shape {
  const parts = [...scopeOf('principal', policy.principal), ...scopeOf('resource', policy.resource)];
  for (const { kind, body } of policy.conditions) parts.push(...conjuncts(body, kind === 'when'));
  const conditions = new Set(parts.map(textOf));
  const scope = policy.resource;
  const scopeType =
    scope.op === 'is'
      ? scope.entity_type
      : scope.op === '==' && 'entity' in scope
        ? refOf(scope.entity).type
        : null;
  const asked = new Set<string>();
  const applies = new Set<string>();
  for (const action of actionsOf(policy.action, vocabulary)) {
    for (const type of vocabulary[action]?.types ?? []) {
      if (scopeType !== null && type !== scopeType) continue;
      asked.add(`${action} ${type}`);
      if (!ruledOut(type, conditions, parts)) applies.add(`${action} ${type}`);
    }
  }
  const known = new Set(conditions);
  for (const part of parts) for (const more of following(part)) known.add(textOf(more));
  return { asked, applies, conditions, known, never: neverReason(parts, conditions, applies) };
}

type Scope = PolicyJson['principal'] | PolicyJson['resource'];
interface Ref {
  readonly type: string;
  readonly id: string;
}

/** The constraint of a scope as conditions. A type alone is in the pairs already; every principal is a Subject. */
function scopeOf(variable: 'principal' | 'resource', scope: Scope): Expr[] {
  const left: Expr = { Var: variable };
  const entity = (ref: Parameters<typeof refOf>[0]): Expr => ({ Value: { __entity: refOf(ref) } });
  switch (scope.op) {
    case 'All':
      return [];
    case '==':
    case 'in':
      if (!('entity' in scope)) return [];
      return [
        scope.op === '=='
          ? { '==': { left, right: entity(scope.entity) } }
          : { in: { left, right: entity(scope.entity) } },
      ];
    case 'is':
      return scope.in !== undefined && 'entity' in scope.in
        ? [{ in: { left, right: entity(scope.in.entity) } }]
        : [];
  }
}

/** A clause as conditions that must all hold: `a && b` is two, and so is what makes `a || b` false. */
function conjuncts(expression: Expr, holds: boolean): Expr[] {
  const found: Expr[] = [];
  const open: [Expr, boolean][] = [[expression, holds]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [node, truth] = next;
    const both = truth ? part(node, '&&') : part(node, '||');
    const negated = argumentOf(node);
    if (both !== null) open.push([both.right, truth], [both.left, truth]);
    else if (negated !== null) open.push([negated, !truth]);
    else found.push(truth ? node : { '!': { arg: node } });
  }
  return found;
}

/** What also holds when this does: who is the same is in it, and what is in a thing is in all that holds that thing. */
function following(condition: Expr): Expr[] {
  const same = part(condition, '==');
  const within = part(condition, 'in');
  const { left, right } = same ?? within ?? {};
  const ref = right === undefined ? null : literalRef(right);
  if (left === undefined || ref === null) return [];
  const holders = variableOf(left) === 'resource' ? holdersOf(ref) : [];
  return [ref, ...holders].map((one): Expr => ({ in: { left, right: { Value: { __entity: one } } } }));
}

function neverReason(
  parts: readonly Expr[],
  conditions: ReadonlySet<string>,
  applies: ReadonlySet<string>,
): string | null {
  if (applies.size === 0) return 'no action of its scope is about a type that its conditions leave';
  const values = new Map<string, string>();
  for (const condition of parts) {
    if (conditions.has(textOf({ '!': { arg: condition } })))
      return 'a condition and its opposite must both hold';
    const equal = part(condition, '==');
    const [thing, value] = equal === null ? [null, null] : sides(equal.left, equal.right);
    if (thing !== null && value !== null) {
      const earlier = values.get(thing);
      if (earlier !== undefined && earlier !== value)
        return `something would have to be both ${earlier} and ${value}`;
      values.set(thing, value);
    }
    const { left, right } = equal ?? part(condition, 'in') ?? {};
    const ref = right === undefined ? null : literalRef(right);
    const problem = left === undefined || ref === null ? null : misplacedRef(variableOf(left), ref);
    if (problem !== null) return problem;
  }
  const name = values.get(textOf({ '.': { left: { Var: 'resource' }, attr: 'name' } }));
  const settings = [...applies].every((pair) => pair.endsWith(' Setting'));
  return settings && name !== undefined && /[A-Z]/.test(name)
    ? `the names of settings are lower case, and ${name} is not`
    : null;
}

/** The thing and the literal it must equal, as texts; nulls where it is not one of each. */
function sides(left: Expr, right: Expr): readonly [string | null, string | null] {
  const [a, b] = [literal(left), literal(right)];
  if (a === null && b !== null) return [textOf(left), b];
  return a !== null && b === null ? [textOf(right), a] : [null, null];
}

function misplacedRef(variable: string | null, ref: Ref): string | null {
  if (variable === 'resource') return misspelt(ref);
  return variable === 'principal' && ref.type === 'Subject' && !ref.id.includes('|')
    ? `a Subject is "<issuer name>|<sub>", and "${ref.id}" is not`
    : null;
}

/** Why no resource has this id, or null where one could. */
function misspelt({ type, id }: Ref): string | null {
  if (!isPlaced(type)) return null;
  const { parts } = PLACES[type];
  const [, ...path] = id.split('/');
  const fits = isRecursive(parts) ? path.length >= parts.least : path.length === parts.length;
  if (!fits) {
    const wanted = isRecursive(parts) ? 'a path' : `${parts.length} parts`;
    return `an id of ${type} is the target and ${wanted} below it, and "${id}" is not`;
  }
  const wrong = id.split('/').find((one) => !isEncoded(one));
  if (wrong !== undefined) return `"${wrong}" in "${id}" is not percent-encoded as ids are`;
  return type === 'Setting' && path.some((one) => /[A-Z]/.test(decodeURIComponent(one)))
    ? `the names of settings are lower case, and "${id}" is not`
    : null;
}

function isEncoded(text: string): boolean {
  try {
    return encodeURIComponent(decodeURIComponent(text)) === text;
  } catch {
    return false;
  }
}

/** Everything that holds a thing of this id. */
function holdersOf(ref: Ref): readonly Ref[] {
  const { type, id } = ref;
  if (!isPlaced(type) || misspelt(ref) !== null) return [];
  const [target = '', ...path] = id.split('/').map(decodeURIComponent);
  return resourceEntity(target, { type, path }).parents;
}

/** Whether a condition on the type leaves this one out. */
function ruledOut(type: string, conditions: ReadonlySet<string>, parts: readonly Expr[]): boolean {
  const left: Expr = { Var: 'resource' };
  if (conditions.has(textOf({ '!': { arg: { is: { left, entity_type: type } } } }))) return true;
  return parts.some((condition) => {
    if (!('is' in condition) || Array.isArray(condition.is)) return false;
    const { left: thing, entity_type: wanted } = condition.is;
    return variableOf(thing) === 'resource' && wanted !== type;
  });
}

/** Whether a condition on the type holds for everything the shape applies to. */
function impliedByType(condition: string, { applies }: Shape): boolean {
  const types = [...new Set([...applies].map((pair) => pair.slice(pair.indexOf(' ') + 1)))];
  const left: Expr = { Var: 'resource' };
  const is = (type: string): Expr => ({ is: { left, entity_type: type } });
  return (
    (types.length === 1 && condition === textOf(is(types[0] ?? ''))) ||
    Object.keys(PLACES).some(
      (type) => !types.includes(type) && condition === textOf({ '!': { arg: is(type) } }),
    )
  );
}

function actionsOf(scope: PolicyJson['action'], vocabulary: Vocabulary): readonly string[] {
  const all = Object.keys(vocabulary);
  if (scope.op === 'All') return all;
  const refs = 'entities' in scope ? scope.entities : 'entity' in scope ? [scope.entity] : [];
  const named = new Set(refs.map((ref) => refOf(ref).id));
  // A group is asked for by nobody: `==` on one is `==` on nothing.
  return all.filter(
    (action) =>
      named.has(action) ||
      (scope.op === 'in' && (vocabulary[action]?.groups ?? []).some((group) => named.has(group))),
  );
}

function part(
  node: Expr,
  operator: '&&' | '||' | '==' | 'in',
): { readonly left: Expr; readonly right: Expr } | null {
  if (!(operator in node)) return null;
  const operands = (node as Record<string, unknown>)[operator];
  return typeof operands === 'object' && operands !== null && 'left' in operands && 'right' in operands
    ? (operands as { left: Expr; right: Expr })
    : null;
}

function argumentOf(node: Expr): Expr | null {
  return '!' in node && !Array.isArray(node['!']) ? node['!'].arg : null;
}

function variableOf(node: Expr): string | null {
  return 'Var' in node && typeof node.Var === 'string' ? node.Var : null;
}

/** A string, number or truth value as text. */
function literal(node: Expr): string | null {
  if (!('Value' in node)) return null;
  return typeof node.Value === 'object' ? null : JSON.stringify(node.Value);
}

function literalRef(node: Expr): Ref | null {
  if (!('Value' in node) || typeof node.Value !== 'object' || node.Value === null) return null;
  return '__entity' in node.Value ? refOf(node.Value as Parameters<typeof refOf>[0]) : null;
}

/** One form for a reference, so that equal ones are equal text. */
function refOf(ref: { readonly __entity: Ref } | Ref): Ref {
  const { type, id } = '__entity' in ref ? ref.__entity : ref;
  return { type, id };
}

function isPlaced(type: string): type is PolicyResourceType {
  return Object.hasOwn(PLACES, type);
}

function textOf(condition: Expr): string {
  return JSON.stringify(condition);
}
