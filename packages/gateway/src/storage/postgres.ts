import {
  type DataTypeNode,
  type KyselyPlugin,
  OperationNodeTransformer,
  type PluginTransformResultArgs,
  type PrimitiveValueListNode,
  RawNode,
  type RootOperationNode,
  type ValueNode,
} from 'kysely';

/**
 * What PostgreSQL does otherwise than SQLite, made the same:
 * its text cannot hold U+0000, which is stored as U+FFFE and "0" (and U+FFFE as U+FFFE and "1", so nothing else reads
 * like it), and it compares text by the rules of a language unless the column says "C".
 */
export const sameAsSqlite: KyselyPlugin = {
  transformQuery: ({ node, queryId }): RootOperationNode => transformer.transformNode(node, queryId),
  transformResult: async ({ result }: PluginTransformResultArgs) => ({
    ...result,
    rows: result.rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([key, value]) => [key, withZeros(value)])),
    ),
  }),
};

class Transformer extends OperationNodeTransformer {
  protected override transformValue(node: ValueNode): ValueNode {
    return { ...node, value: withoutZeros(node.value) };
  }

  protected override transformPrimitiveValueList(node: PrimitiveValueListNode): PrimitiveValueListNode {
    return { ...node, values: node.values.map(withoutZeros) };
  }

  protected override transformDataType(node: DataTypeNode): DataTypeNode {
    if (node.dataType !== 'text') return node;
    // A raw node stands wherever a data type may.
    return RawNode.createWithSql('text collate "C"') as unknown as DataTypeNode;
  }
}

const transformer = new Transformer();

function withoutZeros(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return value.replaceAll('\uFFFE', '\uFFFE1').replaceAll('\u0000', '\uFFFE0');
}

function withZeros(value: unknown): unknown {
  if (typeof value !== 'string' || !value.includes('\uFFFE')) return value;
  return value.replaceAll('\uFFFE0', '\u0000').replaceAll('\uFFFE1', '\uFFFE');
}
