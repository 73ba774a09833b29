export { type Attribution, attribute } from './attribute.ts';
export {
  type BaseColumnName,
  type ColumnCatalog,
  type ColumnRole,
  type ColumnUse,
  type ColumnUses,
  NOTHING_KNOWN,
  type OutputColumn,
  type RelationCandidate,
} from './column-use.ts';
export { ColumnFacts, joined, together, withColumns } from './facts.ts';
export { Steps, TooMuchWork } from './source.ts';
export { ViewLineage, type ViewOutputs } from './view-lineage.ts';
