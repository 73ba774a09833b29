/** The configuration schema as plain data (JSON Schema), for everything that explains it: key names, errors, documentation. */
import { z } from 'zod';
import { gatewaySection } from './sections.ts';

/** The part of JSON Schema that zod writes for our sections. */
export interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  /** What every value of a mapping is whose keys are the file's own. */
  readonly additionalProperties?: SchemaNode | boolean;
  readonly oneOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
  readonly enum?: readonly (string | number | boolean | null)[];
  readonly const?: string | number | boolean;
  readonly not?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

export type SchemaPath = readonly (string | number)[];

/** The whole configuration as data. */
export function schemaTree(): SchemaNode {
  return z.toJSONSchema(gatewaySection, { io: 'input', unrepresentable: 'any' }) as SchemaNode;
}

/** A node itself, or the alternatives it stands for. */
export function alternativesOf(node: SchemaNode): readonly SchemaNode[] {
  const choices = node.oneOf ?? node.anyOf;
  return choices === undefined ? [node] : choices.flatMap(alternativesOf);
}

/** Every key an object at this node may have, over all its alternatives. */
export function keysOf(node: SchemaNode): ReadonlyMap<string, SchemaNode> {
  const keys = new Map<string, SchemaNode>();
  for (const choice of alternativesOf(node)) {
    for (const [key, child] of Object.entries(choice.properties ?? {})) {
      const other = keys.get(key);
      keys.set(key, other === undefined ? child : { anyOf: [other, child] });
    }
  }
  return keys;
}

/** Whether a key is in the schema only so that its refusal can say something better than "unknown". */
export function isRefused(node: SchemaNode): boolean {
  return node.not !== undefined;
}

/** The node a path leads to, or null where the schema does not go. */
export function nodeAt(root: SchemaNode, path: SchemaPath): SchemaNode | null {
  let node: SchemaNode | null = root;
  for (const step of path) {
    if (node === null) return null;
    node =
      typeof step === 'number'
        ? (alternativesOf(node).find((choice) => choice.items !== undefined)?.items ?? null)
        : (keysOf(node).get(step) ?? valuesOf(node));
  }
  return node;
}

/** The node of the values of a mapping whose keys are the file's own; null for any other. */
export function valuesOf(node: SchemaNode): SchemaNode | null {
  const values = node.additionalProperties;
  return typeof values === 'object' && Object.keys(values).length > 0 ? values : null;
}

/** What may stand at a node, in words: "one of postgres, http", "a whole number from 1 to 65535". */
export function allowedAt(node: SchemaNode): string {
  if (node.enum !== undefined) {
    const words = [...new Set(node.enum.map(String))];
    return words.length === 1 ? JSON.stringify(words[0]) : `one of ${words.join(', ')}`;
  }
  if (node.const !== undefined) return JSON.stringify(node.const);
  const choices = alternativesOf(node).filter((choice) => !isRefused(choice));
  if (choices.length > 1) return [...new Set(choices.map(allowedAt))].join(', or ');
  return describeType(choices[0] ?? node);
}

function describeType(node: SchemaNode): string {
  if (Array.isArray(node.type))
    return node.type.map((type: string) => describeType({ ...node, type })).join(', or ');
  switch (node.type ?? '') {
    case 'integer':
      return `a whole number${range(node.minimum, node.maximum)}`;
    case 'number':
      return `a number${range(node.minimum, node.maximum)}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return `text${length(node.minLength, node.maxLength, 'characters')}`;
    case 'array':
      return `a list${length(node.minItems, node.maxItems, 'entries')}${node.items === undefined ? '' : ` of ${allowedAt(node.items)}`}`;
    case 'object':
      return 'a mapping of keys to values';
    default:
      return 'a value';
  }
}

function range(least: number | undefined, most: number | undefined): string {
  const unbounded = most === undefined || most >= Number.MAX_SAFE_INTEGER;
  if (least !== undefined && !unbounded) return ` from ${least} to ${most}`;
  if (least !== undefined && least > Number.MIN_SAFE_INTEGER) return ` of at least ${least}`;
  return unbounded ? '' : ` of at most ${most}`;
}

function length(least: number | undefined, most: number | undefined, what: string): string {
  if (most !== undefined) return ` of ${least ?? 0} to ${most} ${what}`;
  return least === undefined || least <= 1 ? '' : ` of at least ${least} ${what}`;
}
