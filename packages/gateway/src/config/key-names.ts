/** Keys are snake_case in the file. Rooms may name theirs in camelCase; this is the one place that knows both. */
import { keysOf, nodeAt, type SchemaNode, type SchemaPath } from './schema-tree.ts';

/** `bodyBytes` as the file has it: `body_bytes`. */
export function fileKey(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A path of the schema as the file has it. */
export function filePath(path: SchemaPath): SchemaPath {
  return path.map((step) => (typeof step === 'string' ? fileKey(step) : step));
}

/** `targets[0].credential.username`. */
export function showPath(path: SchemaPath): string {
  const shown = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  return shown.replace(/^\./, '');
}

/** The file's values under the names the schema has for them, and the keys it has no name for, as paths of the file. */
export interface Renamed {
  readonly value: unknown;
  readonly unknown: readonly SchemaPath[];
}

export function renameKeys(root: SchemaNode, value: unknown): Renamed {
  const unknown: SchemaPath[] = [];
  const rename = (node: SchemaNode, part: unknown, path: SchemaPath): unknown => {
    if (Array.isArray(part)) {
      const items = nodeAt(node, [0]);
      return items === null ? part : part.map((one, at) => rename(items, one, [...path, at]));
    }
    if (typeof part !== 'object' || part === null) return part;
    const keys = [...keysOf(node)];
    if (keys.length === 0) return part;
    const renamed: Record<string, unknown> = {};
    for (const [key, child] of Object.entries(part)) {
      const match = keys.find(([name]) => fileKey(name) === key);
      if (match === undefined) unknown.push([...path, key]);
      else renamed[match[0]] = rename(match[1], child, [...path, key]);
    }
    return renamed;
  };
  return { value: rename(root, value, []), unknown };
}
