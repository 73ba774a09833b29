export {
  type BinderLimits,
  createStatementBinder,
  DEFAULT_BINDER_LIMITS,
  type StatementBinder,
  type StatementBinderOptions,
} from './binder.ts';
export {
  type CatalogOrigin,
  type CatalogQuery,
  type CatalogRelation,
  type CatalogSnapshot,
  loadCatalog,
} from './catalog.ts';
export {
  type CatalogLimits,
  type CatalogSource,
  DEFAULT_CATALOG_LIMITS,
  type KeptCatalog,
  keepCatalog,
} from './catalog-source.ts';
export type { CopyMeaning, CopyOptions, RelationName, SessionEffect, StatementMeaning } from './meaning.ts';
export { createParser, DEFAULT_PARSER_LIMITS, type Parser, type ParserLimits } from './parser-pool.ts';
export { quotedName } from './quoted-name.ts';
export { applyEffects, initialSessionState, type SessionLimits, type SessionState } from './session-state.ts';
