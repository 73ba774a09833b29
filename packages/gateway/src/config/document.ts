/** A YAML file whose every value knows its line and column. */
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import type { SchemaPath } from './schema-tree.ts';

export interface Position {
  /** Both 1-based. */
  readonly line: number;
  readonly column: number;
}

export interface ConfigDocument {
  /** As plain data; undefined for an empty file. */
  readonly value: unknown;
  /** What is not YAML; the rest is then only partly there. */
  readonly mistakes: readonly (Position & { readonly message: string })[];
  /** Where this path is, or where the nearest thing around it is. */
  positionOf(path: SchemaPath): Position;
}

export function readDocument(text: string): ConfigDocument {
  const lines = new LineCounter();
  // No pretty errors: they quote the line, and a line may hold a secret.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const mistakes = [...document.errors, ...document.warnings]
    .slice(0, MOST_MISTAKES)
    .map(({ pos, message }) => ({ ...at(pos[0]), message: withoutSource(message) }));
  let value: unknown;
  if (mistakes.length === 0) {
    try {
      value = document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      // An alias without its anchor, or more aliases than anyone needs.
      mistakes.push({
        ...at(0),
        message: withoutSource(error instanceof Error ? error.message : 'not YAML'),
      });
    }
  }
  return {
    value,
    mistakes,
    positionOf: (path) => at(offsetOf(document.contents, path)),
  };
}

/** A file that is no YAML at all has a mistake in every line. */
const MOST_MISTAKES = 20;

/** The parser's words without what it quotes: a value in the wrong place may be a secret. */
function withoutSource(message: string): string {
  return message.replace(/: [\s\S]*$/, '').replace(/(?<=YAML version).*$/s, '');
}

function offsetOf(root: Node | null, path: SchemaPath): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find(({ key }) => isScalar(key) && key.value === step);
      if (pair === undefined) break;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      offset = startOf(node) ?? offset;
    } else break;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return (node as Partial<Node> | null | undefined)?.range?.[0];
}
